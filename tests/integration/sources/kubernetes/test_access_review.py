"""What our identity may do, as a real API server says."""

from pathlib import Path
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.watch.access_review import (
    READS,
    Permission,
    denial,
    may_write,
    missing_permissions,
)
from support.operators.rigs import make_namespace

pytestmark = pytest.mark.integration
RBAC = "rbac.authorization.k8s.io"


async def asked(kubeconfig: Path) -> KubernetesClient:
    return await KubernetesClient.connect(kubeconfig=str(kubeconfig), timeout=5)


def grant(kube: Kube, namespace: str, account: str, **rule: Any) -> None:
    metadata = {"name": account, "namespace": namespace}
    who = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    kube.apply(
        {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]},
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": account},
            "subjects": [who],
        },
    )


@pytest.mark.parametrize(
    ("verbs", "groups", "resources", "names", "writes"),
    [
        (["get", "list", "watch"], ["apps"], ["*"], [], False),
        (["get", "list", "watch"], [""], ["pods", "pods/log", "configmaps", "secrets"], [], False),
        (["list", "watch"], [""], ["*"], [], False),
        (["get"], ["apps", ""], ["*"], [], True),
        (["get"], [""], ["pods/exec"], [], True),
        (["get"], ["*"], ["pods/attach"], [], True),
        (["patch"], ["apps"], ["deployments"], [], True),
        (["patch"], ["apps"], ["deployments"], ["only-this-one"], True),
        (["update"], [""], ["configmaps"], [], True),
        (["create"], ["batch"], ["jobs"], [], True),
        (["create"], [""], ["pods/exec"], [], True),
        (["*"], ["batch"], ["jobs"], [], True),
        (["delete"], ["*"], ["*"], [], True),
    ],
)
async def test_any_verb_that_changes_anything_is_a_right_to_write(
    control_plane: ControlPlane,
    kube: Kube,
    namespace: str,
    verbs: list[str],
    groups: list[str],
    resources: list[str],
    names: list[str],
    writes: bool,
) -> None:
    account = control_plane.service_account(namespace, "reader")
    grant(
        kube,
        namespace,
        "reader",
        verbs=verbs,
        apiGroups=groups,
        resources=resources,
        resourceNames=names,
    )
    async with await asked(account) as client:
        assert await may_write(client, namespace) is writes


async def test_a_right_to_write_elsewhere_is_none_here(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    other = make_namespace(kube)
    account = control_plane.service_account(namespace, "writer")
    grant(kube, namespace, "writer", verbs=["*"], apiGroups=["*"], resources=["*"])
    async with await asked(account) as client:
        assert await may_write(client, namespace) is True
        assert await may_write(client, other) is False
    kube.delete("v1", "Namespace", other)


async def test_the_administrator_may_write(control_plane: ControlPlane, namespace: str) -> None:
    async with await asked(control_plane.kubeconfig) as client:
        assert await may_write(client, namespace) is True


async def test_missing_permissions_are_named_with_verb_resource_and_namespace(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    account = control_plane.service_account(namespace, "reader")
    grant(
        kube,
        namespace,
        "reader",
        verbs=["get", "list", "watch"],
        apiGroups=["apps", "batch"],
        resources=["*"],
    )
    grant_of_logs = Permission("get", "", "pods/log")
    async with await asked(account) as client:
        missing = await missing_permissions(client, namespace, (*READS, grant_of_logs))

    assert {permission.resource for permission in missing} == {"pods", "configmaps", "pods/log"}
    said = denial(missing, namespace)
    assert "list configmaps" in said
    assert namespace in said
