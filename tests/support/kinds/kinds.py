"""Every kind with small worlds in which both sides are equal, and ways to make them differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stagingmirror.component import Entry, Kind, Sides
from stagingmirror.components import CATALOGUE
from stagingmirror.sources.objectstore.subjects import FolderSubject
from support.index.products import (
    MASKED_SIDES,
    SEARCH,
    SUBJECTS,
    VECTOR,
    index,
    indexes,
    mark,
    serve,
    with_search,
)
from support.index.products import SIDES as INDEX_SIDES
from support.index.products import entry as index_entry
from support.kinds.builders import (
    DIGEST_A,
    DIGEST_B,
    NOW,
    PRODUCTION,
    STAGING,
    World,
    config_map,
    sides,
    version,
)
from support.kinds.features import IMAGE, features
from support.kinds.features import entry as image_entry
from support.kinds.fraud import (
    BY_RESTART,
    BY_VARIABLE,
    ELEVEN,
    SHARED,
    TWELVE,
    batch,
    registries,
    server,
)
from support.kinds.fraud import entry as model_entry
from support.kinds.snapshots import LOADER, NEW, OLD, TRAINER, loader, snapshots, trainer
from support.kinds.snapshots import entry as setting_entry
from support.objectstore.ranker import BATCH, keep, ranker, two_rankers, uri
from support.objectstore.ranker import ELEVEN as ELEVEN_FILES
from support.objectstore.ranker import SIDES as RANKER_SIDES
from support.objectstore.ranker import entry as ranker_entry
from support.objectstore.tables import TABLE, around, at, tables
from support.parity.answers import EXAMPLES as PARITY
from support.serving.worlds import EXAMPLES as SERVING
from support.settings.answered import EXAMPLES as ANSWERED
from support.settings.carried import EXAMPLES as CARRIED

CHAMPION = ("staging", "fraud-detector", "champion")
ANOTHER_FOLDER = ranker(STAGING, uri("staging", "2"), name="batch")
STAGINGS = FolderSubject("staging", uri("staging", "3"))
Change = Callable[[World], object]
_NONE: Mapping[str, Change] = {}


@dataclass(frozen=True, slots=True)
class Example:
    """``changes`` make staging differ, and a refresh mends each; others are ``reported``."""

    name: str
    entry: Entry[Any]
    equal: Callable[[], World]
    changes: Mapping[str, Change]
    sides: Sides
    reported: Mapping[str, Change]

    @property
    def kind(self) -> Kind[Any]:
        (kind,) = (each for each in CATALOGUE.values() if isinstance(self.entry.spec, each.spec))
        return kind


def _example(
    name: str,
    entry: Entry[Any],
    equal: Callable[[], World],
    changes: Mapping[str, Change],
    around: Sides | None = None,
    reported: Mapping[str, Change] = _NONE,
) -> Example:
    return Example(name, entry, equal, changes, around or sides(), reported)


def _pins(digest: str) -> Change:
    return lambda world: world.add(features(STAGING, f"{IMAGE}@{digest}", reported=(digest,)))


def _version(**fields: object) -> Change:
    """Staging's running version is another in one respect."""
    given: Any = {"files": TWELVE, **fields}
    return lambda world: world.register("staging", version("8", **given))


def _runs(value: str) -> Change:
    return lambda world: world.add(server(STAGING, value))


def _served() -> World:
    return registries("8").add(server(PRODUCTION, "12"), server(STAGING, "8"))


def _restarted() -> World:
    return registries("8").add(batch(PRODUCTION), batch(STAGING))


def _one_registry() -> World:
    """The same servers and versions under both names; the alias differs."""
    world = registries().add(server(PRODUCTION, "12"), server(STAGING, "12"))
    for number in ("11", "12"):
        world.register("staging", world.versions[("production", "fraud-detector", number)])
    return world.alias("staging", "12", name="live")


def _loaded() -> World:
    return snapshots(NEW, NEW).add(trainer(PRODUCTION), trainer(STAGING), loader())


def _snapshot(value: str) -> Change:
    return lambda world: world.add(config_map({"snapshot": value}, namespace=STAGING))


def _started_late(world: World) -> None:
    former = world.config_maps[(STAGING, "training-data")]
    world.add(replace(former, changed={"snapshot": NOW - 20}))


def _serves(**facts: Any) -> Change:
    """Staging's index is another in one respect."""
    return lambda world: serve(world, "staging", index("products-6", **facts))


def _holds(**content: Any) -> Change:
    return lambda world: serve(world, "staging", index("products-7", mark=mark()), **content)


