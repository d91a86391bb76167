"""Our own resources in the API: listed whole, read live, and their status written.

Spec and metadata are never written. A status is put with the resourceVersion and uid that were
judged: an apply from a stale cache would delete fields, and a merge patch with a wrong uid is
accepted.
"""

from collections.abc import Callable, Mapping
from typing import Any

from stagingmirror.api.types.base import API_VERSION, GROUP, VERSION
from stagingmirror.engine.resources.cache import Body, Changed, Plural, ResourceCache
from stagingmirror.engine.resources.compact import compact
from stagingmirror.errors import Conflicted, NotLeading, NotThere
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.api.errors import shaped, version_of

KINDS: Mapping[Plural, str] = {
    "stagingmirrors": "StagingMirror",
    "mirrorenvironments": "MirrorEnvironment",
    "mirrorholds": "MirrorHold",
}


class ResourceClient:
    """Reads and writes of mirrors, environments and holds; answers are put into the cache.
    ``changed`` is called with what that changed: their events come too late to.
    """

    def __init__(self, client: KubernetesClient, cache: ResourceCache, *, runtime: Runtime) -> None:
        self.changed: Callable[[Changed | None], None] = lambda _: None
        self._client = client
        self._cache = cache
        self._runtime = runtime

    async def listed(self, plural: Plural) -> tuple[tuple[Body, ...], int]:
        """A consistent LIST of all namespaces, with the resourceVersion it is true for.

        Errors: those of the client.
        """
        found: list[Body] = []
        version = 0
        url = f"/apis/{GROUP}/{VERSION}/{plural}"
        async for page in self._client.pages(url, shape=lambda body: self._kept(plural, body)):
            found.extend(page["items"])
            version = version or shaped(page["metadata"], f"GET {url}", version_of)
        return tuple(found), version

    def _kept(self, plural: Plural, body: dict[str, Any]) -> Body:
        """The body in little room; what the cache has already is not made again."""
        known = self._cache.same(plural, _known(body))
        if known is not None:
            return known
        return compact(body) if plural == "stagingmirrors" else body

    async def read(self, plural: Plural, name: str, namespace: str = "") -> Body:
        """The resource as it is now. Errors: those of the client."""
        return await self._client.request("GET", path(plural, name, namespace))

    async def put_status(self, plural: Plural, body: Body, status: Mapping[str, Any]) -> Body:
        """Write a status where nothing has changed since ``body``; the answer is in the cache.

        Errors: Conflicted where something has changed (the newer body is in the cache then),
        NotThere, Refused, NotAllowed, NotAnswered, NotLeading.
        """
        if not self._runtime.leading():
            raise NotLeading(Reason.NOT_LEADING, "this process does not hold the Lease any more.")
        metadata = body["metadata"]
        where = path(plural, metadata["name"], metadata.get("namespace") or "")
        try:
            answer = await self._client.request(
                "PUT", where + "/status", body=_written(plural, body, status)
            )
        except Conflicted:
            await self._read_again(plural, metadata)
            raise
        self._cache.put(plural, answer)
        return answer

    async def _read_again(self, plural: Plural, metadata: Mapping[str, Any]) -> None:
        namespace = metadata.get("namespace") or ""
        try:
            newest = await self.read(plural, metadata["name"], namespace)
        except NotThere:
            return  # the watch or the next sweep reports it, with the deletion's resourceVersion
        self.changed(self._cache.put(plural, newest))


def _known(body: dict[str, Any]) -> dict[str, Any]:
    """A body with what everybody relies on. Raises one of ``answers.MALFORMED``."""
    metadata = body["metadata"]
    texts = (metadata["name"], metadata["uid"], metadata.get("namespace") or "")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("names are text")
    version_of(metadata)
    return body


def path(plural: Plural, name: str, namespace: str = "") -> str:
    where = f"namespaces/{namespace}/" if namespace else ""
    return f"/apis/{GROUP}/{VERSION}/{where}{plural}/{name}"


def _written(plural: Plural, body: Body, status: Mapping[str, Any]) -> dict[str, Any]:
    """What a PUT to /status needs; the API server takes nothing of it but the status."""
    metadata = body["metadata"]
    kept = {
        key: metadata[key]
        for key in ("name", "namespace", "uid", "resourceVersion")
        if metadata.get(key)
    }
    return {
        "apiVersion": API_VERSION,
        "kind": KINDS[plural],
        "metadata": kept,
        "spec": body.get("spec") or {},
        "status": dict(status),
    }
