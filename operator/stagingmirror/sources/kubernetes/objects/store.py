"""The cached objects of one kind, found by uid, by name and by what made them."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from stagingmirror.sources.kubernetes.objects.entries import Entry

E = TypeVar("E", bound=Entry)


class Store(Generic[E]):
    """Plain dictionaries; whoever feeds it decides what is true. Not safe across threads."""

    def __init__(self) -> None:
        self._spaces: dict[str, dict[str, E]] = {}
        self._names: dict[tuple[str, str], E] = {}
        self._owned: dict[tuple[str, str], tuple[E, ...]] = {}

    def put(self, entry: E, *, anyway: bool = False) -> bool:
        """True where more than the resourceVersion is new. Never goes back to an older version, but
        with ``anyway``.
        """
        former = self.get(entry.namespace, entry.uid)
        if former is not None:
            if not anyway and not newer(entry.resource_version, former.resource_version):
                return False
            self._remove(former)
        self._spaces.setdefault(entry.namespace, {})[entry.uid] = entry
        if entry.owner:
            owner = entry.namespace, entry.owner
            self._owned[owner] = (*self._owned.get(owner, ()), entry)
        else:
            self._names[entry.namespace, entry.name] = entry
        return entry != former

    def drop(self, namespace: str, uid: str) -> E | None:
        """What was dropped."""
        former = self.get(namespace, uid)
        if former is not None:
            self._remove(former)
        return former

    def get(self, namespace: str, uid: str) -> E | None:
        return self._spaces.get(namespace, {}).get(uid)

    def named(self, namespace: str, name: str) -> E | None:
        """Only what nothing else made."""
        return self._names.get((namespace, name))

    def owned(self, namespace: str, uid: str) -> tuple[E, ...]:
        """An owner is in the same namespace: what names one of another namespace has no owner,
        whoever wrote that.
        """
        return self._owned.get((namespace, uid), ())

    def within(self, namespace: str | None) -> Iterator[E]:
        """Everything, or what is in one namespace."""
        if namespace is not None:
            yield from self._spaces.get(namespace, {}).values()
            return
        for space in self._spaces.values():
            yield from space.values()

    def namespaces(self) -> frozenset[str]:
        return frozenset(self._spaces)

    def __len__(self) -> int:
        return sum(map(len, self._spaces.values()))

    def _remove(self, entry: E) -> None:
        space = self._spaces[entry.namespace]
        del space[entry.uid]
        if not space:
            del self._spaces[entry.namespace]
        if not entry.owner:
            # Deleted and made again, the name already means the new one.
            if self._names[entry.namespace, entry.name] is entry:
                del self._names[entry.namespace, entry.name]
            return
        owner = entry.namespace, entry.owner
        left = tuple(one for one in self._owned[owner] if one is not entry)
        if left:
            self._owned[owner] = left
        else:
            del self._owned[owner]


def newer(one: str, other: str) -> bool:
    """Whether a resourceVersion is newer. They are numbers that grow, comparable within a kind."""
    return int(one) > int(other)
