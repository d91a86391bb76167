"""Compares the cache of our own resources with consistent LISTs.

A restarted watch does not report what was deleted meanwhile, and one that hangs reports nothing:
the resync finds what they missed.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable

import structlog

from stagingmirror.engine.resources.cache import PLURALS, ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.watch.event_handlers import EventHandlers
from stagingmirror.engine.workqueue.slices import Slices
from stagingmirror.errors import StagingMirrorError
from stagingmirror.runtime import Runtime

log = structlog.get_logger(__name__)

# Seconds after a LIST that failed.
RETRY = 1.0
# Seconds by which a sweep may be late, or take, before nothing later counts as proven.
GRACE = 15.0


class Resync:
    """``last`` is when the newest whole sweep began (POSIX s); ``trouble`` why the last failed."""

    def __init__(
        self,
        *,
        cache: ResourceCache,
        resources: ResourceClient,
        reactions: EventHandlers,
        runtime: Runtime,
        interval: float,
        once: Callable[[], Awaitable[object]],
    ) -> None:
        """``once`` is awaited before the first sweep."""
        self.last: float | None = None
        self.trouble: str | None = "our resources were not listed yet"
        self._cache = cache
        self._resources = resources
        self._reactions = reactions
        self._runtime = runtime
        self._interval = interval
        self._once = once
        self._first = asyncio.Lock()

    async def run(self) -> None:
        """For ever."""
        await self.until_listed()
        pause = self._interval
        while True:
            await asyncio.sleep(pause)
            pause = self._interval if await self.try_sweep() else RETRY

    def vouches_until(self) -> float:
        """Until when (POSIX s) a watch without events is taken to miss nothing."""
        return -math.inf if self.last is None else self.last + self._interval + GRACE

    async def until_listed(self) -> None:
        """Return after the first whole sweep: the CRDs are there, and we may list. All who wait
        share one: a LIST of thousands of mirrors is tens of megabytes.
        """
        await self._once()
        async with self._first:
            while self.trouble is not None and not await self.try_sweep():  # noqa: ASYNC110 - retried
                await asyncio.sleep(RETRY)

    async def swept_since(self, began: float) -> None:
        """Return after a whole sweep that began later than that (POSIX s); raises where it
        fails. The first is waited for if it is under way.
        """
        async with self._first:
            if self.last is None or self.last <= began:
                await self.sweep()

    async def try_sweep(self) -> bool:
        """One sweep; False where it failed; ``trouble`` then says why."""
        try:
            await self.sweep()
        except StagingMirrorError as error:
            if self.trouble != error.message:
                log.warning("our resources cannot be listed", why=error.message)
            self.trouble = error.message
            return False
        self.trouble = None
        return True

    async def sweep(self) -> None:
        """List everything. Environments and holds come first: mirrors are judged by them."""
        began = self._runtime.clock()
        for plural in reversed(PLURALS):
            newest = self._cache.newest(plural)
            bodies, version = await self._resources.listed(plural)
            if version < newest:
                log.warning("the cluster was set back", resource=plural, version=version)
            take = self._cache.set_back if version < newest else self._cache.replacing
            slices = Slices()
            for change in take(plural, bodies, version=version, began=began):
                self._reactions.react(change)
                await slices.between()
        self.last = began
