"""Hashes of model bytes, and when aliases were seen to move: kept over restarts in ConfigMaps of
the operator's own namespace.

Reading all bytes again after each restart would take hours. What is kept is only believed while
the store says that nothing has changed (``content_poller``). One ConfigMap per model version or
alias; what is too large for one is not kept, and read again.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

import structlog

from stagingmirror.drift.facts import Unseen
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.errors import NotThere, StagingMirrorError
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.mlflow.subjects import (
    AliasHistory,
    AliasSubject,
    Content,
    FileHash,
    RegistrySubject,
    VersionSubject,
)
from stagingmirror.view import Observed, Subject

log = structlog.get_logger(__name__)

LABEL = "stagingmirror.dev/content"
ENTRY = "content"
EVERY = 5.0
"""Seconds between two looks at what is new."""
UNUSED = 720
"""Looks (an hour) after which what nobody reads is removed."""
SEEN_EVERY = 3600.0
"""Seconds after which it is kept anew that an alias still names the same version."""
Kept = Content | AliasHistory
MAX_BYTES = 900_000


class HashCache:
    """``load`` before the first look; ``run`` keeps what the registries have read since."""

    def __init__(
        self,
        client: KubernetesClient,
        sources: Sources,
        *,
        namespace: str,
        wanted: Callable[[], Iterable[Subject[Any]]],
        leading: Callable[[], bool],
    ) -> None:
        self._client = client
        self._sources = sources
        self._path = f"/api/v1/namespaces/{namespace}/configmaps"
        self._wanted = wanted
        self._leading = leading
        self._kept: dict[RegistrySubject, Kept] = {}
        self._unused: dict[RegistrySubject, int] = {}

    async def load(self) -> Mapping[RegistrySubject, Kept]:
        """What was kept before a restart. Errors: those of the client."""
        async for page in self._client.pages(self._path, query={"labelSelector": LABEL}):
            for body in page["items"]:
                read = _read(body)
                if read is not None:
                    self._kept[read[0]] = read[1]
        return dict(self._kept)

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.keep()
            except StagingMirrorError as error:
                log.warning("hashes not kept, they are read again after a restart", why=str(error))

    async def keep(self) -> None:
        """Write what is new, remove what nobody has read for an hour."""
        wanted = {
            each for each in self._wanted() if isinstance(each, AliasSubject | VersionSubject)
        }
        for subject in sorted(wanted, key=_parts):
            now = self._now(subject)
            if now is not None and _is_news(now, self._kept.get(subject)) and self._leading():
                await self._write(subject, now)
        for subject in self._kept.keys() - wanted:
            self._unused[subject] = self._unused.get(subject, 0) + 1
            if self._unused[subject] > UNUSED and self._leading():
                await self._remove(subject)
        for subject in wanted:
            self._unused.pop(subject, None)

    def _now(self, subject: RegistrySubject) -> Kept | None:
        if isinstance(subject, VersionSubject):
            return self._content(subject)
        answer = self._sources.get(subject)
        if not isinstance(answer, Observed) or answer.value is None:
            return None
        alias = answer.value
        return AliasHistory(alias.version, answer.began, alias.moved, alias.unmoved)

    def _content(self, subject: VersionSubject) -> Content | None:
        answer = self._sources.get(subject)
        if not isinstance(answer, Observed) or answer.value is None:
            return None
        return None if isinstance(answer.value.content, Unseen) else answer.value.content

    async def _write(self, subject: RegistrySubject, kept: Kept) -> None:
        body = _written(subject, kept)
        if len(body["data"][ENTRY]) <= MAX_BYTES:
            name = body["metadata"]["name"]
            await self._client.request(
                "PATCH",
                f"{self._path}/{name}",
                query={"force": "true"},
                body=body,
                content_type="application/apply-patch+yaml",
            )
        self._kept[subject] = kept

    async def _remove(self, subject: RegistrySubject) -> None:
        with contextlib.suppress(NotThere):
            await self._client.request("DELETE", f"{self._path}/{_name(subject)}")
        self._kept.pop(subject, None)
        self._unused.pop(subject, None)


def _name(subject: RegistrySubject) -> str:
    digest = hashlib.sha256("\0".join(_parts(subject)).encode()).hexdigest()[:32]
    return f"stagingmirror-content-{digest}"


def _is_news(now: Kept, before: Kept | None) -> bool:
    """That an alias still names what it named is worth a write now and then only."""
    if isinstance(now, AliasHistory) and isinstance(before, AliasHistory):
        return replace(now, seen=before.seen) != before or now.seen > before.seen + SEEN_EVERY
    return now != before


def _written(subject: RegistrySubject, kept: Kept) -> dict[str, Any]:
    said = _content_said(kept) if isinstance(kept, Content) else asdict(kept)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _name(subject), "labels": {LABEL: ""}},
        "data": {ENTRY: json.dumps({"subject": list(_parts(subject)), **said})},
    }


def _content_said(content: Content) -> dict[str, Any]:
    files = {path: [file.sha256, file.size] for path, file in sorted(content.files.items())}
    return {
        "treeHash": content.tree_hash,
        "files": files,
        "read": content.read,
        "listing": content.listing,
    }


def _read(body: Mapping[str, Any]) -> tuple[RegistrySubject, Kept] | None:
    """What ``_written`` wrote; None for anything else."""
    try:
        kept = json.loads((body.get("data") or {})[ENTRY])
        where, kind, namespace, name = map(str, kept["subject"])
        if kind == "ModelAlias":
            return AliasSubject(where, namespace, name), _alias_of(kept)
        return VersionSubject(where, namespace, name), _content_of(kept)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _parts(subject: RegistrySubject) -> tuple[str, str, str, str]:
    kind = "ModelAlias" if isinstance(subject, AliasSubject) else "ModelVersion"
    return subject.environment, kind, *subject.key


def _content_of(kept: Mapping[str, Any]) -> Content:
    files = {path: FileHash(str(sha), int(size)) for path, (sha, size) in kept["files"].items()}
    return Content(str(kept["treeHash"]), files, float(kept["read"]), str(kept["listing"]))


def _alias_of(kept: Mapping[str, Any]) -> AliasHistory:
    times = (None if kept[key] is None else float(kept[key]) for key in ("moved", "unmoved"))
    return AliasHistory(str(kept["version"]), float(kept["seen"]), *times)
