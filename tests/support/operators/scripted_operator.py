"""A user with a kubeconfig and few rights, mirrors, and an operator that the test scripts.

Statuses and the Lease are written by the test, so that every state of an operator is possible:
alive, slow, dead, never there.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.api.types.times import rfc3339
from support.operators.rigs import make_namespace
from support.resources.definitions import install
from support.resources.resources import Object, mirror
from support.resources.statuses import status

LEASES = "coordination.k8s.io/v1"
SCHEDULE = {"schedule": "0 6 * * 1-5", "timeZone": "Europe/Berlin"}


@dataclass(frozen=True)
class Output:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class ScriptedOperator:
    """A namespace of mirrors, one of an operator, and a user with few rights."""

    kube: Kube
    namespace: str
    operator: str
    kubeconfig: Path

    def run(self, *arguments: str, **environment: str) -> Output:
        begun = subprocess.run(
            [
                *(sys.executable, "-m", "stagingmirror", *arguments, "-n", self.namespace),
                *("--kubeconfig", str(self.kubeconfig), "--operator-namespace", self.operator),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "COLUMNS": "200", "USER": "runner", **environment},
            check=False,
        )
        return Output(begun.returncode, begun.stdout, begun.stderr)

    def settle(self, age: float | None = 0.0) -> None:
        """Write the leader's Lease, settled ``age`` seconds ago; None: it never settled."""
        annotations = (
            {} if age is None else {"stagingmirror.dev/settled-at": rfc3339(time.time() - age)}
        )
        lease = {
            "apiVersion": LEASES,
            "kind": "Lease",
            "metadata": {
                "name": "stagingmirror",
                "namespace": self.operator,
                "annotations": annotations,
            },
        }
        self.kube.apply(lease)

    def mirror(
        self, name: str, *components: Object, extra: Object | None = None, **spec: Any
    ) -> None:
        self.kube.create(mirror(name, self.namespace, **spec))
        self.emit(name, status(*components, now=time.time(), **(extra or {})))

    def emit(self, name: str, what: Object) -> None:
        patch = {"status": what}
        self.kube.patch(
            API_VERSION, "StagingMirror", name, self.namespace, patch, subresource="status"
        )

    def get(self, name: str) -> Object:
        return self.kube.get(API_VERSION, "StagingMirror", name, self.namespace)


RIGHTS = [
    {
        "apiGroups": ["stagingmirror.dev"],
        "resources": ["stagingmirrors"],
        "verbs": ["get", "list", "patch"],
    },
    {
        "apiGroups": ["stagingmirror.dev"],
        "resources": ["mirrorholds"],
        "verbs": ["get", "list", "create", "delete"],
    },
]


def allow(kube: Kube, namespace: str, rules: list[Object], account: str, home: str) -> None:
    rbac = "rbac.authorization.k8s.io"
    place = {"name": f"{account}-here", "namespace": namespace}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": home}
    role = {"apiGroup": rbac, "kind": "Role", "name": place["name"]}
    kube.create({"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": place, "rules": rules})
    kube.create(
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": place,
            "roleRef": role,
            "subjects": [subject],
        }
    )


LEASE_RULE = {
    "apiGroups": ["coordination.k8s.io"],
    "resources": ["leases"],
    "resourceNames": ["stagingmirror"],
    "verbs": ["get"],
}


@contextmanager
def scripted_operator(control_plane: ControlPlane) -> Iterator[ScriptedOperator]:
    """Namespaces of its own, and a Lease that was just renewed; deleted with the block."""
    kube = control_plane.kube
    install(kube)
    here, operator = make_namespace(kube, "cli"), make_namespace(kube, "operator")
    kubeconfig = control_plane.service_account(here, "runner")
    allow(kube, here, RIGHTS, "runner", here)
    allow(kube, operator, [LEASE_RULE], "runner", here)
    made = ScriptedOperator(kube, here, operator, kubeconfig)
    made.settle()
    yield made
    for name in (here, operator):
        kube.delete("v1", "Namespace", name)


@contextmanager
def operator_that(act: Callable[[], object]) -> Iterator[None]:
    """Repeats this beside the command, as an operator would."""
    over, trouble = threading.Event(), []

    def work() -> None:
        while not over.wait(0.1):
            try:
                act()
            except Exception as error:  # noqa: BLE001 - carried to the test's own thread
                trouble.append(error)
                return

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join(timeout=30)
    assert not trouble, trouble


def echoing(scripted: ScriptedOperator, name: str, *components: Object) -> Callable[[], None]:
    """Answers a check token with these components."""

    def act() -> None:
        seen = scripted.get(name)
        token = (seen["metadata"].get("annotations") or {}).get("stagingmirror.dev/check-at")
        if token and seen["status"].get("handledCheckAt") != token:
            scripted.emit(name, status(*components, now=time.time(), handledCheckAt=token))

    return act
