"""Which cluster answers: an address proves nothing, the UID of its namespace kube-system does."""

from typing import Any

from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAllowed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.errors import shaped
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader

NAMESPACE = "kube-system"
# Why nothing is read by a kubeconfig that leads to the cluster that the operator runs in.
OWN_CLUSTER = Why(
    Reason.OWN_CLUSTER,
    "the kubeconfig leads to the cluster that the operator runs in; remove cluster from the"
    " environment. Its namespaces count as production's there.",
)


async def uid_of(reader: KubernetesReader) -> str:
    """The UID of the cluster that a reader leads to. Errors: those of the reader."""
    path = f"/api/v1/namespaces/{NAMESPACE}"
    try:
        body = await reader.get(path)
    except NotAllowed as error:
        if error.reason != Reason.FORBIDDEN:
            raise
        raise NotAllowed(
            Reason.FORBIDDEN,
            f"our account may not get namespace {NAMESPACE}, by whose UID a cluster is known; give"
            " it a Role there that allows it.",
        ) from None
    return shaped(body, f"GET {path}", _uid)


def _uid(body: dict[str, Any]) -> str:
    """What is not this very namespace, or has no UID, proves nothing."""
    metadata = body["metadata"]
    uid = metadata["uid"]
    if (body["kind"], metadata["name"]) != ("Namespace", NAMESPACE) or not isinstance(uid, str):
        raise ValueError
    if not uid:
        raise ValueError
    return uid
