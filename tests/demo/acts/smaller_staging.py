"""Staging serves with half of production's batch size: same model, same image. It is seen, and
accepted with a reason and an end.
"""

import json
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from demo.demo_cluster import EXAMPLES, STAGING, DemoCluster
from demo.expectations import differs, sync
from demo.narrator import Narrator

COMPONENT, FACT = "serving", "server.arguments.--batch-size"
SERVER = "fraud-server"
FILE = EXAMPLES / "serving.yaml"
REASON = "staging has half of production's memory"
PRODUCTIONS, HALF = "--batch-size=64", "--batch-size=32"
SOON, A_ROLLOUT = 30.0, 120.0
Run = Callable[..., str]


def run(demo: DemoCluster, narrator: Narrator, command: Run) -> None:
    """``command``: runs a command as `kubectl stagingmirror`, checks its exit code and shows it."""
    narrator.act("Staging serves with half the batch size")
    narrator.command(
        f"kubectl apply -f examples/{FILE.name}", demo.kubectl("apply", "-f", str(FILE))
    )
    narrator.until("both sides serve alike", demo.status, _judged("InSync"), within=SOON)
    _serve_with(demo, narrator, HALF)
    narrator.until("seen", demo.status, differs(COMPONENT, FACT), within=SOON)
    named = command("diff", "fraud", COMPONENT)
    narrator.expect("and named", holds=FACT in named and "32" in named, found=named)
    _accepted(demo, narrator, command)
    _serve_with(demo, narrator, PRODUCTIONS)
    narrator.until("in sync again", demo.status, _judged("InSync"), within=SOON)


def _accepted(demo: DemoCluster, narrator: Narrator, command: Run) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    next_year, yesterday = (f"{today + timedelta(days=days):%Y-%m-%d}" for days in (365, -1))
    printed = command("accept", "fraud", COMPONENT, "--until", next_year, "--reason", REASON)
    over = printed.replace(next_year, yesterday)
    narrator.line(f"Had it been accepted until yesterday, {yesterday}:")
    _with(demo, narrator, over)
    narrator.until("it is drift", demo.status, _ended(yesterday), within=SOON)
    narrator.line(f"Accepted until {next_year}:")
    _with(demo, narrator, printed)
    narrator.until("it is accepted", demo.status, _judged("Accepted"), within=SOON)
    command("check", "fraud")
    shown = command("status", "fraud")
    narrator.expect("and the reason is shown", holds=REASON in shown, found=shown)


def _with(demo: DemoCluster, narrator: Narrator, entries: str) -> None:
    """Apply the mirror with these entries of spec.accept."""
    mirror = yaml.safe_load(FILE.read_text())
    mirror["spec"] |= yaml.safe_load(entries)
    applied = demo.within(STAGING, "apply", "-f", "-", given=json.dumps(mirror))
    narrator.command(f"kubectl apply -f {FILE.name}    # with these entries", applied)


def _serve_with(demo: DemoCluster, narrator: Narrator, argument: str) -> None:
    place = "/spec/template/spec/containers/0/args"
    patch = json.dumps([{"op": "replace", "path": place, "value": [argument]}])
    words = ("patch", "deployment", SERVER, "--type=json", "-p", patch)
    patched = demo.within(STAGING, *words)
    narrator.command(f"kubectl -n {STAGING} {shlex.join(words)}", patched)
    demo.rolled_out(STAGING, SERVER)


def _component(status: dict[str, Any]) -> dict[str, Any]:
    found = (each for each in status.get("components", []) if each["name"] == COMPONENT)
    return next(found, {})


def _judged(verdict: str) -> Callable[[dict[str, Any]], bool]:
    """Every component is in sync, and this one is as wanted."""
    return lambda status: sync("InSync")(status) and _component(status).get("verdict") == verdict


def _ended(day: str) -> Callable[[dict[str, Any]], bool]:
    def ended(status: dict[str, Any]) -> bool:
        component = _component(status)
        return component.get("verdict") == "Drifted" and day in component.get("message", "")

    return ended
