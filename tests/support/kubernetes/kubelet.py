"""A node for the control plane, which has none: it writes the status of pods, as a kubelet does.

On the wire and nothing else: pods become ready with a digest made from their image's name, unless
the image says otherwise: ``never-ready`` cannot be pulled, ``crashes`` crashes, ``stays-pending``
does nothing, and a Job's pod of ``fails`` fails; an argument says the same. A digest in the image's
name is reported as it is.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from rig.kube import Kube
from support.controllers.controller import Controller
from support.kubernetes.pods import play

__all__ = ["Kubelet", "digest_of", "play", "status_of"]

Object = dict[str, Any]


def digest_of(image: str) -> str:
    """What a pod of this image reports as running."""
    _, at, digest = image.partition("@")
    return digest if at else f"sha256:{sha256(image.encode()).hexdigest()}"


class Kubelet(Controller):
    """Looks after pods."""

    api, kind = "v1", "Pod"

    def __init__(self, kube: Kube, namespaces: Iterable[str]) -> None:
        super().__init__(kube, namespaces)
        self.seen: dict[str, str] = {}
        """Every pod that ever was, by uid, and its name."""

    def _reconcile(self, found: Object) -> None:
        metadata, phase = found["metadata"], found["status"].get("phase")
        self.seen[metadata["uid"]] = metadata["name"]
        if metadata.get("deletionTimestamp"):
            return
        wanted = status_of(found)
        if wanted is None or phase in (wanted["phase"], "Succeeded", "Failed"):
            return
        self._kube.patch(
            self.api,
            self.kind,
            metadata["name"],
            metadata["namespace"],
            {"status": wanted},
            subresource="status",
            manager="kubelet",
        )


def status_of(pod: Object) -> Object | None:
    """What the node says of this pod; None: nothing yet."""
    containers = pod["spec"]["containers"]
    images = [text for one in containers for text in (one["image"], *(one.get("args") or ()))]
    if any("stays-pending" in image for image in images):
        return None
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    is_job = any(o["kind"] == "Job" for o in pod["metadata"].get("ownerReferences", ()))
    if is_job:
        phase = "Failed" if any("fails" in image for image in images) else "Succeeded"
        code = 1 if phase == "Failed" else 0
        ended = {"terminated": {"exitCode": code, "startedAt": now, "finishedAt": now}}
        return _status(pod, phase, ended, now, ready=False)
    for word, reason in (("never-ready", "ImagePullBackOff"), ("crashes", "CrashLoopBackOff")):
        if any(word in image for image in images):
            waiting = {"waiting": {"reason": reason}}
            # Still Pending as a phase would be written again and again.
            return _status(pod, "Unknown", waiting, now, ready=False)
    return _status(pod, "Running", {"running": {"startedAt": now}}, now, ready=True)


def _status(pod: Object, phase: str, state: Object, now: str, *, ready: bool) -> Object:
    containers = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": f"{_repository(container['image'])}@{digest_of(container['image'])}"
            if "waiting" not in state
            else "",
            "ready": ready,
            "restartCount": 0,
            "started": ready,
            "state": state,
        }
        for container in pod["spec"]["containers"]
    ]
    said = "True" if ready else "False"
    condition = {"status": said, "lastTransitionTime": now}
    return {
        "phase": phase,
        "startTime": now,
        "conditions": [
            {"type": "Ready", **condition},
            {"type": "ContainersReady", **condition},
        ],
        "containerStatuses": containers,
    }


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    head, _, tail = name.rpartition("/")
    return f"{head}/{tail.partition(':')[0]}" if head else tail.partition(":")[0]
