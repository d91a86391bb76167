"""What the kubelet and the controllers report of a rollout that does not get on, as one line."""

from collections.abc import Iterator, Mapping
from typing import Any

from stagingmirror.drift.wording import shown
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.write.containers import Body

NEVER_STARTS = frozenset(
    {
        Reason.IMAGE_PULL_BACK_OFF,
        Reason.ERR_IMAGE_PULL,
        Reason.INVALID_IMAGE_NAME,
        Reason.ERR_IMAGE_NEVER_PULL,
        Reason.CREATE_CONTAINER_CONFIG_ERROR,
        Reason.CREATE_CONTAINER_ERROR,
        Reason.CRASH_LOOP_BACK_OFF,
        Reason.RUN_CONTAINER_ERROR,
    }
)
OOM_KILLED = "OOMKilled"
# What these say beside their reason is how long the kubelet waits before it tries again.
_SAYS_NOTHING = frozenset({Reason.CRASH_LOOP_BACK_OFF})
_REMEDIES: Mapping[str, str] = {
    Reason.CRASH_LOOP_BACK_OFF: "see its logs",
    Reason.CREATE_CONTAINER_CONFIG_ERROR: "see what its environment refers to",
}


def statuses(pod: Body) -> list[Body]:
    """Of its containers. An init container that has done its work is ready."""
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def hopeless(pod: Body) -> tuple[str, str] | None:
    """The reason for which a container of this pod never starts, and a sentence that names it with
    what is reported of it; None: none is known.
    """
    for container in statuses(pod):
        waiting = (container.get("state") or {}).get("waiting") or {}
        why = waiting.get("reason")
        if why in NEVER_STARTS:
            ended = _last_end(pod, container)
            remedy = _REMEDIES.get(why, f"see that {line(container.get('image'))} is there")
            if ended is not None and ended.startswith(OOM_KILLED):
                remedy = "raise the limit, or see why it needs more than before"
            said = None if why in _SAYS_NOTHING else waiting.get("message")
            parts = filter(None, [line(said) if said else None, ended])
            return why, f"{_called(container)}: {'; '.join([why, *parts])}; {remedy}"
    return None


def trouble(pod: Body) -> str | None:
    """How a container that is not ready ended last, with its limit; None: none has ended."""
    for container in statuses(pod):
        if not container.get("ready") and (ended := _last_end(pod, container)) is not None:
            return f"{_called(container)} {ended}"
    return None


def line(text: object) -> str:
    """Another's text, as one short line."""
    return shown(" ".join(str(text or "").split())).rstrip(".")


def _called(container: Body) -> str:
    return f"container {container['name']}"


def _last_end(pod: Body, container: Body) -> str | None:
    for state in (container.get("state"), container.get("lastState")):
        ended = (state or {}).get("terminated") or {}
        code = ended.get("exitCode")
        if not ended or (code == 0 and ended.get("reason") != OOM_KILLED):
            continue
        reason = line(ended.get("reason") or "Error")
        if reason == OOM_KILLED:
            return f"{OOM_KILLED} ({_memory(pod, container)})"
        return f"ended with {reason}, exit code {code}"
    return None


def _memory(pod: Body, container: Body) -> str:
    for each in _specs(pod):
        if each.get("name") == container["name"]:
            limits = (each.get("resources") or {}).get("limits") or {}
            if limits.get("memory"):
                return f"its memory limit is {line(limits['memory'])}"
    return "it has no memory limit of its own: the node ran out of memory"


def _specs(pod: Body) -> Iterator[Mapping[str, Any]]:
    spec = pod.get("spec") or {}
    yield from spec.get("initContainers") or ()
    yield from spec.get("containers") or ()
