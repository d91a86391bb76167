"""`python -m rig`: a Kubernetes to play with, from source, on this machine."""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from rig import keeper
from rig.catalogue import EVERYTHING, LEVELS
from rig.cluster import system
from rig.endpoints.feast_server import feast_registries
from rig.endpoints.vectors import vectors_program
from rig.programs import RigError, build, program
from rig.python.environment import ENVIRONMENTS
from rig.run import state_home, sweep_abandoned
from rig.stores import opensearch_program

_DESCRIPTION = "A real Kubernetes for tests and for people, built from source and run as processes."


def main() -> int:
    """The exit code; an error is one message, not a traceback."""
    arguments = _parser().parse_args()
    runs = state_home() / "runs"
    runs.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep_abandoned(runs)
    commands = {"up": _up, "down": _down, "status": _status, "shell": _shell, "build": _build}
    try:
        return commands[arguments.command](arguments)
    except RigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rig", description=_DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in {
        "up": "start a rig that stays up",
        "down": "stop it; nothing is left",
        "status": "list the rigs that are up",
        "shell": "a shell with KUBECONFIG and kubectl of a rig that is up",
        "build": "only build the programs that the tests need, as far as this machine runs them",
    }.items():
        command = commands.add_parser(name, help=what, description=what)
        if name in ("up", "down", "shell"):
            command.add_argument("--name", default="rig", type=_name, help="default: rig")
        if name == "up":
            command.add_argument(
                "--level",
                choices=sorted(LEVELS),
                default="cluster",
                help="cluster (default) runs pods and needs root on Linux; control-plane does not",
            )
        if name == "down":
            command.add_argument("--all", action="store_true", help="every rig that is up")
    return parser


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?", text):
        raise argparse.ArgumentTypeError("lower case letters, digits and dashes, at most 20")
    return text


def _up(arguments: argparse.Namespace) -> int:
    name, level = arguments.name, arguments.level
    if found := keeper.find(name):
        raise RigError(
            f"{name} is up already ({found.level}); stop it with: {_again('down', name)}"
        )
    if level == "cluster" and (why_not := system.impediment()):
        raise RigError(f"{why_not}. Without it: {_again('up', name)} --level control-plane")
    if level == "cluster":
        system.provide()
    build(LEVELS[level])  # in the foreground, so that Ctrl-C stops it
    process = keeper.start(name, level)
    try:
        _follow(name, process)
    except BaseException:
        keeper.give_up(name, process)
        raise
    ready = keeper.find(name)
    assert ready
    print(f"{level} {name} is ready\n\n  export KUBECONFIG={ready.kubeconfig}\n")
    if ready.network:
        print(f"its network:     nsenter --net={ready.network} curl …")
    print(f"a shell in it:   {_again('shell', name)}\nstop it:         {_again('down', name)}")
    return 0


def _follow(name: str, process: subprocess.Popen[bytes]) -> None:
    """Pass on what the keeper says until the rig is ready."""
    print(f"starting {name} …", file=sys.stderr)
    with keeper.log_of(name).open() as log:
        while not ((kept := keeper.find(name)) and kept.kubeconfig):
            ended = process.poll() is not None
            sys.stderr.write(log.read())
            if ended:
                raise RigError(f"{name} did not start")
            time.sleep(0.1)


def _down(arguments: argparse.Namespace) -> int:
    found = keeper.everything() if arguments.all else [keeper.find(arguments.name)]
    for kept in found:
        if kept:
            keeper.stop(kept)
            print(f"{kept.name} is down")
    if not any(found):
        print("nothing is up" if arguments.all else f"{arguments.name} is not up")
    return 0


def _status(_arguments: argparse.Namespace) -> int:
    found = keeper.everything()
    for kept in found:
        state = f"KUBECONFIG={kept.kubeconfig}" if kept.kubeconfig else "starting"
        print(f"{kept.name}  {kept.level}  {state}")
    if not found:
        print("nothing is up; start one with: python -m rig up")
    return 0


def _shell(arguments: argparse.Namespace) -> int:
    kept = keeper.find(arguments.name)
    if not kept or not kept.kubeconfig:
        raise RigError(f"{arguments.name} is not up; start it with: {_again('up', arguments.name)}")
    path = f"{program('kubectl').parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"KUBECONFIG": kept.kubeconfig, "PATH": path}
    shell = os.environ.get("SHELL", "/bin/sh")
    print(f"KUBECONFIG={kept.kubeconfig}; leave with exit, the rig stays up", file=sys.stderr)
    return subprocess.run([shell], env=environment, check=False).returncode


def _build(_arguments: argparse.Namespace) -> int:
    for each in ENVIRONMENTS:
        if lacking := each.impediment():
            print(f"{lacking}; its tests are skipped", file=sys.stderr)
        else:
            each.python()
    feast_registries()
    vectors_program()
    why_not = system.impediment()
    if why_not:
        print(f"{why_not}; what needs no more is built all the same", file=sys.stderr)
        build((*LEVELS["control-plane"], "helm", "promtool"))
    else:
        system.provide()
        build(EVERYTHING)
    if lacking := opensearch_program.impediment():
        print(f"{lacking}; its tests are skipped", file=sys.stderr)
    else:
        opensearch_program.opensearch_home()
    return 0


def _again(command: str, name: str) -> str:
    return f"python -m rig {command}" + ("" if name == "rig" else f" --name {name}")


if __name__ == "__main__":
    sys.exit(main())
