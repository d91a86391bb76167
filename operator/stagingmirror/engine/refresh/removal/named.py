"""Whether anything in the cluster names something, read live: by a text that hardly stands in
anything else.

Whatever holds the text counts, wherever it stands in the object. Left out is only what cannot start
a pod any more: ended pods and Jobs, and ReplicaSets without replicas, but for the stable one of a
Rollout.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from stagingmirror.errors import CannotRefresh, NotAllowed, NotAnswered, NotThere
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.watch.watched_kinds import RESOURCES
from stagingmirror.sources.kubernetes.write.writer import Writer

Body = Mapping[str, Any]

# Objects of one answer: a ConfigMap has up to 1 MiB.
_PAGE = 25
# Set by Argo Rollouts on each of its ReplicaSets.
_ROLLOUT_HASH = "rollouts-pod-template-hash"


async def named_by(writer: Writer, namespaces: Iterable[str], text: str) -> str | None:
    """What names it; None: nothing does. Raises CannotRefresh where that cannot be known now, or
    what the API server answers.
    """
    for namespace in namespaces:
        for kind in RESOURCES:
            for body in await _listed(writer, kind, namespace, lambda body: _holds(body, text)):
                if not await _is_over(writer, kind, namespace, body):
                    return f"{kind} {namespace}/{body['metadata']['name']}"
        await _refuse_without_former_pod(writer, namespace)
    return None


async def _listed(
    writer: Writer, kind: str, namespace: str, matches: Callable[[Body], bool]
) -> list[dict[str, Any]]:
    resource = RESOURCES[kind]
    try:
        return await writer.matching(resource.path(namespace), matches, page=_PAGE)
    except (NotAnswered, NotAllowed, NotThere):
        if resource.on_demand and not await _has_group(writer, resource.group):
            return []  # its definition is not installed
        raise


async def _has_group(writer: Writer, group: str) -> bool:
    """Whether the API server knows the group at all, by its own list."""
    groups = (await writer.get("/apis")).get("groups")
    named = {each.get("name") for each in groups or ()}
    return not named or group.partition("/")[0] in named


def _holds(body: Body, text: str) -> bool:
    return text in json.dumps(body)


async def _is_over(writer: Writer, kind: str, namespace: str, body: Body) -> bool:
    """Whether it can start no pod any more."""
    status = body.get("status") or {}
    match kind:
        case "Pod":
            return status.get("phase") in ("Succeeded", "Failed")
        case "Job":
            ended = ("Complete", "Failed")
            found = status.get("conditions") or ()
            return any(each["type"] in ended and each["status"] == "True" for each in found)
        case "ReplicaSet":
            if (body.get("spec") or {}).get("replicas", 1) != 0:
                return False
            return not await _is_stable(writer, namespace, body)
        case _:
            return False


async def _is_stable(writer: Writer, namespace: str, body: Body) -> bool:
    """Of a ReplicaSet: whether a Rollout would go back to it."""
    own = (body["metadata"].get("labels") or {}).get(_ROLLOUT_HASH)
    for owner in body["metadata"].get("ownerReferences") or ():
        if own is not None and owner["kind"] == "Rollout":
            try:
                rollout = await writer.get(RESOURCES["Rollout"].path(namespace, owner["name"]))
            except NotThere:
                continue
            status = rollout.get("status") or {}
            return own in (status.get("stableRS"), status.get("currentPodHash"))
    return False


async def _refuse_without_former_pod(writer: Writer, namespace: str) -> None:
    """Raises CannotRefresh for a StatefulSet in a rollout without a pod of the former template: it
    would start one of it again, and only such a pod shows what that template names.
    """
    for body in await _listed(writer, "StatefulSet", namespace, _is_between):
        revision = body["status"]["currentRevision"]
        label = f"controller-revision-hash={revision}"
        if not await writer.select(RESOURCES["Pod"].path(namespace), label):
            raise CannotRefresh(
                Reason.STILL_NAMED,
                f"StatefulSet {namespace}/{body['metadata']['name']} is in a rollout, and no pod "
                "shows what its former template names",
            )


def _is_between(body: Body) -> bool:
    status = body.get("status") or {}
    current = status.get("currentRevision")
    return bool(current) and current != status.get("updateRevision")
