"""The real operator as a process: its own ServiceAccount, the rights that the chart gives it.

    world = World(control_plane)              # namespaces, environments, rights
    with world.operator() as operator: ...    # started; ends in order with the block

``World`` names what a test arranges (``world.production`` and ``world.staging`` are namespaces) and
what it looks at (``world.status("fraud")``).
"""

import json
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rig.control_plane import ControlPlane
from rig.kube import Kube, Refused
from rig.python.preloaded import Forked, preloaded
from rig.run import Process, until
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.api.types.times import posix
from stagingmirror.engine.leader.lease import SETTLED_AT
from support.kubernetes.rights import ACCOUNT, forget, grant
from support.kubernetes.workloads import config_map
from support.operators.rigs import make_namespace
from support.resources import resources
from support.resources.definitions import install

Object = dict[str, Any]


DATA = "training-data"
"""A component and the ConfigMap that it tracks."""


class OperatorProcess:
    """One ``stagingmirror run``. A context manager; ``log`` is what it has said so far."""

    def __init__(
        self,
        control_plane: ControlPlane,
        namespace: str,
        kubeconfig: Path,
        *options: str,
        program: Sequence[str] = (),
    ) -> None:
        """``program``: a module that runs it, and its own arguments; without, it is forked from one
        that is loaded already.
        """
        self.identity = f"operator-{secrets.token_hex(3)}"
        arguments = [
            "run",
            f"--namespace={namespace}",
            f"--identity={self.identity}",
            f"--release={namespace}",
            f"--kubeconfig={kubeconfig}",
            "--metrics-port=0",
            # Everything in a test goes by one clock.
            "--clock-margin=0",
            *options,
        ]
        run = control_plane.run_of
        self._log = run.folder / f"{self.identity}.log"
        self._process: Process | Forked
        if program:
            command = [sys.executable, "-m", *program, *arguments]
            self._process = run.start(self.identity, command)
        else:
            loaded = preloaded(run, "stagingmirror.__main__", "stagingmirror.cli.operator.run")
            self._process = loaded.start(arguments, self._log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.resume()
        self.stop()
        if error is not None:
            sys.stderr.write(self.log[-8000:])

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def lines(self) -> list[Object]:
        """Its log as objects."""
        found = []
        for line in self.log.splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
        return found

    @property
    def running(self) -> bool:
        return self._process.running

    @property
    def pid(self) -> int:
        return self._process.pid

    def until(self, said: str, *, within: float = 40) -> None:
        """Wait until its log holds this."""
        until(lambda: said in self.log, within=within, what=f"the operator has not said {said!r}")

    def until_leading(self, *, within: float = 60) -> None:
        self.until('"leading"', within=within)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of ``/metrics``, ``/livez`` or ``/readyz``."""
        started = next(line for line in self.lines() if line.get("event") == "started")
        address = f"http://127.0.0.1:{started['metrics_port']}{path}"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self) -> None:
        """SIGTERM, and wait."""
        self._process.end(grace=15)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.end(grace=0)

    def pause(self) -> None:
        self._process.pause()

    def resume(self) -> None:
        self._process.resume()


class World:
    """A production and a staging namespace with environments, and the operator's own namespace."""

    def __init__(
        self, control_plane: ControlPlane, *, mlflow: Mapping[str, Any] | None = None
    ) -> None:
        """``mlflow``: by role, what ``spec.mlflow`` of its environment is."""
        self.control_plane = control_plane
        self.kube: Kube = control_plane.kube
        install(self.kube)
        mark = secrets.token_hex(3)
        self.environments = {role: f"{role}-{mark}" for role in ("production", "staging")}
        spaces = [make_namespace(self.kube, each) for each in ("prod", "staging", "operator")]
        self.production, self.staging, self.namespace = spaces
        self.kubeconfig = control_plane.service_account(self.namespace, ACCOUNT)
        grant(self.kube, operator=self.namespace, production=self.production, staging=self.staging)
        for role, space in (("production", self.production), ("staging", self.staging)):
            server = (mlflow or {}).get(role)
            self.environment(role, space, **({"mlflow": server} if server else {}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # The namespace controller takes its time; until then the next world's operator sees these.
        for kind in ("MirrorHold", "StagingMirror"):
            for body in self.kube.list(API_VERSION, kind, self.staging):
                with suppress(Refused):
                    self.kube.delete(API_VERSION, kind, body["metadata"]["name"], self.staging)
        for name in self.environments.values():
            with suppress(Refused):
                self.kube.delete(API_VERSION, "MirrorEnvironment", name)
        for space in (self.production, self.staging, self.namespace):
            self.kube.delete("v1", "Namespace", space)
        forget(self.kube, operator=self.namespace)

    def operator(self, *options: str, program: Sequence[str] = ()) -> OperatorProcess:
        """Start one, with these options of ``run``; there may be several. ``program``: see
        ``OperatorProcess``.
        """
        return OperatorProcess(
            self.control_plane, self.namespace, self.kubeconfig, *options, program=program
        )

    def environment(self, role: str, space: str, **spec: Any) -> Object:
        """Make, or change, the environment of this role."""
        whole = {
            "usableFrom": [self.staging],
            "namespaces": [space],
            "minCheckInterval": "1s",
        } | spec
        body = resources.environment(self.environments[role], role.capitalize(), **whole)
        return self.kube.apply(body, manager="test")[0]

    def mirror(self, name: str = "fraud", **spec: Any) -> Object:
        """Make a mirror from production to staging; ``spec`` replaces whole fields."""
        return self.kube.create(self.mirror_body(name, **spec))

    def mirror_body(self, name: str = "fraud", **spec: Any) -> Object:
        whole = {
            "production": {
                "environment": self.environments["production"],
                "namespace": self.production,
            },
            "staging": {"environment": self.environments["staging"]},
            "checkInterval": "5s",
            "staleAfter": "60s",
        } | spec
        return resources.mirror(name, self.staging, **whole)

    def read(self, name: str = "fraud") -> Object:
        return self.kube.get(API_VERSION, "StagingMirror", name, self.staging)

    def status(self, name: str = "fraud") -> Object:
        return dict(self.read(name).get("status") or {})

    def change(self, patch: Object, name: str = "fraud") -> Object:
        """A merge patch of the mirror."""
        return self.kube.patch(API_VERSION, "StagingMirror", name, self.staging, patch)

    def until(
        self,
        condition: Callable[[Object], object],
        name: str = "fraud",
        *,
        within: float = 40,
        what: str = "the status does not become what it should",
    ) -> Object:
        """Wait until the status fulfils the condition, and return it."""
        try:
            until(lambda: bool(condition(self.status(name))), within=within, what=what, every=0.02)
        except Exception as error:
            error.add_note(json.dumps(self.status(name), indent=1)[:6000])
            raise
        return self.status(name)

    def settled_at(self) -> float:
        """As of when the leader's Lease says that every status was true (POSIX s); 0: never."""
        lease = self.kube.get("coordination.k8s.io/v1", "Lease", "stagingmirror", self.namespace)
        text = lease["metadata"].get("annotations", {}).get(SETTLED_AT)
        return posix(text) if text else 0.0

    def until_settled(self, *, within: float = 40) -> None:
        """Wait until every status was true at a moment after this call."""
        now = time.time()
        until(lambda: self.settled_at() > now, within=within, what="settled-at stands still")

    def until_sync(self, sync: str, name: str = "fraud", *, within: float = 40) -> Object:
        """Wait until ``status.sync`` is this, for the spec as it is now."""
        generation = self.read(name)["metadata"]["generation"]
        return self.until(
            lambda status: (
                status.get("sync") == sync and status.get("observedGeneration") == generation
            ),
            name,
            within=within,
            what=f"{name} does not become {sync}",
        )


@contextmanager
def a_running_world(control_plane: ControlPlane) -> Iterator[World]:
    """One with a ConfigMap ``training-data`` that is alike on both sides, and its operator."""
    with World(control_plane) as world:
        for space in (world.production, world.staging):
            world.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20"}))
        with world.operator() as operator:
            operator.until_leading()
            yield world


def emptied(world: World) -> None:
    """Delete all mirrors and holds, and make both sides alike again."""
    for kind in ("StagingMirror", "MirrorHold"):
        for body in world.kube.list(API_VERSION, kind, world.staging):
            world.kube.delete(API_VERSION, kind, body["metadata"]["name"], world.staging)
    snapshot(world, "2026-11-20")


def snapshot(world: World, value: str, space: str | None = None) -> None:
    """Set the tracked value; in production unless said otherwise."""
    where = space or world.production
    world.kube.patch("v1", "ConfigMap", DATA, where, {"data": {"snapshot": value}})


def until_stalled(world: World, reason: str, name: str = "fraud") -> Object:
    return world.until(
        lambda status: condition(status, "Stalled").get("reason") == reason,
        name,
        what=f"{name} is not Stalled({reason})",
    )


def condition(status: Object, type_: str) -> Object:
    """The condition of this type, or an empty one."""
    found = (each for each in status.get("conditions") or () if each["type"] == type_)
    return next(found, {})
