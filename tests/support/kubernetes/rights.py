"""What the chart gives the operator's account, and nothing more: `test_chart` compares them."""

from collections.abc import Sequence
from typing import Any

from rig.kube import Kube
from stagingmirror.api.types.base import API_VERSION, INSTALLATION

Object = dict[str, Any]

ACCOUNT = "stagingmirror"
READ = ["get", "list", "watch"]
READING = [
    {
        "apiGroups": ["apps"],
        "resources": ["deployments", "statefulsets", "daemonsets", "replicasets"],
    },
    {"apiGroups": ["argoproj.io"], "resources": ["rollouts"]},
    {"apiGroups": ["serving.kserve.io"], "resources": ["inferenceservices"]},
    {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"]},
    {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"]},
    {"apiGroups": ["keda.sh"], "resources": ["scaledobjects"]},
    {"apiGroups": [""], "resources": ["pods", "configmaps"]},
]
NODES: list[Object] = [{"apiGroups": [""], "resources": ["nodes"], "verbs": READ}]
"""With ``nodes.read``, on the whole cluster."""
RBAC = "rbac.authorization.k8s.io/v1"

PRODUCTION: list[Object] = [{**rule, "verbs": READ} for rule in READING]
STAGING: list[Object] = [
    *PRODUCTION,
    {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": ["patch"]},
    {"apiGroups": ["argoproj.io"], "resources": ["rollouts"], "verbs": ["patch"]},
    {"apiGroups": ["serving.kserve.io"], "resources": ["inferenceservices"], "verbs": ["patch"]},
    {"apiGroups": ["batch"], "resources": ["cronjobs"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["patch"]},
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "patch", "delete"]},
]
MASKING: list[Object] = [
    {"apiGroups": ["batch"], "resources": ["cronjobs"], "verbs": ["get"]},
    {
        "apiGroups": ["batch"],
        "resources": ["jobs"],
        "verbs": ["get", "list", "create", "patch", "delete"],
    },
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
]
OWN: list[Object] = [
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": ["stagingmirror"],
        "verbs": ["get", "update"],
    },
    {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "verbs": ["get", "list", "create", "update", "patch", "delete"],
    },
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "create"]},
]


def everywhere(release: str) -> list[Object]:
    """On the whole cluster, for a release of this name."""
    return [
        {
            "apiGroups": ["stagingmirror.dev"],
            "resources": ["stagingmirrors", "mirrorenvironments", "mirrorholds"],
            "verbs": READ,
        },
        {
            "apiGroups": ["stagingmirror.dev"],
            "resources": [
                "stagingmirrors/status",
                "mirrorenvironments/status",
                "mirrorholds/status",
            ],
            "verbs": ["update"],
        },
        {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create"]},
        {
            "apiGroups": ["stagingmirror.dev"],
            "resources": ["mirrorinstallations"],
            "verbs": ["create"],
        },
        {
            "apiGroups": ["stagingmirror.dev"],
            "resources": ["mirrorinstallations"],
            "resourceNames": ["stagingmirror"],
            "verbs": ["get"],
        },
        {
            "apiGroups": ["rbac.authorization.k8s.io"],
            "resources": ["clusterroles"],
            "resourceNames": [release],
            "verbs": ["get"],
        },
        {
            "apiGroups": [""],
            "resources": ["namespaces"],
            "resourceNames": ["kube-system"],
            "verbs": ["get"],
        },
    ]


def grant(kube: Kube, *, operator: str, production: str, staging: str) -> None:
    """Rights for the operator that lives in this namespace."""
    bind_everywhere(kube, operator)
    bind(kube, operator, production, PRODUCTION)
    bind(kube, operator, staging, STAGING)
    bind(kube, operator, operator, OWN)


def bind(kube: Kube, operator: str, namespace: str, rules: list[Object]) -> None:
    """Give the operator's account these rights in a namespace, instead of what it had there."""
    metadata = {"name": ACCOUNT, "namespace": namespace}
    kube.apply(
        {
            "apiVersion": RBAC,
            "kind": "Role",
            "metadata": metadata,
            "rules": rules,
        },
        {
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": ACCOUNT,
            },
            "subjects": [_account(operator)],
        },
    )


def forget(kube: Kube, *, operator: str) -> None:
    """Take back what is not in a namespace, the claim to the cluster included."""
    claim = kube.find(API_VERSION, "MirrorInstallation", INSTALLATION)
    if claim is not None and claim["spec"]["namespace"] == operator:
        kube.delete(API_VERSION, "MirrorInstallation", INSTALLATION)
    for kind in ("ClusterRoleBinding", "ClusterRole"):
        kube.delete(RBAC, kind, operator)


def bind_everywhere(kube: Kube, operator: str, *, also: Sequence[Object] = ()) -> None:
    """Give the operator's account what it has on the whole cluster, and ``also`` that; its release
    has the name of its namespace.
    """
    metadata = {"name": operator}
    kube.apply(
        {
            "apiVersion": RBAC,
            "kind": "ClusterRole",
            "metadata": metadata,
            "rules": [*everywhere(operator), *also],
        },
        {
            "apiVersion": RBAC,
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": operator,
            },
            "subjects": [_account(operator)],
        },
    )


def _account(operator: str) -> Object:
    return {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": operator}
