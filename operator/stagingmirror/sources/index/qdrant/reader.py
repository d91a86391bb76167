"""What is read of a Qdrant; nothing here writes."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import ClassVar
from urllib.parse import quote

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
# Places between the first id and the last from which ids are read; numbers have 64 bits.
_PLACES, _BITS = 8, 64


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
        return f"qdrant {self._server.host}"

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
        """From places all over the ids, which are numbers, then UUIDs; by a digest of each."""
        step = max(await self._largest_power(target) // _PLACES, 1)
        uuid_step = 1 << (2 * _BITS - 3)
        places: list[PointId | None] = [
            None,
            *(step * at for at in range(1, _PLACES)),
            *(_uuid(uuid_step * at) for at in range(_PLACES)),
        ]
        found = {each for place in places for each in await self._page(target, place, most)}
        return tuple(sorted(map(str, found), key=_digest)[:most])

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

    async def _largest_power(self, target: str) -> int:
        """The least power of two that no number of an id reaches."""
        low, high = 0, _BITS
        while low < high:
            middle = (low + high) // 2
            if any(isinstance(each, int) for each in await self._page(target, 1 << middle, 1)):
                low = middle + 1
            else:
                high = middle
        return 1 << low

    async def _page(self, target: str, start: PointId | None, most: int) -> list[PointId]:
        body = {"limit": most, "with_payload": False, "with_vector": False}
        found = await self._server.call(
            "ids",
            "POST",
            f"{_path(target)}/points/scroll",
            answers.PAGE,
            body=body if start is None else body | {"offset": start},
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


def _uuid(number: int) -> str:
    found = f"{number:032x}"
    return "-".join((found[:8], found[8:12], found[12:16], found[16:20], found[20:]))


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()
