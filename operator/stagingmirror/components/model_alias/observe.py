"""A model alias as facts: of the version that runs, and of everything that points elsewhere.

Each side has one version whose facts count. In production all workloads must run it, else nothing
is known yet. In staging it is the first one's, and whatever runs or names another version is a
compared fact of its own, so that a reader sees exactly which.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from stagingmirror.api.spec.track.model_alias import ModelAlias
from stagingmirror.component import Role, Side
from stagingmirror.components.model_alias.loads import Load, Version, load_of
from stagingmirror.components.model_alias.names import alias_in, in_registry, loaders_in
from stagingmirror.components.model_alias.offers import Offered
from stagingmirror.components.model_alias.version_facts import (
    CONTENT,
    details_of,
    has_snapshot,
    version_facts,
)
from stagingmirror.components.model_alias.withheld import withholding
from stagingmirror.drift.facts import Fact, Seen, Why
from stagingmirror.reading.offers import refuse_not_offered
from stagingmirror.reading.overwritten import doubts
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.stored_bytes import note_age
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.subjects import (
    AliasSubject,
    Content,
    ModelVersion,
    RegistryAlias,
    VersionSubject,
)

MODEL = "model"
VERSION = "version"
ALIAS = "alias"
# Instead of numbers, of a model that is only comparable.
_ELSEWHERE = "another version"


@dataclass(frozen=True, slots=True)
class Standing:
    """What one side's alias names, and what its workloads load."""

    alias: RegistryAlias
    names: Version
    loads: tuple[Load, ...]

    @property
    def runs(self) -> Version:
        """The version whose facts count."""
        current = [load.version for load in self.loads if not load.stale]
        return current[0] if current else self.names

    @property
    def declared(self) -> bool:
        """Whether some workload is not proven to run it."""
        return not self.loads or any(load.declared for load in self.loads)


def standing_of(reading: Reading, entry: ModelAlias, side: Side) -> Standing:
    """Raises Ended."""
    alias = alias_in(entry, side)
    named = in_registry(reading, side, AliasSubject.of(alias))
    loads = tuple(load_of(reading, side, each, alias) for each in loaders_in(entry, side))
    return Standing(alias, Version(alias.model, named.version), loads)


def facts_of(offered: Offered, role: Role, reading: Reading) -> Seen:
    """Raises Ended where nothing is known, or proven not to be there."""
    refuse_not_offered(reading, offered.named())
    side = offered.sides.production if role == "production" else offered.sides.staging
    return withholding(offered.model(side), lambda: _facts_of(offered, side, reading))


def _facts_of(offered: Offered, side: Side, reading: Reading) -> Seen:
    standing = standing_of(reading, offered.entry, side)
    if side.role == "production":
        _must_agree(reading, standing)
    version = in_registry(reading, side, VersionSubject(side.environment, *standing.runs))
    if side.role == "production":
        _must_have_snapshot(reading, version, offered.entry.data_snapshot_tag)
    overwritten = _overwritten(reading, standing, version, offered)
    declared = standing.declared or bool(overwritten)
    facts = version_facts(reading, version, offered, declared=declared)
    if isinstance(version.content, Content):
        note_age(reading, side, version.content)
    facts[CONTENT] = replace(facts[CONTENT], doubt=next(iter(overwritten), None))
    if not offered.only_compared:
        facts |= _names(standing)
        _add_findings(reading, standing, side, overwritten)
    if side.role == "staging":
        # Read so that it is watched: a refresh may find that nothing needs copying.
        reading.view.get(VersionSubject(side.environment, *standing.names))
        shown = offered.model(side).is_readable
        facts |= {name: fact if shown else Fact(_ELSEWHERE) for name, fact in _elsewhere(standing)}
    return reading.seen(facts, {} if offered.only_compared else details_of(version))


def _names(standing: Standing) -> dict[str, Fact]:
    """Numbers and names are shown, never compared: each registry counts for itself. The version is
    declared where nothing proves that it runs.
    """
    names = {
        MODEL: standing.runs.model,
        VERSION: standing.runs.number,
        ALIAS: standing.names.number,
    }
    for load in standing.loads:
        names[f"runs.{load.workload.kind}/{load.workload.name}"] = _version(load)
    facts = {name: Fact(value, compared=False) for name, value in names.items()}
    facts[VERSION] = replace(
        facts[VERSION],
        declared=standing.declared,
        made_from=tuple(sorted(frozenset().union(*(load.made_from for load in standing.loads)))),
    )
    return facts


def _overwritten(
    reading: Reading, standing: Standing, version: ModelVersion, offered: Offered
) -> tuple[Why, ...]:
    """Why workloads may hold other bytes: they were started before the version's bytes changed."""
    changed = version.content.changed if isinstance(version.content, Content) else None
    which = "the version" if offered.only_compared else f"version {standing.runs.number}"
    started = [
        (each.workload, each.started)
        for each in standing.loads
        if not each.stale and each.version == standing.runs
    ]
    return doubts(reading, f"the bytes of {which}", started, changed)


def _elsewhere(standing: Standing) -> Iterator[tuple[str, Fact]]:
    """Production has no such facts, so each of them is a difference."""
    for load in standing.loads:
        name = f"loadedBy.{load.workload.kind}/{load.workload.name}"
        if load.stale:
            yield name, Fact(_version(load))
        elif load.version != standing.runs:
            yield name, Fact(f"runs {_other(load.version, standing.runs)}")
    if standing.names != standing.runs:
        yield "aliasNames", Fact(_other(standing.names, standing.runs))


def _must_agree(reading: Reading, standing: Standing) -> None:
    """Staging cannot follow two versions, nor one that cannot be determined."""
    for load in standing.loads:
        if load.stale:
            raise reading.unseen(
                Reason.NOT_YET_RUNNING,
                f"production's {load.workload} was started before {load.former}, so it runs a "
                "former one that cannot be determined; restart it, or wait for its next rollout.",
            )
    if len({load.version for load in standing.loads}) > 1:
        raise reading.unseen(
            Reason.VERSIONS_DIFFER,
            f"production's workloads run different versions: {_list(standing.loads)}; staging can "
            "follow one.",
        )


def _must_have_snapshot(reading: Reading, version: ModelVersion, tag: str | None) -> None:
    """What an entry asks for and production does not have cannot be compared, and is not left out
    silently.
    """
    if tag is not None and not has_snapshot(version, tag):
        raise reading.unseen(
            Reason.NOTHING_TO_MIRROR,
            f"dataSnapshotTag: neither production's version {version.version} nor its run has a "
            f'value for tag "{tag}"; set it there, correct the name, or remove dataSnapshotTag.',
        )


def _add_findings(
    reading: Reading,
    standing: Standing,
    side: Side,
    overwritten: Iterable[Why],
) -> None:
    alias, number = standing.alias.alias, standing.names.number
    for why in overwritten:
        reading.finding(why.message)
    if not standing.loads:
        reading.finding(
            f"{side.role}: the alias {alias} names version {number}; what runs is not known "
            "(no loadedBy)."
        )
    elif standing.names != standing.runs:
        reading.finding(
            f"{side.role}: the alias {alias} names version {number}, but other versions run: "
            f"{_list(standing.loads)}."
        )


def _list(loads: Iterable[Load]) -> str:
    return ", ".join(f"{load.workload} {_version(load)}" for load in loads)


def _version(load: Load) -> str:
    number = load.version.number
    return f"one before version {number}" if load.stale else f"version {number}"


def _other(version: Version, runs: Version) -> str:
    of = "" if version.model == runs.model else f" of {version.model}"
    return f"version {version.number}{of}, not {runs.number}"
