"""Two OpenSearch servers on the wire that hold documents, and a source that reads both."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen
from stagingmirror.settings import Settings
from stagingmirror.sources.index.source import IndexSource
from stagingmirror.sources.index.stores import OnServerCall, Stores
from stagingmirror.sources.index.subjects import ComparedIndexes, IndexAlias, IndexPair
from stagingmirror.view import Observed
from support.index.fake_opensearch import ROOT, FakeOpenSearch, Json, hits, index
from support.index.ground import PLANTED
from support.mlflow.registries import serving
from support.operators.waiting import holds

QUICK = Settings(upstream_timeout=1.0, artifact_timeout=1.0)
PAIR = IndexPair(
    IndexAlias("production", "vectors", "docs"), IndexAlias("staging", "vectors", "docs")
)


def document(number: int) -> Json:
    return {"text": f"{PLANTED} {number}", "vec": [0.6, 0.8, number / 100]}


class DocumentStore(FakeOpenSearch):
    """The alias ``docs`` leads to ``docs-2``. ``sampled`` is called before each answer that holds
    documents, with how many there were so far.
    """

    def __init__(self, uuid: str, documents: int = 10) -> None:
        super().__init__()
        self.documents = {str(each): document(each) for each in range(documents)}
        self.writes = documents
        self.samples = 0
        self.sampled: Callable[[int], object] = lambda _: None
        self.lead("docs-2")
        self.answers["GET /"] = {**ROOT, "cluster_uuid": uuid}

    def lead(self, target: str) -> None:
        aliases: Json = {"aliases": {"docs": {}}}
        self.answers |= {
            "GET /docs/_alias/docs": {target: aliases},
            f"GET /{target}": {target: index()},
            f"GET /{target}/_stats": lambda _: self._stats(target),
            f"GET /{target}/_count": lambda _: {
                "count": len(self.documents),
                "_shards": {"total": 1, "failed": 0},
            },
            f"POST /{target}/_search": self._search,
        }

    def write(self, identity: str, found: Json | None) -> None:
        """None: remove it."""
        self.writes += 1
        if found is None:
            del self.documents[identity]
        else:
            self.documents[identity] = found

    def _stats(self, target: str) -> Json:
        copy = {"routing": {"primary": True}, "seq_no": {"max_seq_no": self.writes - 1}}
        return {"indices": {target: {"uuid": "of-the-index", "shards": {"0": [copy]}}}}

    def _search(self, body: Json) -> Json:
        wanted = body["query"].get("ids")
        if wanted is None:
            return hits(*({"_id": each} for each in [*self.documents][: body["size"]]))
        self.sampled(self.samples)
        self.samples += 1
        return hits(
            *(
                {"_id": each, "_source": self.documents[each]}
                for each in wanted["values"]
                if each in self.documents
            )
        )


@dataclass
class Pairs:
    production: DocumentStore
    staging: DocumentStore
    source: IndexSource
    now: list[float]
    addresses: dict[str, str]
    changes: list[Any] = field(default_factory=list)

    def configure(self, **store: Any) -> None:
        specs = {
            role: MirrorEnvironmentSpec.model_validate(
                {
                    "role": role.capitalize(),
                    "minCheckInterval": "1s",
                    "indexStores": [
                        {
                            "name": "vectors",
                            "type": "OpenSearch",
                            "url": url,
                            "aliases": ["docs"],
                            **store,
                        }
                    ],
                }
            )
            for role, url in self.addresses.items()
        }
        self.source.configure(specs, {})

    def get(self) -> Observed[ComparedIndexes] | Unseen:
        return self.source.get(PAIR)

    async def compared(self) -> ComparedIndexes:
        await holds(lambda: isinstance(self.get(), Observed))
        found = self.get()
        assert isinstance(found, Observed)
        assert found.value is not None
        return found.value

    async def unseen(self, reason: str) -> Unseen:
        await holds(lambda: isinstance(f := self.get(), Unseen) and f.why.reason == reason)
        found = self.get()
        assert isinstance(found, Unseen)
        return found

    async def demand(self) -> None:
        """As ``check --bytes`` does."""
        self.now[0] += 1.0
        await self.source.prove([PAIR], since=self.now[0], read_bytes=True)


@asynccontextmanager
async def pairs(
    production: DocumentStore | None = None,
    staging: DocumentStore | None = None,
    on_call: OnServerCall = lambda *_: None,
    **store: Any,
) -> AsyncIterator[Pairs]:
    """The pair is wanted, and read by a clock that stands unless a test moves it."""
    one, other = production or DocumentStore("one"), staging or DocumentStore("other")
    now, changes = [1_800_000_000.0], list[Any]()
    async with AsyncExitStack() as stack:
        addresses = {
            "production": await stack.enter_async_context(serving(one.answer)),
            "staging": await stack.enter_async_context(serving(other.answer)),
        }
        stores = Stores(settings=QUICK, on_call=on_call, folder=lambda *_: None)  # type: ignore[arg-type] # no store of files
        source = IndexSource(clock=lambda: now[0], on_change=changes.append, stores=stores)
        made = Pairs(one, other, source, now, addresses, changes)
        made.configure(**store)
        source.want(PAIR, 30.0)
        running = asyncio.create_task(source.run())
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
