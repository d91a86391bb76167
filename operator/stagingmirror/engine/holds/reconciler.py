"""Tells of each hold since when it is effective: no refresh of what it names is running."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from stagingmirror.api.types.times import rfc3339
from stagingmirror.engine.holds.active import (
    AcknowledgedHolds,
    Request,
    holds_nothing,
    is_effective,
    read,
)
from stagingmirror.engine.resources.cache import Body, Plural, ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.resources.mirror import MirrorKey, is_leaving, key_of
from stagingmirror.errors import StagingMirrorError
from stagingmirror.runtime import Runtime

log = structlog.get_logger(__name__)

PLURAL: Plural = "mirrorholds"
WAITS = "a refresh in progress finishes first"
AGAIN = 1.0
"""Seconds until a hold that waits for a refresh is looked at again."""


class HoldReconciler:
    """Writes ``status.effectiveSince``, once per hold. ``still_open`` tells the mirrors, deleted
    ones too, whose refresh is in progress.
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
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """A hold has come, or a mirror has passed with one."""
        self._wake.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._wake.clear()
            waiting = await self.tend()
            try:
                async with asyncio.timeout(AGAIN if waiting else None):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def tend(self) -> bool:
        """Look at every hold once; True where one is not effective yet."""
        if not self._runtime.leading():
            return True
        now, waiting = self._runtime.clock(), False
        for body in self._cache.all(PLURAL):
            request = read(body)
            if request is None or is_effective(body) or request.hold.until <= now:
                continue
            told = self._told(request)
            waiting |= "effectiveSince" not in told
            waiting |= not await self._write(
                body, told | {"observedGeneration": request.generation}
            )
        return waiting

    def _told(self, request: Request) -> dict[str, Any]:
        """What is to be said of it now: since when it is effective, or why it is not."""
        mirrors = self._cache.all("stagingmirrors", request.namespace)
        nothing = holds_nothing(request, mirrors)
        if nothing is not None:
            return {"message": nothing}
        staying = {key_of(each) for each in mirrors if not is_leaving(each)}
        leaving = (key for key in self._still_open() if key not in staying)
        if any(request.stops(key) for key in leaving):
            return {"message": WAITS}
        if not self._acknowledged.effective(request, staying):
            return {"message": WAITS}
        return {"effectiveSince": rfc3339(self._runtime.clock())}

    async def _write(self, body: Body, status: Body) -> bool:
        if status == body.get("status"):
            return True
        try:
            await self._resources.put_status(PLURAL, body, status)
        except StagingMirrorError as error:
            log.info("hold told later", hold=body["metadata"]["name"], why=str(error))
            return False
        return True
