"""Which version each workload of ``loadedBy`` really runs, as its pods were started."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from stagingmirror.api.spec.model_alias import LoadedBy
from stagingmirror.component import Side
from stagingmirror.reading.offers import Named, not_readable, refuse_parts
from stagingmirror.reading.places import workload_of
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.running import Ran, started, variable_of
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import Workload, WorkloadSubject
from stagingmirror.sources.mlflow.subjects import (
    AliasSubject,
    ModelAlias,
    ModelVersion,
    RegistryAlias,
    VersionSubject,
)

_NUMBER = re.compile(r"[0-9]{1,18}")
_URI = re.compile(
    r"models:/(?P<model>[^/@:]{1,256})(?:/(?P<number>[0-9]{1,18})|@(?P<alias>[^/@:]{1,256}))",
    re.ASCII,
)


class Version(NamedTuple):
    """A version of a registered model; numbers count per model and registry."""

    model: str
    number: str


@dataclass(frozen=True, slots=True)
class Load:
    """``declared``: not proven by a pod. ``stale``: its pods started before the alias named this
    version, so they run a former one that cannot be determined.
    """

    workload: WorkloadSubject
    version: Version
    declared: bool
    stale: bool = False


def load_of(reading: Reading, side: Side, loader: LoadedBy, alias: RegistryAlias) -> Load:
    """Raises Ended (Absent, RollingOut, NothingRuns, NotReadable, NotComparable)."""
    place = workload_of(loader, side)
    workload = reading.get(place)
    if loader.restart or loader.container is None or loader.variable is None:
        return _by_alias(reading, alias, workload, place)
    if (why := not_readable([Named(side, "variables", loader.variable)])) is not None:
        raise reading.unseen(why.reason, f"{why.message} The version is in it: list it there.")
    ran = variable_of(reading, workload, loader.container, loader.variable)
    where = f"variable {loader.variable} of container {loader.container} of {place}"
    refuse_parts(reading, where, side, ran.variable.made_from, shown=True)
    text = _text_of(reading, ran, where)
    if _NUMBER.fullmatch(text):
        return Load(place, Version(alias.model, str(int(text))), ran.declared)
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
        return Load(place, Version(uri["model"], str(int(uri["number"]))), ran.declared)
    reading.finding(
        f"{where} names an alias ({text}), which can change under its name; use a version's number."
    )
    named = RegistryAlias(side.environment, uri["model"], uri["alias"])
    return _by_alias(reading, named, workload, place)


def _by_alias(
    reading: Reading, alias: RegistryAlias, workload: Workload, place: WorkloadSubject
) -> Load:
    """A workload that reads the alias when it starts. No system reports what it then read, so
    that is concluded from when it started.
    """
    named = reading.get(AliasSubject.of(alias))
    version = reading.get(VersionSubject(alias.environment, alias.model, named.version))
    when = started(reading, workload, earliest=_former_until(named, version), latest=named.moved)
    return Load(
        place,
        Version(alias.model, named.version),
        declared=when != "after",
        stale=when == "before",
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
