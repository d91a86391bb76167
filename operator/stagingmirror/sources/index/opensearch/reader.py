"""What is read of an OpenSearch: of production's too, so nothing here writes."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from stagingmirror.errors import (
    NotAllowed,
    NotAnswered,
    NotSupported,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.http_store import Allowance
from stagingmirror.sources.index.opensearch import answers
from stagingmirror.sources.index.opensearch.client import OpenSearchServer
from stagingmirror.sources.index.opensearch.documents import TooDeep, document_of
from stagingmirror.sources.index.opensearch.facts import (
    Json,
    facts_of,
    keeps_source,
    shards_of,
    vector_names,
)
from stagingmirror.sources.index.opensearch.names import quoted
from stagingmirror.sources.index.opensearch.snapshots import Repository
from stagingmirror.sources.index.samples import DEEPEST
from stagingmirror.sources.index.store import Document, IndexFacts, Sample, Snapshot

# Ids of one sample, documents of one answer, and bytes of all answers of one sample.
MOST_IDS = 256
_AT_ONCE = 32
_LARGEST_SAMPLE = 64 * 1024 * 1024
# What is searched is all of an index, or nothing.
_WHOLE = {"allow_partial_search_results": "false"}
_STATS = {
    "level": "shards",
    "filter_path": "indices.*.uuid,indices.*.shards.*.routing.primary,"
    "indices.*.shards.*.seq_no.max_seq_no",
}
# Of a role that may do everything.
_EVERYTHING = frozenset({"all_access", "superuser"})


class OpenSearchReader:
    """See ``IndexReader``."""

    samples_documents: ClassVar[bool] = True

    def __init__(self, server: OpenSearchServer, repository: str | None) -> None:
        self._server = server
        self._repository = Repository(server, repository)
        self._root: answers.Root | None = None

    async def identity(self) -> str:
        root = await self._ask_root()
        if root.cluster_uuid == "_na_":
            raise self._server.refuse(
                NotAnswered, Reason.UNAVAILABLE, "it has not formed its cluster yet"
            )
        return root.cluster_uuid

    async def resolve(self, alias: str) -> tuple[str, ...]:
        # Not ``/_alias/…``: a role limited to some indexes may not ask that of all.
        path = f"/{quoted(alias)}/_alias/{quoted(alias)}"
        try:
            found = await self._server.call("alias", "GET", path, answers.ALIASES)
        except NotThere:
            return ()
        plain = {index: each.aliases.get(alias) for index, each in found.items()}
        if any(each is not None and not each.is_plain for each in plain.values()):
            raise self._server.refuse(
                Refused,
                Reason.NOT_AN_ALIAS,
                f"alias {alias} has a filter or a routing, so it is searched otherwise than the"
                " index that it leads to",
            )
        return tuple(sorted(index for index, each in plain.items() if each is not None))

    async def facts(self, target: str) -> IndexFacts:
        found = await self._index(target)
        root = self._root or await self._ask_root()
        version = await self._content_version(target, shards_of(found))
        return facts_of(target, found, root.product, version)

    async def snapshots(self, target: str) -> tuple[Snapshot, ...]:
        found = await self._repository.all_of(target)
        if not found:
            await self._index(target)
        return found

    async def count(self, target: str) -> int:
        path = f"/{quoted(target)}/_count"
        found = await self._server.call("count", "GET", path, answers.COUNTED, long=True)
        self._refuse_partial(found)
        return found.count

    async def ids(self, target: str, most: int) -> tuple[str, ...]:
        """By a digest of the number of the write that made each; a copy has the same ones under
        the same name alone.
        """
        by_digest = {"random_score": {"seed": 1, "field": "_seq_no"}}
        found = await self._search(
            "ids",
            target,
            {
                "size": min(most, MOST_IDS),
                "_source": False,
                "query": {"function_score": {**by_digest, "boost_mode": "replace"}},
                "sort": ["_score", "_seq_no"],
            },
        )
        return tuple(sorted({each.id for each in found}))

    async def sample(self, target: str, ids: Sequence[str]) -> Sample:
        """Not by ``_mget``, which does not find what was written with a routing, and needs a right
        for the whole cluster.
        """
        if len(ids) > MOST_IDS:
            raise ValueError(f"{len(ids)} ids, and {MOST_IDS} are read at once")
        index = await self._index(target)
        if not keeps_source(index):
            raise self._server.refuse(
                NotSupported,
                Reason.NOT_SUPPORTED,
                f"{target} keeps no _source, or not all of it, so its documents cannot be compared",
            )
        vectors, allowance = vector_names(index), Allowance(_LARGEST_SAMPLE)
        sample: dict[str, Document | None] = dict.fromkeys(ids, None)
        for start in range(0, len(ids), _AT_ONCE):
            some = list(ids[start : start + _AT_ONCE])
            sample |= await self._documents(target, some, vectors, allowance)
        return sample

    async def may_write(self) -> bool | None:
        root = self._root or await self._ask_root()
        path = "/_plugins/_security/authinfo" if root.is_opensearch else "/_security/_authenticate"
        try:
            login = await self._server.call("login", "GET", path, answers.LOGIN)
        except NotSupported:
            return True  # it has no security, so that everybody may
        except NotAllowed:
            return None
        return True if _EVERYTHING & {*login.roles} else None

    async def close(self) -> None:
        await self._server.close()

    async def _ask_root(self) -> answers.Root:
        self._root = await self._server.call("version", "GET", "/", answers.ROOT)
        return self._root

    async def _index(self, target: str) -> Json:
        """Its mapping and settings. Raises NotThere also where an alias has this name."""
        path = f"/{quoted(target)}"
        found = await self._server.call("index", "GET", path, answers.INDEXES)
        if target not in found:
            raise self._server.refuse(
                NotThere, Reason.INDEX_MISSING, f"{target} is an alias, and no index"
            )
        return found[target]

    async def _content_version(self, target: str, shards: int) -> str | None:
        """The numbers of the last writes. None where a shard does not tell."""
        path = f"/{quoted(target)}/_stats"
        stats = await self._server.call("stats", "GET", path, answers.STATS, query=_STATS)
        if (index := stats.indices.get(target)) is None:
            return None
        last = [
            copy.seq_no.max_seq_no
            for copies in index.shards.values()
            for copy in copies
            if copy.routing.primary and copy.seq_no is not None
        ]
        return f"{index.uuid}:{sum(last) + shards}" if len(last) == shards else None

    async def _documents(
        self, target: str, ids: list[str], vectors: frozenset[str], allowance: Allowance
    ) -> dict[str, Document]:
        """In halves where the answer is too large. Texts go no further than this."""
        query = {"size": 2 * len(ids), "query": {"ids": {"values": ids}}}
        try:
            found = await self._search("documents", target, query, allowance)
        except NotAnswered as error:
            half = len(ids) // 2
            if error.reason != Reason.OVERSIZED_ANSWER or not half or not allowance.left:
                raise
            return {
                name: each
                for part in (ids[:half], ids[half:])
                for name, each in (await self._documents(target, part, vectors, allowance)).items()
            }
        if len({each.id for each in found}) != len(found):
            raise self._server.refuse(
                NotSupported,
                Reason.AMBIGUOUS,
                f"{target} has several documents of one id, written with different routings",
            )
        try:
            return await asyncio.to_thread(_hashed, found, vectors)
        except TooDeep:
            raise self._server.refuse(
                NotSupported,
                Reason.NOT_SUPPORTED,
                f"{target} has a document of more than {DEEPEST} levels, so its documents cannot "
                "be compared",
            ) from None

    async def _search(
        self,
        operation: str,
        target: str,
        body: dict[str, object],
        allowance: Allowance | None = None,
    ) -> list[answers.Hit]:
        path = f"/{quoted(target)}/_search"
        found = await self._server.call(
            operation,
            "POST",
            path,
            answers.FOUND,
            query=_WHOLE,
            body=body,
            long=True,
            allowance=allowance,
        )
        self._refuse_partial(found)
        if found.timed_out:
            raise self._server.refuse(
                NotAnswered, Reason.TIMED_OUT, f"{operation}: it gave up the search"
            )
        return found.hits.hits

    def _refuse_partial(self, found: answers.Partial) -> None:
        """200 is answered too where shards failed."""
        if found.shards.failed:
            raise self._partial(found)

    def _partial(self, found: answers.Partial) -> StagingMirrorError:
        return self._server.refuse(
            NotAnswered,
            Reason.HALF_READ,
            f"{found.shards.failed} of {found.shards.total} shards did not answer",
        )


def _hashed(found: Sequence[answers.Hit], vectors: frozenset[str]) -> dict[str, Document]:
    return {each.id: document_of(each.source or {}, vectors) for each in found}
