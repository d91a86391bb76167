"""What a node would do with pods, where there is no node: they run, they end, they are gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rig.kube import Kube, Refused

Body = dict[str, Any]
_BEGINNING = "2026-01-01T00:00:00Z"


def play(kube: Kube, namespace: str, digest: str, *, phase: str = "Running") -> None:
    """One round: pods that are being deleted are gone, those that have not started run, ready, from
    an image with this digest (``phase="Succeeded"``: have done their work).
    """
    for pod in kube.list("v1", "Pod", namespace):
        name = pod["metadata"]["name"]
        with _unless_gone():
            if pod["metadata"].get("deletionTimestamp"):
                path = f"/api/v1/namespaces/{namespace}/pods/{name}"
                kube.request("DELETE", path, {"gracePeriodSeconds": 0})
            elif not pod["status"].get("containerStatuses"):
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
