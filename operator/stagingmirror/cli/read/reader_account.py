"""What another cluster needs so that it can be read, and what leads there: Kubernetes objects."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from stagingmirror.api.types.base import GROUP
from stagingmirror.sources.kubernetes.api.kubeconfig import Address
from stagingmirror.sources.kubernetes.clusters.identity import NAMESPACE
from stagingmirror.sources.kubernetes.watch.access_review import ALL_READS

Object = dict[str, Any]

RBAC = "rbac.authorization.k8s.io"
KEY = "kubeconfig"
# Stands for a token that is not there yet.
PLACEHOLDER = "TOKEN"


@dataclass(frozen=True, slots=True)
class ReaderAccount:
    """A ServiceAccount that may read ``namespaces``; it lives in the first of them. Its rights in
    others carry the name of that one too: an account of the same name elsewhere keeps its own.
    """

    name: str
    namespaces: tuple[str, ...]

    @property
    def home(self) -> str:
        return self.namespaces[0]

    def objects(self) -> list[Object]:
        """In the order in which they are created."""
        annotations = {"kubernetes.io/service-account.name": self.name}
        found: list[Object] = [
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": self._metadata(self.home)},
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "kubernetes.io/service-account-token",
                "metadata": {**self._metadata(self.home), "annotations": annotations},
            },
        ]
        for namespace in self.namespaces:
            found += self._rights(namespace, _reading())
        return found + self._rights(NAMESPACE, [_IDENTITY])

    def _rights(self, namespace: str, rules: list[Object]) -> list[Object]:
        name = self.name if namespace == self.home else f"{self.name}:{self.home}"
        metadata = {"name": name, "namespace": namespace}
        return [
            {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
            {
                "apiVersion": f"{RBAC}/v1",
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": self.name, "namespace": self.home}],
            },
        ]

    def _metadata(self, namespace: str) -> Object:
        return {"name": self.name, "namespace": namespace}


_IDENTITY: Object = {
    "apiGroups": [""],
    "resources": ["namespaces"],
    "resourceNames": [NAMESPACE],
    "verbs": ["get"],
}


def kubeconfig(address: Address, authorities: str, token: str) -> str:
    """As the operator takes it. ``authorities``: base64 of PEM."""
    cluster = {
        "server": address.server,
        "certificate-authority-data": authorities,
        "tls-server-name": address.tls_server_name,
        "proxy-url": address.proxy,
    }
    whole = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "cluster", "cluster": {k: v for k, v in cluster.items() if v is not None}}
        ],
        "users": [{"name": "reader", "user": {"token": token}}],
        "contexts": [{"name": "cluster", "context": {"cluster": "cluster", "user": "reader"}}],
        "current-context": "cluster",
    }
    return as_yaml([whole])


def secret(environment: str, namespace: str, text: str) -> Object:
    """The kubeconfig where the operator finds it, for this environment alone."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": secret_name(environment),
            "namespace": namespace,
            "labels": {f"{GROUP}/environment": environment},
        },
        "stringData": {KEY: text},
    }


def secret_name(environment: str) -> str:
    return f"{environment}-cluster"


def as_yaml(objects: Iterable[Object]) -> str:
    return yaml.safe_dump_all(objects, sort_keys=False, default_flow_style=None, width=140)


def _reading() -> list[Object]:
    """One rule per group."""
    groups: dict[str, dict[str, None]] = {}
    for permission in ALL_READS:
        groups.setdefault(permission.group, {})[permission.resource] = None
    verbs = list(dict.fromkeys(permission.verb for permission in ALL_READS))
    return [
        {"apiGroups": [group], "resources": list(resources), "verbs": verbs}
        for group, resources in groups.items()
    ]
