"""Our own resources as last seen: mirrors, environments and holds, in memory.

Fed by the edge (events), by the sweep (consistent LISTs) and by the answers to our own writes, in
any order: the newest resourceVersion wins, and a LIST that is older than a deletion does not bring
the deleted back. Only where the cluster itself was set back to a former state (a backup of etcd),
its versions begin anew, and the LIST that shows it wins.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeVar

from stagingmirror.engine.resources.compact import compact, spec_of_body, status_of_body
from stagingmirror.engine.resources.lookups import BY_UID, Lookup, Lookups

T = TypeVar("T")
Body = Mapping[str, Any]
Plural = Literal["stagingmirrors", "mirrorenvironments", "mirrorholds"]

PLURALS: tuple[Plural, ...] = ("stagingmirrors", "mirrorenvironments", "mirrorholds")


class Named(NamedTuple):
    """The key of a resource of ours; ``namespace`` is empty for an environment."""

    plural: Plural
    namespace: str
    name: str


class Changed(NamedTuple):
    """What a resource was and is now, None where it was not or is not there."""

    key: Named
    before: Body | None
    after: Body | None

    @property
    def matters(self) -> bool:
        """Whether spec, our annotations or status differ from what is known; of an environment
        the status is not read by anybody here.

        Our own status writes reach the cache with the API server's answer, before their event.
        """
        if self.before is None or self.after is None:
            return True
        parts = _wanted if self.key.plural == "mirrorenvironments" else _truth
        return parts(self.before) != parts(self.after)


def key_of(plural: Plural, body: Body) -> Named:
    metadata = body["metadata"]
    return Named(plural, metadata.get("namespace") or "", metadata["name"])


def version_of(body: Body) -> int:
    """resourceVersions of one resource can be compared as numbers; Kubernetes promises it."""
    return int(body["metadata"].get("resourceVersion") or 0)


def _wanted(body: Body) -> tuple[object, ...]:
    metadata = body["metadata"]
    parts = (metadata.get(each) for each in ("uid", "generation", "deletionTimestamp"))
    return (*parts, spec_of_body(body))


def _truth(body: Body) -> tuple[object, ...]:
    metadata = body["metadata"]
    names = ("uid", "generation", "annotations", "deletionTimestamp")
    return (*(metadata.get(name) for name in names), status_of_body(body))


class ResourceCache:
    """The last body of each resource, without managedFields; those of mirrors are compact."""

    def __init__(self) -> None:
        self._bodies: dict[Plural, dict[Named, Body]] = {plural: {} for plural in PLURALS}
        self._spaces: dict[tuple[Plural, str], dict[Named, Body]] = {}
        self._lookups: Lookups[Named] = Lookups()
        self._newest: dict[Plural, int] = dict.fromkeys(PLURALS, 0)
        self._gone: dict[Named, int] = {}
        self._made: dict[Named, tuple[Body, Any]] = {}
        # When the last whole LIST of each was requested (POSIX s); missing: never so far.
        self.listed: dict[Plural, float] = {}

    def put(self, plural: Plural, body: Body) -> Changed | None:
        """Take a body in; None where something newer is known already."""
        key = key_of(plural, body)
        known = self._bodies[plural].get(key)
        version = version_of(body)
        self._newest[plural] = max(version, self._newest[plural])
        if version <= self._gone.get(key, -1) or (known and version <= version_of(known)):
            return None
        return self._put(key, body)

    def remove(self, plural: Plural, body: Body) -> Changed | None:
        """Take a DELETED in; its body carries the resourceVersion of the deletion."""
        version = version_of(body)
        self._newest[plural] = max(version, self._newest[plural])
        return self._remove(key_of(plural, body), version)

    def newest(self, plural: Plural) -> int:
        """The newest resourceVersion that was seen. A LIST that begins now cannot be older, unless
        the cluster was set back.
        """
        return self._newest[plural]

    def replace(
        self, plural: Plural, bodies: Iterable[Body], *, version: int, began: float
    ) -> tuple[Changed, ...]:
        """Take a whole LIST in, as of resourceVersion ``version``; what it lacks is gone."""
        return tuple(self.replacing(plural, bodies, version=version, began=began))

    def replacing(
        self, plural: Plural, bodies: Iterable[Body], *, version: int, began: float
    ) -> Iterator[Changed]:
        """The same, one change after another: others may run in between, and newer bodies come."""
        self._newest[plural] = max(version, self._newest[plural])
        listed = {key_of(plural, body): body for body in bodies}
        gone = [key for key in self._bodies[plural] if key not in listed]
        for body in listed.values():
            if (change := self.put(plural, body)) is not None:
                yield change
        for key in gone:
            if (change := self._remove(key, version)) is not None:
                yield change
        for key in [key for key, at in self._gone.items() if key.plural == plural and at < version]:
            del self._gone[key]
        self.listed[plural] = began

    def set_back(
        self, plural: Plural, bodies: Iterable[Body], *, version: int, began: float
    ) -> tuple[Changed, ...]:
        """Take a whole LIST in of a cluster whose versions begin anew at ``version``: it is all
        that there is.
        """
        self._newest[plural] = version
        for key in [key for key in self._gone if key.plural == plural]:
            del self._gone[key]
        listed = {key_of(plural, body): body for body in bodies}
        gone = [self._drop(key) for key in self._bodies[plural].keys() - listed.keys()]
        self.listed[plural] = began
        return (*gone, *(self._put(key, body) for key, body in listed.items()))

    def get(self, plural: Plural, name: str, namespace: str = "") -> Body | None:
        return self._bodies[plural].get(Named(plural, namespace, name))

    def same(self, plural: Plural, body: Body) -> Body | None:
        """The cached body, where it is of the same version."""
        known = self._bodies[plural].get(key_of(plural, body))
        return known if known is not None and version_of(known) == version_of(body) else None

    def made_of(self, plural: Plural, body: Body, make: Callable[[Body], T]) -> T:
        """What ``make`` makes of the spec of a body, made once as long as that spec stays the same:
        parsing costs more than all else of a pass. One ``make`` per plural; it reads no status.
        """
        key = key_of(plural, body)
        known = self._made.get(key)
        if known is not None and (known[0] is body or _wanted(known[0]) == _wanted(body)):
            made: T = known[1]
        else:
            made = make(body)
        if key in self._bodies[plural]:
            self._made[key] = (body, made)
        return made

    def all(self, plural: Plural, namespace: str | None = None) -> tuple[Body, ...]:
        """Every body, or those of one namespace, in the order of their keys."""
        found = (
            self._bodies[plural] if namespace is None else self._spaces.get((plural, namespace), {})
        )
        return tuple(found[key] for key in sorted(found))

    def where(self, lookup: Lookup, key: Hashable) -> tuple[Body, ...]:
        """The bodies that this lookup has for ``key``, in the order of their names."""
        found = sorted(self._lookups.find(lookup, key))
        return tuple(self._bodies[name.plural][name] for name in found)

    def has_mirror(self, uid: str) -> bool:
        """Whether a mirror of this uid is there and not on its way out."""
        mirrors = self.where(BY_UID, uid)
        return any(not body["metadata"].get("deletionTimestamp") for body in mirrors)

    def count(self, plural: Plural) -> int:
        return len(self._bodies[plural])

    def _remove(self, key: Named, version: int) -> Changed | None:
        known = self._bodies[key.plural].get(key)
        if known is not None and version_of(known) > version:
            return None
        self._gone[key] = max(version, self._gone.get(key, -1))
        return None if known is None else self._drop(key)

    def _put(self, key: Named, body: Body) -> Changed:
        known = self._bodies[key.plural].get(key)
        kept = compact(body) if key.plural == "stagingmirrors" else _without_managed_fields(body)
        self._gone.pop(key, None)
        self._lookups.change(key.plural, key, known, kept)
        self._bodies[key.plural][key] = kept
        self._spaces.setdefault((key.plural, key.namespace), {})[key] = kept
        return Changed(key, known, kept)

    def _drop(self, key: Named) -> Changed:
        space = self._spaces[key.plural, key.namespace]
        del space[key]
        if not space:
            del self._spaces[key.plural, key.namespace]
        self._made.pop(key, None)
        known = self._bodies[key.plural].pop(key)
        self._lookups.change(key.plural, key, known, None)
        return Changed(key, known, None)


def _without_managed_fields(body: Body) -> Body:
    metadata = {k: v for k, v in body["metadata"].items() if k != "managedFields"}
    return {**body, "metadata": metadata}
