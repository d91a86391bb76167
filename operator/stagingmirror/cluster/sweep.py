"""Whether a cache says what a consistent LIST says. Pure.

A watch tells what changed; nothing tells that nothing was lost. So a LIST of metadata is compared
with the cache, object by object, by resourceVersion.
"""

from collections.abc import Iterable, Mapping, Set
from typing import Any, NamedTuple

from stagingmirror.cluster.objects import version_of
from stagingmirror.cluster.store import E, Store, newer


class Listed(NamedTuple):
    """One object as the LIST showed it."""

    namespace: str
    uid: str
    name: str
    resource_version: str


def listed(item: Mapping[str, Any]) -> Listed:
    metadata = item["metadata"]
    return Listed(metadata["namespace"], metadata["uid"], metadata["name"], version_of(metadata))


def behind(rows: Iterable[Listed], store: Store[E], deleted: Set[str]) -> list[Listed]:
    """Rows that the cache has not seen yet. A cache that is ahead of the LIST is right.

    ``deleted``: uids whose deletion was told since the LIST began.
    """
    return [row for row in rows if _is_behind(row, store, deleted)]


def vanished(entries: Iterable[E], seen: Set[str], listed_at: str) -> list[E]:
    """Cached objects that the LIST does not have, without those that are newer than the LIST."""
    return [
        entry
        for entry in entries
        if entry.uid not in seen and not newer(entry.resource_version, listed_at)
    ]


def _is_behind(row: Listed, store: Store[E], deleted: Set[str]) -> bool:
    cached = store.get(row.namespace, row.uid)
    if cached is None:
        return row.uid not in deleted
    return newer(row.resource_version, cached.resource_version)
