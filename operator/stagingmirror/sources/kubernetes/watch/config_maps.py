"""The data of the ConfigMaps that are wanted, read when their metadata show that they changed.

All ConfigMaps of a namespace are watched by metadata only: others' data (up to a MiB each) is never
sent, decoded or kept.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotThere, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.errors import shaped
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.objects import parse
from stagingmirror.sources.kubernetes.objects.entries import Versioned
from stagingmirror.sources.kubernetes.objects.store import Store, newer
from stagingmirror.sources.kubernetes.subjects import ConfigMap
from stagingmirror.sources.kubernetes.watch.backoff import Backoff
from stagingmirror.sources.kubernetes.watch.watched_kinds import RESOURCES

# Namespace and name.
Key = tuple[str, str]
AT_ONCE = 8
# Seconds after which data that are known to be old, and cannot be read anew, are not shown any
# more.
GIVE_UP = 15.0
_BUSY = Why(Reason.BUSY, "The ConfigMap changes faster than it can be read.")
_NOT_READ = Why(Reason.NOT_SEEN_YET, "The ConfigMap has not been read yet.")


@dataclass(frozen=True, slots=True)
class Read:
    """Data of one ``version``, read by a call that began at ``began`` (POSIX s). ``good_until``:
    where metadata have shown a newer version since, the last time as of which these data are
    proven; when they changed after that is not known.
    """

    config_map: ConfigMap
    version: str
    began: float
    good_until: float | None = None


class ConfigMaps:
    """Reads what is wanted, a bounded number at once; ``run`` does the reading.

    ``proven`` returns for a namespace when the newest proof of its metadata began. ``changed`` is
    called with when a change became known that made an answer old.
    """

    def __init__(
        self,
        client: KubernetesReader,
        store: Store[Versioned],
        *,
        clock: Callable[[], float],
        proven: Callable[[str], float],
        changed: Callable[[Key, float | None], None],
    ) -> None:
        self._client = client
        self._store = store
        self._clock = clock
        self._proven = proven
        self._changed = changed
        self._wanted: set[Key] = set()
        self._read: dict[Key, Read] = {}
        self._trouble: dict[Key, Why] = {}
        self._unread: dict[Key, float] = {}
        self._counted_anew = 0
        self._reading: dict[Key, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._group: asyncio.TaskGroup | None = None

    def want(self, key: Key) -> None:
        self._wanted.add(key)
        self._catch_up(key)

    def unwant(self, key: Key) -> None:
        self._wanted.discard(key)
        self._forget(key)

    def metadata_changed(self, key: Key) -> None:
        """Its metadata changed, or it came or went."""
        if key not in self._wanted:
            return
        if self._store.named(*key) is None:
            since = self._unread.get(key)
            self._forget(key)
            self._changed(key, since)
            return
        known = self._read.get(key)
        if known and not self.current(key):
            self._unread.setdefault(key, self._clock())
            if known.good_until is None:
                proven = max(known.began, self._proven(key[0]))
                self._read[key] = replace(known, good_until=proven)
        self._catch_up(key)

    def versions_went_back(self) -> None:
        """The cluster was set back: no version that was read proves anything."""
        self._counted_anew += 1
        for key, known in self._read.items():
            self._read[key] = replace(known, version="0")
        for key in list(self._wanted):
            self.metadata_changed(key)

    def current(self, key: Key) -> bool:
        """Whether what was read is at least as new as the metadata."""
        listed, known = self._store.named(*key), self._read.get(key)
        if listed is None or known is None:
            return listed is None
        return not newer(listed.resource_version, known.version)

    def oldest_unread(self) -> float | None:
        """Since when it is known (POSIX s) that some data are older than their metadata."""
        unread = [at for key, at in self._unread.items() if not self.current(key)]
        return min(unread, default=None)

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
            # At once, not by a callback: a change that comes now must start a new reading.
            del self._reading[key]
            if key not in self._wanted:
                self._forget(key)

    async def _keep_reading(self, key: Key) -> None:
        """Until what was read is what metadata show, or it is not wanted any more."""
        pausing = Backoff()
        while key in self._wanted and not self.current(key):
            try:
                await self._read_once(key)
                if not self.current(key):
                    self._give_up(key, _BUSY)
                    await pausing.after_failure()
            except NotThere:
                await pausing.after_failure()  # the watch will announce that it is gone
            except StagingMirrorError as error:
                self._trouble[key] = Why(error.reason, error.message)
                self._give_up(key, self._trouble[key])
                await pausing.after_failure()

    async def _read_once(self, key: Key) -> None:
        async with self._slots:
            began, counted = self._clock(), self._counted_anew
            body = await self._client.get(RESOURCES["ConfigMap"].path(*key))
        if counted != self._counted_anew:
            return
        config_map = shaped(body, "GET configmaps", parse.config_map)
        self._read[key] = Read(config_map, config_map.resource_version, began)
        self._trouble.pop(key, None)
        if self.current(key):
            since = self._unread.pop(key, None)
        else:
            since = self._unread.setdefault(key, began)
            self._read[key] = replace(self._read[key], good_until=began)
        self._changed(key, since)

    def _give_up(self, key: Key, why: Why) -> None:
        """What is known to be old is no answer for long; until then ``settled-at`` stands still."""
        since = self._unread.get(key)
        if since is not None and self._clock() - since > GIVE_UP:
            del self._unread[key], self._read[key]
            self._trouble[key] = why
            self._changed(key, since)

    def _forget(self, key: Key) -> None:
        for place in (self._read, self._trouble, self._unread):
            place.pop(key, None)
