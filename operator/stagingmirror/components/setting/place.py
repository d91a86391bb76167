"""Where a setting's value is on each side, and who reads it."""

from collections.abc import Collection
from dataclasses import dataclass

from stagingmirror.api.spec.setting import AnnotationOf, ConfigMapKey, Setting, VariableOf
from stagingmirror.component import Side, Sides
from stagingmirror.drift.facts import Why
from stagingmirror.drift.places import Place
from stagingmirror.reading.places import namespace_of, workload_of
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes import subjects

ValueReference = ConfigMapKey | VariableOf | AnnotationOf


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """The one place of a value, with the namespace that is really meant."""

    reference: ValueReference
    namespace: str

    @property
    def workload(self) -> subjects.WorkloadSubject | None:
        """The workload that carries the value; None for a ConfigMap."""
        if isinstance(self.reference, ConfigMapKey):
            return None
        return subjects.WorkloadSubject(self.reference.kind, self.namespace, self.reference.name)

    def __str__(self) -> str:
        match self.reference:
            case ConfigMapKey(name=name, key=key):
                return f"key {key} of ConfigMap {self.namespace}/{name}"
            case VariableOf(container=container, variable=variable):
                return f"variable {variable} of container {container} of {self.workload}"
            case AnnotationOf(key=key):
                return f"annotation {key} of {self.workload}"


def place_in(entry: Setting, side: Side) -> ValuePlace:
    """Staging's own place, where it names one; else the place as in production."""
    staging, production = entry.staging, entry.production
    own = staging.config_map or staging.variable or staging.annotation
    theirs = production.config_map or production.variable or production.annotation
    reference = own if side.role == "staging" and own is not None else theirs
    assert reference is not None, "production names exactly one place"
    return ValuePlace(reference, namespace_of(reference.namespace, side))


def users_of(entry: Setting, side: Side) -> tuple[subjects.WorkloadSubject, ...]:
    """The workloads that read the value when they start, each once."""
    own = entry.staging.used_by if side.role == "staging" else None
    users = entry.production.used_by if own is None else own
    return tuple(dict.fromkeys(workload_of(user, side) for user in users))


def readable_in(place: ValuePlace, side: Side) -> bool:
    """Whether an admin allows that this side's value is shown and copied."""
    _, name, _, listed = _listing(place, side)
    return name in listed


def not_readable(entry: Setting, sides: Sides) -> Why | None:
    """Why the value is compared by its HMAC, so that there is nothing to write."""
    for side in (sides.production, sides.staging):
        what, name, field, listed = _listing(place_in(entry, side), side)
        if name not in listed:
            return Why(
                Reason.NOT_READABLE,
                f"{what} {name} is not listed in readable.{field} of environment "
                f'"{side.environment}"; its values are compared, but neither shown nor copied.',
            )
    return None


def _listing(place: ValuePlace, side: Side) -> tuple[str, str, str, Collection[str]]:
    """What an admin lists for this place: its sort, its name, the field of ``readable``, and the
    names in it.
    """
    readable = side.spec.readable
    match place.reference:
        case ConfigMapKey(name=name):
            return "ConfigMap", name, "configMaps", readable.config_maps
        case VariableOf(variable=variable):
            return "variable", variable, "variables", readable.variables
        case AnnotationOf(key=key):
            return "annotation", key, "annotations", readable.annotations


def write_of(place: ValuePlace) -> Place:
    """The field that a refresh writes in this place."""
    match place.reference:
        case ConfigMapKey(name=name, key=key):
            return subjects.ConfigMapKey(place.namespace, name, key)
        case VariableOf(kind=kind, name=name, container=container, variable=variable):
            field = f"variable {variable} of {container}"
            return subjects.WorkloadField(kind, place.namespace, name, field)
        case AnnotationOf(kind=kind, name=name, key=key):
            return subjects.WorkloadField(kind, place.namespace, name, f"annotation {key}")


def same_place(entry: Setting, sides: Sides) -> str | None:
    """What both sides share, if anything: the place, or a workload that carries or reads it."""
    production, staging = place_in(entry, sides.production), place_in(entry, sides.staging)
    if write_of(production) == write_of(staging):
        return str(production)
    shared = _workloads(entry, sides.production) & _workloads(entry, sides.staging)
    return str(min(shared)) if shared else None


def _workloads(entry: Setting, side: Side) -> set[subjects.WorkloadSubject]:
    carrier = place_in(entry, side).workload
    return {*users_of(entry, side), *([carrier] if carrier else [])}