EXAMPLES: tuple[Example, ...] = (
    _example(
        "modelAlias",
        model_entry(BY_VARIABLE),
        _served,
        {
            "another version runs": _runs("7"),
            "the alias moved away": lambda world: world.alias("staging", "7"),
            "bytes were overwritten": _version(files=ELEVEN),
            "another run": _version(origin_run_id="other"),
            "another parameter": _version(parameters={"max_depth": "8"}),
            "another signature": _version(signature="{}"),
            "other requirements": _version(requirements="numpy==2.1"),
            "another data snapshot": _version(dataset_inputs=("a@1",)),
            "no such alias": lambda world: world.aliases.pop(CHAMPION),
        },
    ),
    _example(
        "modelAlias, no loadedBy",
        model_entry(),
        lambda: registries("8"),
        {"alias": lambda world: world.alias("staging", "7")},
    ),
    _example(
        "modelAlias, restart",
        model_entry(BY_RESTART),
        _restarted,
        {
            "alias": lambda world: world.alias("staging", "7"),
            "late": lambda world: world.alias("staging", "8", moved=NOW - 10, unmoved=NOW - 20),
        },
    ),
    _example(
        "modelAlias, one registry",
        model_entry(BY_VARIABLE, staging={"alias": "live"}),
        _one_registry,
        {
            "alias": lambda world: world.alias("staging", "11", name="live"),
            "another version runs": _runs("11"),
        },
        SHARED,
    ),
    _example(
        "pipelineImage",
        image_entry(),
        lambda: World().add(features(PRODUCTION), features(STAGING)),
        {
            "same tag": lambda world: world.add(features(STAGING, reported=(DIGEST_B,))),
            "pinned": _pins(DIGEST_B),
        },
    ),
    _example(
        "pipelineImage, nothing runs",
        image_entry(),
        lambda: World().add(
            *(features(side, f"{IMAGE}@{DIGEST_A}", ()) for side in (PRODUCTION, STAGING))
        ),
        {"pinned": lambda world: world.add(features(STAGING, f"{IMAGE}@{DIGEST_B}", ()))},
    ),
    _example(
        "setting",
        setting_entry(used_by=[TRAINER], load=LOADER),
        _loaded,
        {
            "value": _snapshot(OLD),
            "no key": lambda w: w.add(config_map({}, namespace=STAGING)),
            "late": _started_late,
        },
    ),
    _example(
        "setting, masked",
        setting_entry({"value": "masked/{value}"}),
        lambda: snapshots(NEW, f"masked/{NEW}"),
        {"value": _snapshot(NEW)},
    ),
    _example(
        "setting, table",
        setting_entry(place=TABLE, load=LOADER),
        lambda: tables(42, 42).add(loader()),
        {"version": lambda world: at(world, 41)},
        around(),
    ),
    _example(
        "modelFiles",
        ranker_entry(BATCH),
        two_rankers,
        {
            "bytes were overwritten": lambda world: keep(world, "staging", "3", ELEVEN_FILES),
            "another folder": lambda world: world.add(ANOTHER_FOLDER),
            "no such folder": lambda it: it.others.pop(
                FolderSubject("staging", uri("staging", "3"))
            ),
        },
        RANKER_SIDES,
    ),
    _example(
        "indexSnapshot",
        index_entry(usedBy=[SEARCH]),
        lambda: with_search(indexes()),
        {
            "an older snapshot": _serves(mark=mark(20)),
            "no refresh made it": _serves(),
            "somebody edited it": _holds(documents=501),
            "somebody edited a document": _holds(sample="bb"),
            "another dimension": _serves(vectors=(replace(VECTOR, dimensions=384),), mark=mark()),
            "more fields of vectors": _serves(
                vectors=tuple(replace(VECTOR, name=f"v{number}") for number in range(65)),
                mark=mark(),
            ),
            "another embedding model": _serves(manifest={"embeddingModel": "e5@1"}, mark=mark()),
            "another analyzer": _serves(settings={"analysis": "english"}, mark=mark()),
            "no such alias": lambda world: world.others.pop(SUBJECTS["staging"]),
            "late": lambda world: with_search(world, started=NOW - 2000),
        },
        INDEX_SIDES,
    ),
    _example(
        "indexSnapshot, behind",
        index_entry(maxBehind="48h"),
        lambda: serve(indexes(), "staging", index("products-7", mark=mark(20))),
        {"older": _serves(mark=mark(19))},
        INDEX_SIDES,
    ),
    _example(
        "indexSnapshot, masked",
        index_entry(),
        lambda: serve(indexes(), "staging", index("products-7", mark=mark(masked=True))),
        {"an older snapshot": _serves(mark=mark(20))},
        MASKED_SIDES,
    ),
    *(_example(*each) for each in (*PARITY, *CARRIED, *ANSWERED, *SERVING)),
)
