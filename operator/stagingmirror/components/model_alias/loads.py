"""Which version each workload of ``loadedBy`` really runs, as its pods were started."""

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from stagingmirror.api.spec.track.model_alias import LoadedBy
from stagingmirror.component import Side
from stagingmirror.drift.facts import Unseen
from stagingmirror.reading.offers import Named, not_readable, refuse_parts
from stagingmirror.reading.places import workload_of
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.running import (
    Ran,
    clock_skew,
    first_start,
    started,
    started_before,
    variable_of,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import WorkloadSubject
from stagingmirror.sources.mlflow.subjects import (
    AliasSubject,
    ModelAlias,
    ModelVersion,
    RegistryAlias,
    VersionSubject,
)

_NUMBER = re.compile(r"[0-9]{1,18}")
_URI = re.compile(
    r"models:/(?P<model>[^/:?]{1,256})(?:/(?P<number>[0-9]{1,18})|@(?P<alias>[^/@:?]{1,256}))",
    re.ASCII,
)


class Version(NamedTuple):
    """A version of a registered model; numbers count per model and registry."""

    model: str
    number: str


def names_a_version(uri: str, model: str) -> bool:
    """Whether a URI with a version's number is read as one of this registered model."""
    found = _URI.fullmatch(uri)
    return found is not None and found["model"] == model


@dataclass(frozen=True, slots=True)
class Load:
    """``declared``: not proven by a pod. ``former``: before what its pods were started, so that
    they run a former version that cannot be determined; None: they run this one. ``started``: when
    the first of its pods was (POSIX s). ``made_from``: the variables whose values name the version.
    """

    workload: WorkloadSubject
    version: Version
    declared: bool
    former: str | None
    started: float | None
    made_from: frozenset[str] = frozenset()

    @property
    def stale(self) -> bool:
        return self.former is not None


def load_of(reading: Reading, side: Side, loader: LoadedBy, alias: RegistryAlias) -> Load:
    """Raises Ended (Absent, RollingOut, NothingRuns, NotReadable, NotComparable, ClockSkew)."""
    place = workload_of(loader, side)
    workload = reading.get(place)
    if loader.restart or loader.container is None or loader.variable is None:
        return _by_alias(reading, alias, place)
    if (why := not_readable([Named(side, "variables", loader.variable)])) is not None:
        raise reading.unseen(why.reason, f"{why.message} The version is in it: list it there.")
    ran = variable_of(reading, workload, loader.container, loader.variable)
    where = f"variable {loader.variable} of container {loader.container} of {place}"
    refuse_parts(reading, where, side, ran.variable.made_from, shown=True)
    load = _by_variable(reading, side, alias, place, ran, where)
    return replace(load, made_from=ran.variable.made_from)


def _by_variable(
    reading: Reading,
    side: Side,
    alias: RegistryAlias,
    place: WorkloadSubject,
    ran: Ran,
    where: str,
) -> Load:
    text = _text_of(reading, ran, where)
    if _NUMBER.fullmatch(text):
        return _by_number(reading, alias, place, ran, Version(alias.model, str(int(text))))
    uri = _URI.fullmatch(text)
    if uri is None:
        raise reading.unseen(
            Reason.NOT_COMPARABLE,
            f"{where} names no version; use its number, or models:/{alias.model}/NUMBER.",
        )
    if uri["model"] != alias.model:
        if (why := not_readable([Named(side, "models", uri["model"])])) is not None:
            raise reading.unseen(why.reason, f"{where} names another model: {why.message}")
        reading.finding(f"{where} names another registered model: {uri['model']}.")
    if uri["number"]:
        version = Version(uri["model"], str(int(uri["number"])))
        return _by_number(reading, alias, place, ran, version)
    reading.finding(
        f"{where} names an alias ({text}), which can change under its name; use a version's number."
    )
    named = RegistryAlias(side.environment, uri["model"], uri["alias"])
    return _by_alias(reading, named, place)


def _by_number(
    reading: Reading, alias: RegistryAlias, place: WorkloadSubject, ran: Ran, version: Version
) -> Load:
    """A workload that was started with a version's number. A registered model that was deleted and
    registered anew gives its numbers again, so a pod that is older than the version runs a former
    one. Raises Ended (ClockSkew).
    """
    found = reading.view.get(VersionSubject(alias.environment, *version))
    started_at = first_start(ran.pods)
    if isinstance(found, Unseen) or found.value is None or started_at is None:
        # Where this version counts, that is found out when its facts are read.
        return Load(place, version, ran.declared, former=None, started=None)
    workload, margin = reading.get(place), reading.view.clock_margin + found.value.skew
    since = _named_since(reading, alias, version, found.value)
    former, declared = None, ran.declared
    if started_before(reading, workload, ran.pods, since.after, margin):
        former = since.what
    elif started_at < int(since.after):
        declared = True  # one of its containers was started anew since
    elif started_at <= since.by + margin:
        raise clock_skew(reading, workload, margin)
    return Load(place, version, declared, former, started_at)


class _NamedSince(NamedTuple):
    """The number certainly did not name this version up to ``after``, and certainly does since
    ``by`` (POSIX s). ``what`` happened in between.
    """

    after: float
    by: float
    what: str


def _named_since(
    reading: Reading, alias: RegistryAlias, version: Version, found: ModelVersion
) -> _NamedSince:
    """The registered model may have been created since, or renamed."""
    what = f"version {version.number} was created"
    if version.model != alias.model:
        return _NamedSince(found.created, found.created, what)
    named = reading.get(AliasSubject.of(alias))
    by = found.created if named.model_created is None else named.model_created
    renamed = named.renamed
    if renamed is None or renamed.after < max(by, found.created):
        return _NamedSince(found.created, by, what)
    return _NamedSince(*renamed, f"another registered model was given the name {version.model}")


def _by_alias(reading: Reading, alias: RegistryAlias, place: WorkloadSubject) -> Load:
    """A workload that reads the alias when it starts. No system reports what it then read, so
    that is concluded from when it started.
    """
    workload, named = reading.get(place), reading.get(AliasSubject.of(alias))
    version = reading.get(VersionSubject(alias.environment, alias.model, named.version))
    when = started(
        reading,
        workload,
        earliest=_former_until(named, version),
        latest=named.moved,
        skew=version.skew,
        by_api_server=False,
    )
    return Load(
        place,
        Version(alias.model, named.version),
        declared=when != "after",
        former=f"alias {alias.alias} named version {named.version}" if when == "before" else None,
        started=first_start(workload.pods),
    )


def _former_until(alias: ModelAlias, version: ModelVersion) -> float:
    """Until when the alias certainly did not name this version: it was seen naming another one, or
    the version was not there yet.
    """
    seen = alias.moved if alias.unmoved is None else alias.unmoved
    return version.created if seen is None else max(seen, version.created)


def _text_of(reading: Reading, ran: Ran, where: str) -> str:
    if ran.variable.source != "value" or ran.variable.value is None:
        raise reading.unseen(
            Reason.NOT_COMPARABLE,
            f"{where} does not hold its value itself ({ran.variable.source}); "
            "set it with value, or use restart: true.",
        )
    return ran.variable.value.strip()
