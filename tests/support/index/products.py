"""An index on both sides of a small world, and what its kind says of it."""

from dataclasses import replace
from typing import Any

from stagingmirror.actions.copies.mask_index import MaskIndex
from stagingmirror.actions.copies.restore_index import RestoreIndex
from stagingmirror.actions.switch_index import SwitchIndex
from stagingmirror.component import Sides
from stagingmirror.components.index_snapshot import IndexSnapshotKind
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Observation, Observations, Seen
from stagingmirror.drift.steps import Step
from stagingmirror.drift.verdict import Verdict
from stagingmirror.sources.index.subjects import (
    ComparedIndexes,
    IndexAlias,
    IndexContent,
    IndexFacts,
    IndexPair,
    IndexSubject,
    Mark,
    SampleComparison,
    ServedIndex,
    Snapshot,
    VectorField,
)
from support.kinds.builders import (
    NOW,
    STAGING,
    World,
    container,
    entry_of,
    environment,
    pod,
    sides,
    workload,
)
from support.sandbox.rehearsal import Rehearsal, rehearse

KIND = IndexSnapshotKind()
VECTOR = VectorField("embedding", 768, "cosine", "hnsw/lucene", {"m": "16"})
SUBJECTS = {
    "production": IndexSubject("production", "vectors", "products"),
    "staging": IndexSubject("staging", "vectors", "products", "IndexDocuments"),
}
OWN = IndexSubject("staging", "vectors", "products")
"""Staging's, where it builds its own."""
PAIR = IndexPair(
    IndexAlias("production", "vectors", "products"), IndexAlias("staging", "vectors", "products")
)
DAY = 86_400.0
SEARCH = {"kind": "Deployment", "name": "search-api"}


def store(**more: Any) -> dict[str, Any]:
    return {
        "name": "vectors",
        "type": "OpenSearch",
        "url": "https://opensearch.example:9200",
        "aliases": ["products"],
        "repository": "snapshots",
        **more,
    }


SIDES: Sides = sides(
    environment(indexStores=[store(copies="Allowed")]),
    environment("Staging", indexStores=[store()]),
)

JOB = {"namespace": "ml-masking", "cronJob": "mask", "container": "mask", "variable": "INDEX"}
MASKED_SIDES: Sides = sides(
    environment(indexStores=[store(copies="AfterJob")]),
    environment("Staging", indexStores=[store(maskingJob=JOB)]),
)


def around(production: dict[str, Any] | None = None, **staging: Any) -> Sides:
    return sides(
        environment(
            indexStores=[store(**({"copies": "Allowed"} if production is None else production))]
        ),
        environment("Staging", indexStores=[store(**staging)]),
    )


def entry(**more: Any) -> Any:
    return entry_of(indexSnapshot={"production": {"store": "vectors", "alias": "products"}, **more})


def snapshot(day: int, *, complete: bool = True) -> Snapshot:
    """That of the ``day``-th of November."""
    at = NOW - (26 - day) * DAY
    return Snapshot(f"nightly-{day}", f"nightly-{day}", at, complete, ("products-7",))


def mark(day: int = 22, **more: Any) -> Mark:
    given = {
        "environment": "production",
        "index": "products-7",
        "snapshot": f"nightly-{day}",
        "taken": snapshot(day).taken,
        "refresh": "r1",
        "at": NOW - 1000,
        "documents": 500,
        "sample": "sha256:aa",
    }
    return Mark(**{**given, **more})


def index(target: str, **more: Any) -> IndexFacts:
    given: dict[str, Any] = {
        "vectors": (VECTOR,),
        "settings": {"analysis": "standard"},
        "manifest": {"embeddingModel": "e5@2", "tokenizer": "bert@1"},
        "built": NOW - 10 * DAY,
        "server": "OpenSearch 3.4.0",
    }
    return IndexFacts(target, **{**given, **more})


def served(facts: IndexFacts, *days: int, documents: int = 500, sample: str = "aa") -> ServedIndex:
    content = IndexContent(documents, f"sha256:{sample}", 64, NOW - 50)
    return ServedIndex((facts.target,), facts, tuple(map(snapshot, days)), content)


def serve(world: World, side: str, facts: IndexFacts, *days: int, **content: Any) -> World:
    return world.put(SUBJECTS[side], served(facts, *days, **content))


def indexes() -> World:
    """Staging serves production's newest snapshot."""
    world = serve(World(), "production", index("products-7"), 22, 20)
    return serve(world, "staging", index("products-7", mark=mark()))


def own_indexes(**compared: Any) -> World:
    """Each side has built its own, and documents of both were read an hour ago."""
    facts = index("products-7", content_version="v1")
    world = World()
    world.put(SUBJECTS["production"], served(facts))
    world.put(OWN, served(replace(facts, target="own")))
    given: dict[str, Any] = {
        "targets": ("products-7", "own"),
        "versions": ("v1", "v1"),
        "counts": (500, 500),
        "staging_count": 500,
        "sample": SampleComparison(64, 0, 0, 0),
        "read": NOW - 3700,
    }
    return world.put(PAIR, ComparedIndexes(**{**given, **compared}))


def with_search(world: World, *, started: float = NOW - 100) -> World:
    server = container()
    return world.add(
        workload(
            "search-api",
            STAGING,
            containers={"server": server},
            pods=(pod(server, name="server", started=started),),
        )
    )


def look(
    world: World, role: Any = "production", given: Any = None, around: Sides = SIDES
) -> Observation:
    return KIND.observe(given or entry(), around, role, world, NOW)


def verdict(world: World, given: Any = None, around: Sides = SIDES) -> Verdict:
    observations = Observations(
        look(world, "production", given, around), look(world, "staging", given, around)
    )
    return judge("component", observations, now=NOW, stale_after=60)


def plan(world: World, given: Any = None, around: Sides = SIDES) -> tuple[Step, ...]:
    production = look(world, given=given, around=around)
    assert isinstance(production, Seen)
    staging = look(world, "staging", given, around)
    return KIND.plan(given or entry(), around, production, staging, world)


@rehearse.register
def _(step: RestoreIndex, rehearsal: Rehearsal) -> None:
    name = rehearsal.produced[step.id] = f"{step.index}-restored"
    of = IndexSubject(step.from_environment, step.from_store, step.from_alias)
    theirs = rehearsal.world.others[of]
    left = mark(snapshot=step.snapshot, taken=step.taken, at=rehearsal.now)
    made = served(replace(theirs.facts, target=name, mark=left))
    rehearsal.world.put(IndexSubject(step.to_environment, step.to_store, name), made)


@rehearse.register
def _(step: MaskIndex, rehearsal: Rehearsal) -> None:
    (restored,) = rehearsal.produced.values()
    rehearsal.produced[step.id] = restored
    of = IndexSubject(step.to_environment, step.to_store, restored)
    made = rehearsal.world.others[of]
    left = replace(made.facts.mark, masked=True)
    rehearsal.world.put(of, replace(made, facts=replace(made.facts, mark=left)))


@rehearse.register
def _(step: SwitchIndex, rehearsal: Rehearsal) -> None:
    of = IndexSubject(step.environment, step.store, rehearsal.text(step.index))
    made = rehearsal.world.others.pop(of)
    rehearsal.world.put(
        IndexSubject(step.environment, step.store, step.alias, "IndexDocuments"), made
    )
