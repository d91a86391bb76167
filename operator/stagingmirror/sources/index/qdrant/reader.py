"""What is read of a Qdrant; nothing here writes."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar
from urllib.parse import quote, urlsplit
from uuid import UUID

from stagingmirror.errors import NotAllowed, NotAnswered, NotSupported, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.http_store import Allowance
from stagingmirror.sources.index.qdrant import answers
from stagingmirror.sources.index.qdrant.answers import Collection, PointId
from stagingmirror.sources.index.qdrant.claims import Rights
from stagingmirror.sources.index.qdrant.client import QdrantServer
from stagingmirror.sources.index.qdrant.facts import document_of, facts_of
from stagingmirror.sources.index.samples import DEEPEST, Document, Sample
from stagingmirror.sources.index.store import IndexFacts, Snapshot

# Points of one answer, and bytes of all answers of one sample.
_AT_ONCE, _LARGEST_SAMPLE = 8, 64 * 1024 * 1024
# Ids that are read from one place: ids that lie close together leave other places empty.
_NEAR = 8


class QdrantReader:
    """See ``IndexReader``."""

    samples_documents: ClassVar[bool] = True

    def __init__(self, server: QdrantServer, rights: Rights) -> None:
        """``rights``: of the credentials that the server is used with."""
        self._server = server
        self._rights = rights
        self._version: str | None = None

    async def identity(self) -> str:
        """Its address: no call that a read-only token may make tells which system it is."""
        await self._ask_version()
        return f"qdrant {self.address}"

    @property
    def address(self) -> str:
        """Of its server: host, port and path."""
        parts = urlsplit(self._server.url)
        port = parts.port or {"https": 443}.get(parts.scheme, 80)
        return f"{parts.hostname}:{port}{parts.path}"

    async def resolve(self, alias: str) -> tuple[str, ...]:
        found = await self._server.call("aliases", "GET", "/aliases", answers.ALIASES)
        targets = {
            each.collection_name for each in found.result.aliases if each.alias_name == alias
        }
        if not targets and not self._rights.shows(alias):
            raise self._server.refuse(
                NotAllowed,
                Reason.FORBIDDEN,
                f"alias {alias} is not shown, and our token lists the collections that it may read "
                "without it, so it is not known whether the alias exists; add "
                f'{{"collection": "{alias}", "access": "r"}} to its claim access, and the same for '
                "the collection",
            )
        return tuple(sorted(targets))

    async def facts(self, target: str) -> IndexFacts:
        if target in self._rights.filtered:
            raise self._server.refuse(
                NotSupported,
                Reason.NOT_SUPPORTED,
                f"our token shows only some points of {target} (payload, in its claim access), "
                "which prove nothing of the whole; give it one without",
            )
        found = await self._collection(target)
        return facts_of(target, found, self._version or await self._ask_version())

    async def snapshots(self, target: str) -> tuple[Snapshot, ...]:
        """Raises NotSupported: none is restored by us, so none could be compared."""
        await self._collection(target)
        raise self._server.refuse(
            NotSupported,
            Reason.NO_SNAPSHOT,
            "snapshots of Qdrant are not followed; set compare: Content and mode: Report",
        )

    async def count(self, target: str) -> int:
        path = f"{_path(target)}/points/count"
        body = {"exact": True}
        found = await self._server.call(
            "count", "POST", path, answers.COUNTED, body=body, long=True
        )
        return found.result.count

    async def ids(self, target: str, most: int) -> tuple[str, ...]:
        """From places that lie evenly between the least id and the greatest, of numbers and, which
        come after them, of UUIDs; by a digest of each.
        """
        found = set[PointId]()
        for kind in (_NUMBERS, _UUIDS):
            least = next(iter(await self._page(target, kind.place(0), 1)), None)
            if least is not None and kind.has(least):
                found |= await self._spread(target, kind, kind.number(least), most)
        return tuple(sorted(map(str, found), key=_digest)[:most])

    async def _spread(self, target: str, kind: "_Kind", least: int, most: int) -> set[PointId]:
        greatest, beyond = least, 1 << kind.bits
        while beyond - greatest > 1:
            middle = (greatest + beyond) // 2
            found = await self._page(target, kind.place(middle), 1)
            greatest, beyond = (middle, beyond) if any(map(kind.has, found)) else (greatest, middle)
        ids = set[PointId]()
        for at in range(most):
            place = least + (greatest - least) * at // max(most - 1, 1)
            ids |= {*filter(kind.has, await self._page(target, kind.place(place), _NEAR))}
        return ids

    async def sample(self, target: str, ids: Sequence[str]) -> Sample:
        """Texts go no further than this."""
        sample: dict[str, Document | None] = dict.fromkeys(ids)
        allowance = Allowance(_LARGEST_SAMPLE)
        for start in range(0, len(ids), _AT_ONCE):
            wanted = list(map(_point_id, ids[start : start + _AT_ONCE]))
            found = await self._server.call(
                "points",
                "POST",
                f"{_path(target)}/points",
                answers.POINTS,
                body={"ids": wanted, "with_payload": True, "with_vector": True},
                long=True,
                allowance=allowance,
            )
            sample |= await asyncio.to_thread(self._documents, wanted, found.result)
        return sample

    async def may_write(self) -> bool | None:
        return self._rights.may_write

    async def close(self) -> None:
        await self._server.close()

    async def _ask_version(self) -> str:
        root = await self._server.call("version", "GET", "/", answers.ROOT)
        self._version = root.version
        return root.version

    async def _collection(self, target: str) -> Collection:
        path = _path(target)
        found = (await self._server.call("collection", "GET", path, answers.COLLECTION)).result
        if found.status == "red":
            raise self._server.refuse(
                Refused,
                Reason.INDEX_DAMAGED,
                f"{target} is red: an operation on it failed; the server's log has the cause",
            )
        return found

    async def _page(self, target: str, start: PointId, most: int) -> list[PointId]:
        body = {"limit": most, "offset": start, "with_payload": False, "with_vector": False}
        found = await self._server.call(
            "ids",
            "POST",
            f"{_path(target)}/points/scroll",
            answers.PAGE,
            body=body,
            long=True,
        )
        return [each.id for each in found.result.points]

    def _documents(
        self, wanted: list[PointId], points: Sequence[answers.Point]
    ) -> dict[str, Document]:
        if not {each.id for each in points} <= set(wanted):
            raise self._server.refuse(
                NotAnswered, Reason.GARBAGE, "points: it answered with others than were requested"
            )
        try:
            return {str(each.id): document_of(each) for each in points}
        except ValueError:
            raise self._server.refuse(
                NotSupported,
                Reason.NOT_SUPPORTED,
                f"points: one has more than {DEEPEST} levels, or what no JSON is, so its documents "
                "cannot be compared",
            ) from None


def _path(target: str) -> str:
    return f"/collections/{quote(target, safe='')}"


def _point_id(text: str) -> PointId:
    return int(text) if text.isascii() and text.isdecimal() else text


@dataclass(frozen=True, slots=True)
class _Kind:
    """Of ids: numbers of so many bits, each at a place of its own."""

    bits: int
    has: Callable[[PointId], bool]
    place: Callable[[int], PointId]
    number: Callable[[PointId], int]


_NUMBERS = _Kind(64, lambda each: isinstance(each, int), int, int)
_UUIDS = _Kind(
    128,
    lambda each: isinstance(each, str),
    lambda number: str(UUID(int=number)),
    lambda each: UUID(str(each)).int,
)


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()
