"""Where a setting's value is on each side, and who reads it."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from stagingmirror.api.spec.environment.endpoint import Endpoint, endpoint_named
from stagingmirror.api.spec.environment.object_store import place_of
from stagingmirror.api.spec.track.setting import Setting, SettingProduction, SettingStaging
from stagingmirror.api.spec.track.setting_place import (
    AnnotationOf,
    ArgumentOf,
    ConfigMapKey,
    TableOf,
    ValueAt,
    VariableOf,
)
from stagingmirror.component import Side, Sides
from stagingmirror.drift.facts import Why
from stagingmirror.drift.places import Place
from stagingmirror.reading.offers import Named
from stagingmirror.reading.places import cluster_of, namespace_of, workload_of
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.subjects import AnswerSubject
from stagingmirror.sources.kubernetes import subjects
from stagingmirror.sources.kubernetes.write.field_patch import argument_field
from stagingmirror.sources.objectstore.subjects import TableSubject

ValueReference = ConfigMapKey | VariableOf | AnnotationOf | ArgumentOf | TableOf | ValueAt


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """The one place of a value, with the cluster and the namespace that are really meant. ``table``
    is that of a table: its URI is empty where the environment has no such store. ``answer`` is that
    of an endpoint.
    """

    cluster: str
    reference: ValueReference
    namespace: str
    table: TableSubject | None = None
    answer: AnswerSubject | None = None

    @property
    def is_in_cluster(self) -> bool:
        return self.table is None and self.answer is None

    @property
    def workload(self) -> subjects.WorkloadSubject | None:
        """The workload that carries the value; None where none does."""
        if isinstance(self.reference, ConfigMapKey | TableOf | ValueAt):
            return None
        kind, name = self.reference.template, self.reference.name
        return subjects.WorkloadSubject(self.cluster, kind, self.namespace, name)

    def __str__(self) -> str:
        match self.reference:
            case ConfigMapKey(name=name, key=key):
                return f"key {key} of ConfigMap {self.namespace}/{name}"
            case VariableOf(container=container, variable=variable):
                return f"variable {variable} of container {container} of {self.workload}"
            case AnnotationOf(key=key):
                return f"annotation {key} of {self.workload}"
            case ArgumentOf(container=container, flag=flag):
                return f"argument {flag} of container {container} of {self.workload}"
            case TableOf(store=store, path=path):
                return f"table {path} of object store {store}"
            case ValueAt(endpoint=endpoint, pointer=pointer):
                return f"{pointer} in the answer of endpoint {endpoint}"


def place_in(entry: Setting, side: Side) -> ValuePlace:
    """Staging's own place, where it names one; else the place as in production."""
    own = _reference(entry.staging)
    reference = own if side.role == "staging" and own is not None else _reference(entry.production)
    assert reference is not None, "production names exactly one place"
    if isinstance(reference, TableOf):
        return ValuePlace("", reference, side.namespace, _table_in(reference, side))
    if isinstance(reference, ValueAt):
        answer = AnswerSubject(side.environment, reference.endpoint)
        return ValuePlace("", reference, side.namespace, answer=answer)
    return ValuePlace(cluster_of(side), reference, namespace_of(reference.namespace, side))


def _reference(side: SettingProduction | SettingStaging) -> ValueReference | None:
    of_workloads = side.variable or side.annotation or side.argument
    return side.config_map or of_workloads or side.table or side.endpoint


def _table_in(table: TableOf, side: Side) -> TableSubject:
    store = next((each for each in side.spec.object_stores if each.name == table.store), None)
    uri = "" if store is None else f"{place_of(store).uri}/{table.path}"
    return TableSubject(side.environment, uri)


def no_server(entry: Setting, sides: Sides) -> Why | None:
    """Why a table or an answer cannot be read: its environment has no such store or endpoint."""
    for side in (sides.production, sides.staging):
        place = place_in(entry, side)
        if isinstance(place.reference, ValueAt) and _endpoint(place.reference, side) is None:
            return Why(
                Reason.NO_ENDPOINT,
                f'environment "{side.environment}" has no endpoints entry '
                f"{place.reference.endpoint}; ask its owner to add it, or correct the name.",
            )
        if isinstance(place.reference, TableOf) and place.table is not None and not place.table.uri:
            return Why(
                Reason.NO_STORE,
                f'environment "{side.environment}" has no objectStores entry '
                f"{place.reference.store}; ask its owner to add it, or correct the name.",
            )
    return None


