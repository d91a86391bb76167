"""Where a setting's value is on each side, and who reads it."""

from dataclasses import dataclass

from stagingmirror.api.spec.track.setting import AnnotationOf, ConfigMapKey, Setting, VariableOf
from stagingmirror.component import Side, Sides
from stagingmirror.drift.places import Place
from stagingmirror.reading.offers import Named
from stagingmirror.reading.places import cluster_of, namespace_of, workload_of
from stagingmirror.sources.kubernetes import subjects

ValueReference = ConfigMapKey | VariableOf | AnnotationOf


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """The one place of a value, with the cluster and the namespace that are really meant."""

    cluster: str
    reference: ValueReference
    namespace: str

    @property
    def workload(self) -> subjects.WorkloadSubject | None:
        """The workload that carries the value; None for a ConfigMap."""
        if isinstance(self.reference, ConfigMapKey):
            return None
        kind, name = self.reference.kind, self.reference.name
        return subjects.WorkloadSubject(self.cluster, kind, self.namespace, name)

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
    return ValuePlace(cluster_of(side), reference, namespace_of(reference.namespace, side))


def users_of(entry: Setting, side: Side) -> tuple[subjects.WorkloadSubject, ...]:
    """The workloads that read the value when they start, each once."""
    own = entry.staging.used_by if side.role == "staging" else None
    users = entry.production.used_by if own is None else own
    return tuple(dict.fromkeys(workload_of(user, side) for user in users))


def namespaces_of(entry: Setting, side: Side) -> tuple[str, ...]:
    """Where the value and its users are."""
    users = (user.namespace for user in users_of(entry, side))
    return place_in(entry, side).namespace, *users


def named_in(entry: Setting, sides: Sides) -> tuple[Named, ...]:
    """What the entry names and both admins must offer."""
    return tuple(_named(place_in(entry, side), side) for side in (sides.production, sides.staging))


def _named(place: ValuePlace, side: Side) -> Named:
    match place.reference:
        case ConfigMapKey(name=name):
            return Named(side, "config_maps", name)
        case VariableOf(variable=variable):
            return Named(side, "variables", variable)
        case AnnotationOf(key=key):
            return Named(side, "annotations", key)


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
    same_cluster = production.cluster == staging.cluster
    if same_cluster and write_of(production) == write_of(staging):
        return str(production)
    shared = _workloads(entry, sides.production) & _workloads(entry, sides.staging)
    return str(min(shared)) if shared else None


def _workloads(entry: Setting, side: Side) -> set[subjects.WorkloadSubject]:
    carrier = place_in(entry, side).workload
    return {*users_of(entry, side), *([carrier] if carrier else [])}
