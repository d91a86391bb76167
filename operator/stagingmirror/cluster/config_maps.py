"""The data of the ConfigMaps that somebody reads, fetched when their metadata says that they
changed.

All ConfigMaps of a namespace are watched by metadata only: others' data (up to a MiB each) is never
sent, decoded or kept.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from stagingmirror.cluster import objects
from stagingmirror.cluster.answers import shaped
from stagingmirror.cluster.client import KubernetesClient
from stagingmirror.cluster.objects import Versioned
from stagingmirror.cluster.pausing import Pausing
from stagingmirror.cluster.resources import CONFIG_MAPS
from stagingmirror.cluster.store import Store, newer
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotThere, StagingMirrorError
from stagingmirror.view import ConfigMap

Key = tuple[str, str]
"""Namespace and name."""
AT_ONCE = 8
LONGEST_BEHIND = 300.0
"""Seconds."""
_NOT_READ = Why("NotSeenYet", "The ConfigMap has not been read yet.")


@dataclass(frozen=True, slots=True)
class Read:
    """``good_until``: where metadata told of a newer version, when this one was last proven to be
    the newest (POSIX s); else None.
    """

    config_map: ConfigMap
    good_until: float | None = None


class ConfigMaps:
    """Reads what is wanted, a bounded number at once; ``run`` does the reading."""

    def __init__(
        self,
        client: KubernetesClient,
        store: Store[Versioned],
        *,
        clock: Callable[[], float],
        proven: Callable[[str], float],
        changed: Callable[[Key], None],
    ) -> None:
        """``proven``: when the metadata of a namespace were last proven (POSIX s)."""
        self._client = client
        self._store = store
        self._clock = clock
        self._proven = proven
        self._changed = changed
        self._news: dict[Key, float] = {}
        """When it was told of each that what was read is not the newest any more."""
        self._wanted: set[Key] = set()
        self._read: dict[Key, Read] = {}
        self._trouble: dict[Key, Why] = {}
        self._reading: dict[Key, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._group: asyncio.TaskGroup | None = None

    def want(self, key: Key) -> None:
        self._wanted.add(key)
        self._catch_up(key)

    def unwant(self, key: Key) -> None:
        self._wanted.discard(key)
        self._forget(key)

    def told(self, key: Key) -> None:
        """Its metadata changed, or it came or went."""
        if key not in self._wanted:
            return
        if self._store.named(*key) is None:
            self._forget(key)
            self._changed(key)
            return
        known = self._read.get(key)
        if known and known.good_until is None and not self.current(key):
            self._read[key] = Read(known.config_map, self._proven(key[0]))
            self._news[key] = self._clock()
        self._catch_up(key)

    def behind_since(self) -> float | None:
        """Since when a change is known that was not read yet; None: there is none. One that cannot
        be read for long is told by the age of the look instead.
        """
        now = self._clock()
        waiting = (at for at in self._news.values() if now - at <= LONGEST_BEHIND)
        return min(waiting, default=None)

    def current(self, key: Key) -> bool:
        """What was read is at least as new as what metadata tell."""
        told, known = self._store.named(*key), self._read.get(key)
        if told is None or known is None:
            return told is None
        return not newer(told.resource_version, known.config_map.resource_version)

    def read(self, key: Key) -> Read | Why:
        """What was read last, or why there is nothing."""
        return self._read.get(key) or self._trouble.get(key) or _NOT_READ

    def trouble(self, key: Key) -> Why | None:
        """Why the newest reading failed."""
        return self._trouble.get(key)

    async def settle(self, key: Key) -> None:
        """Wait until a reading that is under way has ended."""
        if (task := self._reading.get(key)) is not None:
            await asyncio.wait([task])

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for key in self._wanted:
                self._catch_up(key)
            try:
                await asyncio.Event().wait()
            finally:
                self._group = None

    def _catch_up(self, key: Key) -> None:
        if self._group is None or key in self._reading or self.current(key):
            return
        self._reading[key] = self._group.create_task(self._read_one(key))

    async def _read_one(self, key: Key) -> None:
        try:
            await self._keep_reading(key)
        finally:
            # At once, not by a callback: news that come now must start a new reading.
            del self._reading[key]
            if key not in self._wanted:
                self._forget(key)

    async def _keep_reading(self, key: Key) -> None:
        """Until what was read is what metadata tell, or nobody wants it any more."""
        pausing = Pausing()
        while key in self._wanted and not self.current(key):
            try:
                async with self._slots:
                    body = await self._client.request("GET", CONFIG_MAPS.path(*key))
                self._read[key] = Read(shaped(body, "GET configmaps", objects.config_map))
                self._trouble.pop(key, None)
                self._news.pop(key, None)
            except NotThere:
                await pausing.after_failure()  # the watch will tell that it is gone
                continue
            except StagingMirrorError as error:
                self._trouble[key] = Why(error.reason, error.message)
                await pausing.after_failure()
                continue
            self._changed(key)

    def _forget(self, key: Key) -> None:
        for place in (self._read, self._trouble, self._news):
            place.pop(key, None)
