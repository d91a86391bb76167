"""Production in a second control plane: an API server and etcd, which records who writes."""

import base64
import json
import secrets
from pathlib import Path
from typing import Any

from rig.control_plane import ControlPlane
from rig.kube import Kube
from support.clusters.audit import recorded
from support.kubernetes.rights import PRODUCTION, RBAC
from support.kubernetes.workloads import config_map
from support.operators.operator import DATA, World

Object = dict[str, Any]

SECRET = "production-cluster"
KEY = "kubeconfig"
ACCOUNTS = "stagingmirror-reader"
"""The namespace of the accounts by which it is read."""
IDENTITY = [
    {
        "apiGroups": [""],
        "resources": ["namespaces"],
        "resourceNames": ["kube-system"],
        "verbs": ["get"],
    }
]


class AnotherCluster:
    """Production's namespace ``space`` there, and an account that may read it."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        """``folder``: the one of ``audited``."""
        self.plane, self.kube = plane, plane.kube
        self._audit = folder
        self.account = ""
        _namespace(self.kube, ACCOUNTS)

    def namespace(self, space: str) -> None:
        """It exists, with a snapshot in it."""
        _namespace(self.kube, space)
        self.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20"}))

    def token(self, *spaces: str) -> str:
        """Of a new account, which may read these namespaces."""
        self.account = f"reader-{secrets.token_hex(3)}"
        token = self.plane.token(ACCOUNTS, self.account)
        for space in spaces:
            bind(self.kube, self.account, space, PRODUCTION)
        bind(self.kube, self.account, "kube-system", IDENTITY)
        return token

    def revoke(self) -> None:
        """The newest token is worth nothing any more."""
        self.kube.delete("v1", "ServiceAccount", self.account, ACCOUNTS)

    def give(self, world: World, token: str, environment: str) -> None:
        """Put a kubeconfig with this token into the environment's Secret."""
        give_kubeconfig(world, kubeconfig(self.plane, token), environment)

    def writes(self) -> list[str]:
        """What accounts of ours have tried to write so far: verb and path."""
        found = recorded(self._audit, f"system:serviceaccount:{ACCOUNTS}:")
        return [f"{each.verb} {each.path}" for each in found if each.is_write]

    def is_used(self) -> bool:
        """Whether the newest account of ours has watched anything."""
        name = f"system:serviceaccount:{ACCOUNTS}:{self.account}"
        return any(each.verb == "watch" for each in recorded(self._audit, name))

    def requests(self) -> int:
        """How many requests are recorded at all."""
        return len([*recorded(self._audit, "")])


def kubeconfig(plane: ControlPlane, token: str) -> str:
    authority = base64.b64encode(plane.ca_path.read_bytes()).decode()
    server = {"server": plane.server, "certificate-authority-data": authority}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": server}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        }
    )


def give_kubeconfig(world: World, text: str, environment: str) -> None:
    """As the only key of the Secret of this environment."""
    world.kube.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": f"{SECRET}-{environment}",
                "namespace": world.namespace,
                "labels": {"stagingmirror.dev/environment": environment},
            },
            "data": {KEY: base64.b64encode(text.encode()).decode()},
        }
    )


def cluster_of(environment: str) -> Object:
    """``spec.cluster`` of an environment."""
    return {"kubeconfigSecretRef": {"name": f"{SECRET}-{environment}", "key": KEY}}


def _namespace(kube: Kube, name: str) -> None:
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def bind(
    kube: Kube, account: str, space: str, rules: list[Object], *, role: str | None = None
) -> None:
    """Give an account these rights, by a Role of this name or the account's."""
    metadata = {"name": role or account, "namespace": space}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": ACCOUNTS}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": metadata["name"]}
    kube.apply(
        {"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": reference,
            "subjects": [subject],
        },
    )
