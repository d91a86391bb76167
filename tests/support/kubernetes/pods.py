"""What a node would do with pods, where there is no node: they run, they end, they are gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rig.kube import Kube, Refused

Body = dict[str, Any]
_BEGINNING = "2026-01-01T00:00:00Z"


def place(kube: Kube, namespace: str) -> None:
    """Pods are on a node, which there is not: from then on a deleted one terminates until it is
    played. Kubernetes collects pods of a node that there is not after about a minute.
    """
    for pod in kube.list("v1", "Pod", namespace):
        name = pod["metadata"]["name"]
        if not pod["spec"].get("nodeName"):
            binding = {
                "apiVersion": "v1",
                "kind": "Binding",
                "metadata": {"name": name},
                "target": {"apiVersion": "v1", "kind": "Node", "name": "nowhere"},
            }
            with _unless_gone():
                path = f"/api/v1/namespaces/{namespace}/pods/{name}/binding"
                kube.request("POST", path, binding)


def play(
    kube: Kube,
    namespace: str,
    digest: str,
    *,
    phase: str = "Running",
    starts: str = "",
    ends: bool = True,
) -> None:
    """One round: pods that are being deleted are gone (``ends``), those that have not started run,
    ready, from an image with this digest (``phase="Succeeded"``: have done their work). ``starts``:
    only those whose image is this one.
    """
    for pod in kube.list("v1", "Pod", namespace):
        name = pod["metadata"]["name"]
        image = pod["spec"]["containers"][0]["image"]
        with _unless_gone():
            if pod["metadata"].get("deletionTimestamp"):
                if not ends:
                    continue
                path = f"/api/v1/namespaces/{namespace}/pods/{name}"
                kube.request("DELETE", path, {"gracePeriodSeconds": 0})
            elif not pod["status"].get("containerStatuses") and starts in ("", image):
                status = {"status": _status(digest, phase)}
                kube.patch("v1", "Pod", name, namespace, status, subresource="status")


def _status(digest: str, phase: str) -> Body:
    ready = phase == "Running"
    state: Body = {"terminated": {"exitCode": 0}}
    if ready:
        state = {"running": {"startedAt": _BEGINNING}}
    container = {
        "name": "app",
        "image": "app",
        "imageID": f"registry/app@{digest}",
        "ready": ready,
        "started": ready,
        "restartCount": 0,
        "state": state,
    }
    conditions = [{"type": kind, "status": str(ready)} for kind in ("Ready", "ContainersReady")]
    return {
        "phase": phase,
        "startTime": _BEGINNING,
        "conditions": conditions,
        "containerStatuses": [container],
    }


@contextmanager
def _unless_gone() -> Iterator[None]:
    """Controllers delete pods while we look."""
    try:
        yield
    except Refused as refused:
        if refused.code not in (404, 409):
            raise
