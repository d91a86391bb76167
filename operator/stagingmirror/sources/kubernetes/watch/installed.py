"""Whether an API server has a kind at all, by its discovery."""

from collections.abc import Mapping
from typing import Any

from stagingmirror.errors import NotAllowed, NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.errors import FORBIDDEN, NotServed, shaped
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.objects.store import E
from stagingmirror.sources.kubernetes.watch.watched_kinds import Resource

# Seconds between two requests for a kind that is not there.
NOT_INSTALLED_FOR = 30.0


class NotInstalled(NotAnswered):
    """The API server does not have this kind: there are none of its objects."""


async def explained(
    client: KubernetesReader, resource: Resource[E], error: StagingMirrorError
) -> StagingMirrorError:
    """``error``, or NotInstalled where that is why. Whoever may not read a kind is refused also
    where there is none.
    """
    is_refused = isinstance(error, NotAllowed) and error.reason == FORBIDDEN
    may_be_missing = resource.on_demand and "/" in resource.group  # the core group never is
    if not may_be_missing or not (is_refused or isinstance(error, NotServed)):
        return error
    try:
        if await is_served(client, resource):
            return error
    except StagingMirrorError:
        return error
    return NotInstalled(
        Reason.KIND_NOT_INSTALLED,
        f"the cluster does not serve {resource.plural}.{resource.group.replace('/', ' ')}; install "
        "its CRD, or name another kind of workload.",
    )


async def is_served(client: KubernetesReader, resource: Resource[E]) -> bool:
    """Errors: those of the client."""
    group = resource.group.partition("/")[0]
    found = await client.get("/apis")
    if resource.group not in shaped(found, "GET /apis", lambda body: _versions(body, group)):
        return False
    path = f"/apis/{resource.group}"
    return resource.plural in shaped(await client.get(path), f"GET {path}", _plurals)


def _versions(body: Mapping[str, Any], group: str) -> set[str]:
    return {
        version["groupVersion"]
        for one in body["groups"]
        if one["name"] == group
        for version in one["versions"]
    }


def _plurals(body: Mapping[str, Any]) -> set[str]:
    return {one["name"] for one in body["resources"]}
