"""What the chart gives the operator's account, and nothing more."""

from typing import Any

from rig.kube import Kube

Object = dict[str, Any]

ACCOUNT = "stagingmirror"
READ = ["get", "list", "watch"]
READING = [
    {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "replicasets"]},
    {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"]},
    {"apiGroups": [""], "resources": ["pods", "configmaps"]},
]
RBAC = "rbac.authorization.k8s.io/v1"


def grant(kube: Kube, *, operator: str, production: str, staging: str) -> None:
    """Rights for the operator that lives in this namespace."""
    _bind_everywhere(
        kube,
        operator,
        [
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
                "verbs": ["get", "update", "patch"],
            },
            {
                "apiGroups": ["", "events.k8s.io"],
                "resources": ["events"],
                "verbs": ["create", "patch"],
            },
        ],
    )
    reading = [{**rule, "verbs": READ} for rule in READING]
    bind(kube, operator, production, reading)
    writing = [
        {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"]},
        {"apiGroups": ["batch"], "resources": ["cronjobs"]},
        {"apiGroups": [""], "resources": ["configmaps"]},
    ]
    bind(
        kube,
        operator,
        staging,
        [
            *reading,
            *({**rule, "verbs": ["patch", "update"]} for rule in writing),
            {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "delete"]},
        ],
    )
    bind(
        kube,
        operator,
        operator,
        [
            {
                "apiGroups": ["coordination.k8s.io"],
                "resources": ["leases"],
                "verbs": ["get", "create", "update", "patch"],
            },
            {
                "apiGroups": [""],
                "resources": ["configmaps"],
                "verbs": [*READ, "create", "update", "patch", "delete"],
            },
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "create"]},
        ],
    )


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
    """Take back what is not in a namespace."""
    for kind in ("ClusterRoleBinding", "ClusterRole"):
        kube.delete(RBAC, kind, operator)


def _bind_everywhere(kube: Kube, operator: str, rules: list[Object]) -> None:
    metadata = {"name": operator}
    kube.apply(
        {
            "apiVersion": RBAC,
            "kind": "ClusterRole",
            "metadata": metadata,
            "rules": rules,
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