def _endpoint(value: ValueAt, side: Side) -> Endpoint | None:
    return endpoint_named(value.endpoint, side.spec.endpoints)


def users_of(entry: Setting, side: Side) -> tuple[subjects.WorkloadSubject, ...]:
    """The workloads that read the value when they start, each once."""
    own = entry.staging.used_by if side.role == "staging" else None
    users = entry.production.used_by if own is None else own
    return tuple(dict.fromkeys(workload_of(user, side) for user in users))


def namespaces_of(entry: Setting, side: Side) -> tuple[str, ...]:
    """Where the value and its users are."""
    users, place = (user.namespace for user in users_of(entry, side)), place_in(entry, side)
    return (place.namespace, *users) if place.is_in_cluster else tuple(users)


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
        case ArgumentOf(flag=flag):
            return Named(side, "arguments", flag)
        case TableOf():
            return Named(side, "object_stores", "" if place.table is None else place.table.uri)
        case ValueAt(endpoint=endpoint, pointer=pointer):
            return Named(side, "pointers", f"{endpoint}{pointer}")


def write_of(place: ValuePlace) -> Place | None:
    """The field that a refresh writes in this place; None: only the loader writes a table, and
    nothing what an endpoint answers.
    """
    match place.reference:
        case ConfigMapKey(name=name, key=key):
            return subjects.ConfigMapKey(place.namespace, name, key)
        case VariableOf(template=kind, name=name, container=container, variable=variable):
            field = f"variable {variable} of {container}"
            return subjects.WorkloadField(kind, place.namespace, name, field)
        case AnnotationOf(kind=kind, name=name, key=key):
            return subjects.WorkloadField(kind, place.namespace, name, f"annotation {key}")
        case ArgumentOf(template=kind, name=name, container=container, flag=flag):
            field = argument_field(container, flag)
            return subjects.WorkloadField(kind, place.namespace, name, field)
        case TableOf() | ValueAt():
            return None


def same_place(entry: Setting, sides: Sides) -> str | None:
    """What both sides share, if anything: the place, or a workload that carries or reads it."""
    production, staging = place_in(entry, sides.production), place_in(entry, sides.staging)
    if not production.is_in_cluster or not staging.is_in_cluster:
        reached = _reached(entry, sides.production) & _reached(entry, sides.staging)
        return str(production) if reached else None
    same_cluster = production.cluster == staging.cluster
    if same_cluster and write_of(production) == write_of(staging):
        return str(production)
    shared = _workloads(entry, sides.production) & _workloads(entry, sides.staging)
    return str(min(shared)) if shared else None


def _reached(entry: Setting, side: Side) -> set[tuple[str, str]]:
    """The server of a side's table or answer, and what is read there."""
    reference = place_in(entry, side).reference
    if isinstance(reference, ValueAt):
        found = _endpoint(reference, side)
        url = "" if found is None else found.url
        path = f"{urlsplit(url).path.rstrip('/')} {reference.pointer}"
        return {(_server(url), path)} if found is not None else set()
    stores = [s for s in side.spec.object_stores if s.name == getattr(reference, "store", "")]
    table = _table_in(reference, side) if isinstance(reference, TableOf) else None
    return {(_server(each.endpoint), table.uri) for each in stores if table is not None}


def _server(endpoint: str | None) -> str:
    """Host and port that an endpoint leads to; those of AWS itself are one, of whatever region: a
    bucket's name is there once.
    """
    parts = urlsplit(endpoint or "")
    host = (parts.hostname or "").lower().rstrip(".")
    if re.fullmatch(r"s3([.-][a-z0-9.-]+)?\.amazonaws\.com(\.cn)?", host):
        return ""
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return f"{host}:{port}" if host else ""


def _workloads(entry: Setting, side: Side) -> set[subjects.WorkloadSubject]:
    carrier = place_in(entry, side).workload
    return {*users_of(entry, side), *([carrier] if carrier else [])}
