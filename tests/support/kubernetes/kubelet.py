"""A node for the control plane, which has none: it writes the status of pods, as a kubelet does.

On the wire and nothing else: pods become ready with a digest made from their image's name, unless
the image says otherwise: ``never-ready`` cannot be pulled, ``crashes`` crashes, ``stays-pending``
does nothing, and a Job's pod of ``fails`` fails. A digest in the image's name is reported as it is.
"""

import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Self

from rig.kube import Kube, Refused
from support.kubernetes.pods import play

__all__ = ["Kubelet", "digest_of", "play", "status_of"]

Object = dict[str, Any]

PERIOD = 0.05


def digest_of(image: str) -> str:
    """What a pod of this image reports as running."""
    _, at, digest = image.partition("@")
    return digest if at else f"sha256:{sha256(image.encode()).hexdigest()}"


class Kubelet:
    """A context manager; looks after the pods of these namespaces in a thread of its own."""

    def __init__(self, kube: Kube, namespaces: Iterable[str]) -> None:
        self._kube = kube
        self._namespaces = tuple(namespaces)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kubelet", daemon=True)
        self.seen: dict[str, str] = {}
        """Every pod that ever was, by uid, and its name."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopped.wait(PERIOD):
            for namespace in self._namespaces:
                for pod in self._kube.list("v1", "Pod", namespace):
                    self._tend(pod, namespace)

    def _tend(self, pod: Object, namespace: str) -> None:
        self.seen[pod["metadata"]["uid"]] = pod["metadata"]["name"]
        if pod["metadata"].get("deletionTimestamp"):
            return
        wanted = status_of(pod)
        if wanted is None or pod["status"].get("phase") in (wanted["phase"], "Succeeded", "Failed"):
            return
        try:
            self._kube.patch(
                "v1",
                "Pod",
                pod["metadata"]["name"],
                namespace,
                {"status": wanted},
                subresource="status",
                manager="kubelet",
            )
        except Refused as refused:
            if refused.code not in (404, 409):
                raise


def status_of(pod: Object) -> Object | None:
    """What the node says of this pod; None: nothing yet."""
    images = [container["image"] for container in pod["spec"]["containers"]]
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
