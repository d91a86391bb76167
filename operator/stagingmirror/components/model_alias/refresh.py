"""What brings production's model into staging: copy, alias, workloads."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.track.model_alias import LoadedBy, ModelAlias
from stagingmirror.api.types.quantity import parse_bytes
from stagingmirror.component import Side, Sides
from stagingmirror.components.model_alias.loads import Version, load_of, names_a_version
from stagingmirror.components.model_alias.names import alias_in, loaders_in
from stagingmirror.components.model_alias.observe import MODEL, VERSION
from stagingmirror.components.model_alias.offers import Offered
from stagingmirror.components.model_alias.rules import refuse_unproven, shares_registry
from stagingmirror.components.model_alias.version_facts import CONTENT, hash_of, version_facts
from stagingmirror.drift.facts import Absent, Fact, Observation, Seen
from stagingmirror.drift.steps import Produced, Value
from stagingmirror.drift.wording import size
from stagingmirror.errors import CannotRefresh
from stagingmirror.reading.offers import not_readable
from stagingmirror.reading.patches import needed, patches, refuse_unseen
from stagingmirror.reading.places import workload_of
from stagingmirror.reading.reading import Ended, Reading
from stagingmirror.reading.running import container_of, refuse_repeated
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import Workload, WorkloadSubject
from stagingmirror.sources.kubernetes.write.field_patch import FieldWrite, Restart, SetVariable
from stagingmirror.sources.mlflow.subjects import (
    AliasSubject,
    Content,
    ModelVersion,
    RegistryAlias,
    VersionSubject,
)
from stagingmirror.view import View

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loader:
    """A workload of staging, what it names and what it runs now; None where that is not known, or a
    former one.
    """

    entry: LoadedBy
    place: WorkloadSubject
    workload: Workload
    names: Version | None
    runs: Version | None


@dataclass(frozen=True, slots=True)
class Staging:
    alias: RegistryAlias
    names: Version | None
    """What the alias names; None: there is no such alias."""
    loaders: tuple[Loader, ...]


def steps(
    component: str,
    offered: Offered,
    production: Seen,
    staging: Observation,
    view: View,
) -> tuple[ExecutableStep, ...]:
    """Nothing where staging is right already. Raises CannotRefresh."""
    refuse_unseen(staging)
    if (why := not_readable(offered.named())) is not None:
        raise CannotRefresh(why.reason, why.message)
    sides, reading = offered.sides, Reading(view, staging.began)
    now = _now(reading, offered.entry, sides)
    theirs = Version(production.facts[MODEL].value, production.facts[VERSION].value)
    made: tuple[ExecutableStep, ...] = ()
    target: Value
    if shares_registry(sides) and theirs.model == now.alias.model:
        target = theirs.number
    elif (there := _there_already(reading, offered, now, production.facts)) is not None:
        target = there
    else:
        wanted = production.facts[CONTENT].value
        copy = _copy(component, offered, theirs, wanted, now.alias, reading)
        made, target = (copy,), Produced(copy.id)
    into_registry = (*made, *_alias(component, now, target))
    if into_registry:
        refuse_unproven(sides, now.alias, view)
        _refuse_productions(now.alias, view)
    return (*into_registry, *patches(component, _fields(now, target)))


def _refuse_productions(alias: RegistryAlias, view: View) -> None:
    """The step refuses it too, but only after a copy was made."""
    is_production = view.is_production(alias)
    if is_production is None:
        raise CannotRefresh(
            Reason.REGISTRY_NOT_PROVEN,
            f"a StagingMirror names alias {alias.alias} of {alias.model} as production's, and it is"
            " not proven that this is another registry, so it is not moved.",
        )
    if is_production:
        raise CannotRefresh(
            Reason.PRODUCTION_IS_READ_ONLY,
            f"a StagingMirror names alias {alias.alias} of {alias.model} as production's, so it is "
            "never moved; name another alias for staging.",
        )


def _now(reading: Reading, entry: ModelAlias, sides: Sides) -> Staging:
    alias = alias_in(entry, sides.staging)
    named = _if_there(lambda: reading.get(AliasSubject.of(alias)).version)
    loaders = tuple(
        _loader(reading, each, alias, sides) for each in loaders_in(entry, sides.staging)
    )
    return Staging(alias, Version(alias.model, named) if named else None, loaders)


def _loader(reading: Reading, loader: LoadedBy, alias: RegistryAlias, sides: Sides) -> Loader:
    place = workload_of(loader, sides.staging)
    workload = needed(lambda: reading.get(place))
    if (container := loader.container) is not None:
        needed(lambda: container_of(reading, workload, container))
    load = _if_there(lambda: load_of(reading, sides.staging, loader, alias))
    names = None if load is None else load.version
    runs = None if load is None or load.stale else names
    return Loader(loader, place, workload, names, runs)


def _there_already(
    reading: Reading, offered: Offered, now: Staging, production: Mapping[str, Fact]
) -> str | None:
    """A version that staging names or runs and that is like production's in everything compared:
    then nothing is copied.
    """
    known = dict.fromkeys([now.names, *(loader.runs for loader in now.loaders)])
    wanted = _compared(production)
    for version in known:
        if version is not None and version.model == now.alias.model:
            facts = _facts(reading, offered, now.alias.environment, version)
            if facts is not None and _compared(facts) == wanted:
                return version.number
    return None


def _facts(
    reading: Reading, offered: Offered, environment: str, version: Version
) -> Mapping[str, Fact] | None:
    try:
        found = reading.get(VersionSubject(environment, *version))
        return version_facts(reading, found, offered, declared=True)
    except Ended:
        return None  # not seen is not the same: a copy finds out, and reuses what is there


def _compared(facts: Mapping[str, Fact]) -> dict[str, str]:
    return {name: fact.value for name, fact in facts.items() if fact.compared}


def _copy(
    component: str,
    offered: Offered,
    theirs: Version,
    content_hash: str,
    alias: RegistryAlias,
    reading: Reading,
) -> CopyModel:
    environment = offered.sides.production.environment
    version = needed(lambda: reading.get(VersionSubject(environment, *theirs)))
    content = version.content
    if not isinstance(content, Content) or hash_of(content) != content_hash:
        raise CannotRefresh(
            Reason.CHANGED_UNDERNEATH,
            f"the bytes of production's version {theirs.number} changed after they were judged; "
            "the next check judges them anew.",
        )
    total = sum(file.size for file in content.files.values())
    _refuse_large(total, offered.sides.staging)
    _refuse_partial(version, offered)
    return CopyModel(
        id=f"copy-{component}",
        components=(component,),
        from_environment=environment,
        from_model=theirs.model,
        from_version=theirs.number,
        to_environment=alias.environment,
        to_model=alias.model,
        tree_hash=content.tree_hash,
        files=len(content.files),
        size=total,
        tags=offered.readable("tags"),
        parameters=offered.readable("parameters"),
        compared_tag=offered.entry.data_snapshot_tag,
    )


def _refuse_partial(version: ModelVersion, offered: Offered) -> None:
    """A copy without what is compared would always differ."""
    for name in sorted(version.parameters):
        if offered.parameter(name) == "comparable":
            why = not_readable(offered.logged("parameters", name))
            assert why is not None, "it is only comparable"
            raise CannotRefresh(why.reason, why.message)


def _refuse_large(total: int, staging: Side) -> None:
    """What staging may not read could be copied, and never be compared there."""
    if total > parse_bytes(staging.spec.content.max_bytes):
        raise CannotRefresh(
            Reason.TOO_LARGE,
            f"the version has {size(total)}, more than content.maxBytes of environment "
            f'"{staging.environment}"; ask its owner to raise it.',
        )


def _alias(component: str, now: Staging, target: Value) -> Iterator[MoveAlias]:
    if now.names is None or now.names.number != target:
        yield MoveAlias(
            id=f"alias-{component}",
            components=(component,),
            environment=now.alias.environment,
            model=now.alias.model,
            alias=now.alias.alias,
            version=target,
            new=now.names is None,
        )


def _fields(now: Staging, target: Value) -> Iterator[tuple[WorkloadSubject, FieldWrite]]:
    """What is written into workloads. One that names the right version, and was started before it,
    is restarted. A CronJob reads the alias or its variable with its next Job: nothing to restart.
    """
    for loader in now.loaders:
        entry = loader.entry
        if loader.runs is not None and loader.runs == (now.alias.model, target):
            continue
        named = loader.names is not None and loader.names == (now.alias.model, target)
        if entry.container is not None and entry.variable is not None and not named:
            refuse_repeated(loader.workload, entry.container, entry.variable)
            written = _written(entry, now.alias.model, target)
            yield loader.place, SetVariable(entry.container, entry.variable, written)
        elif loader.place.kind != "CronJob":
            yield loader.place, Restart()


def _written(loader: LoadedBy, model: str, target: Value) -> Value:
    if loader.value == "Version":
        return target
    if not names_a_version(f"models:/{model}/1", model):
        raise CannotRefresh(
            Reason.BAD_NAME,
            f'models:/… cannot hold the name "{model}" of the registered model; use value: Version '
            f"for variable {loader.variable}.",
        )
    form = f"models:/{model}/{{value}}"
    return (
        form.replace("{value}", target) if isinstance(target, str) else Produced(target.step, form)
    )


def _if_there(read: Callable[[], T]) -> T | None:
    """None where it is proven not to be there. Raises CannotRefresh where it cannot be seen."""
    try:
        return read()
    except Ended as ended:
        if isinstance(ended.observation, Absent):
            return None
        raise CannotRefresh(ended.why.reason, ended.why.message) from None
