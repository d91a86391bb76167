"""LIST and WATCH of one kind, in one namespace or in all: keeps a store true, and knows since when.

A watch that is resumed from its resourceVersion without a 410 has no gap. Still, nothing is proven
by silence: ``proven`` moves only when a LIST began that agreed with the store
(``consistency_check``).
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from random import SystemRandom
from time import perf_counter
from typing import Any, Generic

from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAllowed, NotAnswered, StagingMirrorError
from stagingmirror.sources.kubernetes.api.errors import (
    FORBIDDEN,
    MALFORMED,
    NOT_ANSWERING,
    Expired,
    shaped,
    version_of,
)
from stagingmirror.sources.kubernetes.api.reader import SLICE, KubernetesReader
from stagingmirror.sources.kubernetes.objects.store import E, Store
from stagingmirror.sources.kubernetes.watch.backoff import Backoff
from stagingmirror.sources.kubernetes.watch.installed import (
    NOT_INSTALLED_FOR,
    NotInstalled,
    explained,
)
from stagingmirror.sources.kubernetes.watch.watched_kinds import Resource
from stagingmirror.sources.pause import Pause

LIST_PAGE = 250
_CHANCE = SystemRandom()


@dataclass(frozen=True, slots=True)
class WatchCallbacks(Generic[E]):
    """Called with what a watch learns. None may raise or wait."""

    changed: Callable[[E], None]
    settled: Callable[[], None]
    """A list was completed, or failed for a new reason."""
    refused: Callable[[], None]
    """A watch of all namespaces is forbidden."""
    set_back: Callable[[], None]
    """The cluster was set back to a former state: versions that were read prove nothing any more.
    """


class Watch(Generic[E]):
    """``covers``: the namespaces that the newest list was kept of. ``trouble``: why the newest
    request failed, or None. ``requested``: when the newest list began (POSIX s).
    """

    def __init__(
        self,
        client: KubernetesReader,
        resource: Resource[E],
        store: Store[E],
        *,
        namespace: str | None,
        wanted: Callable[[], frozenset[str]],
        callbacks: WatchCallbacks[E],
        clock: Callable[[], float],
        at_once: asyncio.Semaphore,
    ) -> None:
        self.client = client
        self.resource = resource
        self.store = store
        self.namespace = namespace
        self.covers: frozenset[str] = frozenset()
        # The namespaces that the newest list is, or is to be, kept of; None: none has begun.
        self.sought: frozenset[str] | None = None
        # The newest resourceVersion that was seen. A LIST that begins now cannot be older, unless
        # the cluster was set back.
        self.newest = 0
        self.requested = 0.0
        self.proven = 0.0
        self.trouble: Why | None = None
        # Uids whose deletion was announced; whoever compares clears it first.
        self.deleted: set[str] = set()
        # How many LISTs all watches make together. Taken before ``listing``.
        self.at_once = at_once
        # Held while a LIST is compared with, or taken into, the store.
        self.listing = asyncio.Lock()
        self.clock = clock
        # Until the next proof; ended when the stream goes on after it was interrupted, and where
        # something is wanted more often.
        self.resumed = Pause()
        self._was_interrupted = False
        # Set when a request has ended, well or not; who waits for it clears it first.
        self.tried = asyncio.Event()
        self._wanted = wanted
        self._callbacks = callbacks
        self._version: str | None = None
        self._interrupted = False
        self._following: asyncio.Task[None] | None = None
        self._pausing = Backoff()
        # Ends the pause before the next try.
        self.hurry = self._pausing.hurry
        # Called where it may not read all namespaces any more.
        self.refused = callbacks.refused

    async def run(self) -> None:
        """Until cancelled, or refused for all namespaces."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._following = group.create_task(self._follow())
                await asyncio.wait([self._following])
                if not self._following.cancelled():
                    return

    def relist(self) -> None:
        """Start over: other namespaces are wanted, or too much was missed."""
        self._version = None
        self.reopen()

    def reopen(self) -> None:
        """A stream that did not deliver everything is not to be trusted."""
        self._interrupted = True
        if self._following is not None:
            self._following.cancel()

    def take(self, entry: E, *, anyway: bool = False) -> None:
        """An object as a direct read showed it; ``anyway``: also where its version is older."""
        if self.store.put(entry, anyway=anyway):
            self._callbacks.changed(entry)

    def drop(self, namespace: str, uid: str) -> None:
        """An object that is proven to be gone."""
        self.deleted.add(uid)
        if (former := self.store.drop(namespace, uid)) is not None:
            self._callbacks.changed(former)

    def parsed(self, body: dict[str, Any]) -> E:
        """Raises NotAnswered where it is no such object."""
        return shaped(body, f"GET {self.resource.plural}", self.resource.parse)

    async def _follow(self) -> None:
        while True:
            begun = perf_counter()
            try:
                if self._version is None:
                    await self._list()
                await self._stream()
                await self._pausing.after_success(perf_counter() - begun)
            except Expired:
                self._version = None
                await self._pausing.after_failure()
            except NotAllowed as error:
                if self.namespace is None and error.reason == FORBIDDEN:
                    self.refused()
                    return
                await self._failed(error)
            except StagingMirrorError as error:
                await self._failed(error)

    async def _failed(self, error: StagingMirrorError) -> None:
        error = await explained(self.client, self.resource, error)
        why = Why(error.reason, error.message)
        known, self.trouble = self.trouble, why
        if isinstance(error, NotInstalled):
            self._forget()
        self._interrupted = True
        self.tried.set()
        if why != known:
            self._callbacks.settled()
        if isinstance(error, NotInstalled) or self.resource.cluster_wide:
            await self._pausing.for_long(NOT_INSTALLED_FOR)
        else:
            await self._pausing.after_failure()

    def _forget(self) -> None:
        """The kind is not there, so none of its objects is."""
        self._version, self.covers = None, frozenset()
        for former in list(self.store.within(self.namespace)):
            self.drop(former.namespace, former.uid)

    async def _list(self) -> None:
        async with self.at_once, self.listing:
            began, wanted, newest = self.clock(), self._wanted(), self.newest
            self.requested, self.sought = began, wanted
            entries, version = await self._read_all(wanted)
            set_back = int(version) < newest
            await self._replace(entries, anyway=set_back)
            if set_back:
                self._callbacks.set_back()
            self._version, self.covers, self.newest = version, wanted, int(version)
            self.proven = began
            self.trouble = None
        self._interrupted = False
        self.tried.set()
        self._callbacks.settled()

    async def _read_all(self, wanted: frozenset[str]) -> tuple[list[E], str]:
        def kept(body: dict[str, Any]) -> E | None:
            return self.parsed(body) if self.resource.space(body["metadata"]) in wanted else None

        entries: list[E] = []
        version = ""
        pages = self.client.pages(
            self.resource.path(self.namespace),
            limit=LIST_PAGE,
            metadata_only=self.resource.metadata_only,
            shape=kept,
        )
        async for page in pages:
            version = str(shaped(page["metadata"], f"GET {self.resource.plural}", version_of))
            entries += [entry for entry in page["items"] if entry is not None]
        return entries, version

    async def _replace(self, entries: list[E], *, anyway: bool) -> None:
        """What the list does not have is gone, also where no deletion was ever announced."""
        until = perf_counter() + SLICE
        for entry in entries:
            self.take(entry, anyway=anyway)
            if perf_counter() > until:
                await asyncio.sleep(0)
                until = perf_counter() + SLICE
        there = {entry.uid for entry in entries}
        for former in list(self.store.within(self.namespace)):
            if former.uid not in there:
                self.drop(former.namespace, former.uid)

    async def _stream(self) -> None:
        query = {
            "watch": "1",
            "resourceVersion": self._version or "",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_CHANCE.randint(240, 360)),
        }
        lines = self.client.stream(
            self.resource.path(self.namespace),
            query,
            metadata_only=self.resource.metadata_only,
            opened=self._opened,
        )
        until = perf_counter() + SLICE
        async with aclosing(lines):
            async for line in lines:
                self._apply(line)
                if perf_counter() > until:
                    await asyncio.sleep(0)
                    until = perf_counter() + SLICE

    def _take_event(self, kind: str, body: dict[str, Any]) -> None:
        space = self.resource.space(body["metadata"])
        if space not in self.covers:
            return
        if kind == "DELETED":
            self.drop(space, body["metadata"]["uid"])
        else:
            self.take(self.parsed(body))

    def _opened(self) -> None:
        self.trouble = None
        if self._interrupted:
            self._interrupted, self._was_interrupted = False, True
            self.resumed.end()

    def take_interruption(self) -> bool:
        """Whether the stream was interrupted, and goes on, since this was called last."""
        found, self._was_interrupted = self._was_interrupted, False
        return found

    def _apply(self, line: bytes) -> None:
        try:
            event = json.loads(line)
            kind, body = event["type"], event["object"]
            if kind == "ERROR":
                raise _broken_off(body)
            if kind != "BOOKMARK":
                self._take_event(kind, body)
            self._version = str(body["metadata"]["resourceVersion"])
            self.newest = max(self.newest, int(self._version))
        except MALFORMED as error:
            raise NotAnswered(NOT_ANSWERING, "A watch event is not Kubernetes' JSON.") from error


def _broken_off(status: dict[str, Any]) -> StagingMirrorError:
    if status.get("code") == 410:
        return Expired("Expired", "The watch is older than what the server still has.")
    return NotAnswered(NOT_ANSWERING, "The server broke a watch off.")
