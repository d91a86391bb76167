"""Writes into each hold since when it is effective: no refresh of what it names is running."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import structlog

from stagingmirror.api.types.times import rfc3339
from stagingmirror.engine.holds.acknowledged import (
    AcknowledgedHolds,
    HeldNamespace,
    Tracked,
    held_namespace,
    passes_by_itself,
    tracked_by,
)
from stagingmirror.engine.holds.active import generation_of, is_effective, parsed, read
from stagingmirror.engine.resources.cache import Body, Changed, Plural, ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.resources.mirror import MirrorKey, is_leaving
from stagingmirror.engine.workqueue.loop import Loop
from stagingmirror.errors import NeedsHuman, StagingMirrorError
from stagingmirror.runtime import Runtime

log = structlog.get_logger(__name__)

PLURAL: Plural = "mirrorholds"
# Seconds until a hold that waits for a refresh is checked again, and per so many that wait.
AGAIN = 1.0
A_SECOND = 1000
# Holds of one namespace that are checked before those of others, and other work, have their turn.
SLICE = 50


class HoldReconciler:
    """Writes ``status.effectiveSince``, once per hold; ``loop`` is its task. ``still_open`` returns
    the mirrors, deleted ones too, whose refresh is in progress.

    What is done is in proportion to what changed: a hold, the mirrors of its namespace, or the
    passes that it waits for.
    """

    def __init__(
        self,
        *,
        cache: ResourceCache,
        resources: ResourceClient,
        acknowledged: AcknowledgedHolds,
        still_open: Callable[[], frozenset[MirrorKey]],
        runtime: Runtime,
    ) -> None:
        self._cache = cache
        self._resources = resources
        self._acknowledged = acknowledged
        self._still_open = still_open
        self._runtime = runtime
        # By namespace, the names of holds that must be checked, and of those that wait.
        self._dirty: dict[str, dict[str, None]] = {}
        self._waiting: dict[str, dict[str, None]] = {}
        # Namespaces whose mirrors are others now.
        self._stale: set[str] = set()
        self._tracked: dict[str, Tracked] = {}
        self.loop = Loop(self.tend)

    def hold_changed(self, change: Changed) -> None:
        """A hold came, went, or is another now."""
        if change.after is None and change.before is not None:
            self._acknowledged.drop_hold(change.before["metadata"]["uid"])
        elif change.after is not None and (request := read(change.after)) is not None:
            self._acknowledged.seen(request)
        self._add(change.key.namespace, [change.key.name])
        self.loop.wake()

    def mirror_changed(self, key: MirrorKey) -> None:
        """A mirror came, went, or tracks something else."""
        self._stale.add(key.namespace)
        self._tracked.pop(key.namespace, None)
        self.loop.wake()

    def wake_all(self) -> None:
        """This process leads from now on."""
        self._stale.update(body["metadata"]["namespace"] for body in self._cache.all(PLURAL))
        self.loop.wake()

    async def tend(self) -> float | None:
        """Write what is due; returns when to retry those that are not effective."""
        waiting, self._waiting = self._waiting, {}
        stale, self._stale = self._stale, set()
        if not self._runtime.leading():
            self._dirty.clear()
            return None
        for namespace, names in waiting.items():
            self._dirty.setdefault(namespace, {}).update(names)
        for namespace in stale:
            holds = self._cache.all(PLURAL, namespace)
            self._add(namespace, (body["metadata"]["name"] for body in holds))
        while self._dirty:
            for namespace in list(self._dirty):
                await self._tend_some(namespace)
                await asyncio.sleep(0)
        wait = sum(map(len, self._waiting.values()))
        return max(AGAIN, wait / A_SECOND) if wait else None

    def _add(self, namespace: str, names: Iterable[str]) -> None:
        if found := dict.fromkeys(names):
            self._dirty.setdefault(namespace, {}).update(found)

    async def _tend_some(self, namespace: str) -> None:
        names = self._dirty[namespace]
        some = list(islice(names, SLICE))
        for name in some:
            del names[name]
        if not names:
            del self._dirty[namespace]
        view = held_namespace(
            namespace,
            self._tracked_in(namespace),
            acknowledged=self._acknowledged,
            still_open=self._still_open(),
        )
        for name in some:
            try:
                done = await self._tend_one(view, name)
            except Exception:  # a defect met with one hold is not another one's
                log.exception("hold not checked", hold=f"{namespace}/{name}")
                continue
            if not done:
                self._waiting.setdefault(namespace, {})[name] = None

    def _tracked_in(self, namespace: str) -> Tracked:
        known = self._tracked.get(namespace)
        if known is None:
            mirrors = self._cache.all("stagingmirrors", namespace)
            known = self._tracked[namespace] = tracked_by(mirrors)
        return known

    async def _tend_one(self, view: HeldNamespace, name: str) -> bool:
        """Whether nothing more is to be written before something changes."""
        body = self._cache.get(PLURAL, name, view.name)
        if body is None or is_leaving(body) or is_effective(body):
            return True
        try:
            request = parsed(body)
        except NeedsHuman as error:
            return await self._write(body, {"message": error.message})
        now = self._runtime.clock()
        if request.hold.until <= now:
            return True
        why = view.shown(request, self._acknowledged.seen(request))
        if why is None:
            return await self._write(body, {"effectiveSince": rfc3339(now)})
        written = await self._write(body, {"message": why})
        return written and not passes_by_itself(why)

    async def _write(self, body: Body, shown: dict[str, Any]) -> bool:
        status = shown | {"observedGeneration": generation_of(body)}
        if status == body.get("status"):
            return True
        try:
            await self._resources.put_status(PLURAL, body, status)
        except StagingMirrorError as error:
            log.info("hold not written, retrying", hold=body["metadata"]["name"], why=str(error))
            return False
        return True
