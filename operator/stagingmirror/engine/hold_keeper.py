"""Tells of each hold since when it is effective: no refresh of what it names is running."""

import asyncio
from collections.abc import Callable

import structlog

from stagingmirror.api.times import rfc3339
from stagingmirror.engine.fleet import Body, Fleet, Plural
from stagingmirror.engine.holds import Acknowledged, Request, read
from stagingmirror.engine.mirror import key_of
from stagingmirror.engine.resources import Resources
from stagingmirror.errors import StagingMirrorError

log = structlog.get_logger(__name__)

PLURAL: Plural = "mirrorholds"
AGAIN = 1.0
"""Seconds until a hold that waits for a refresh is looked at again."""


class HoldKeeper:
    """Writes ``status.effectiveSince``, once per hold."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        resources: Resources,
        acknowledged: Acknowledged,
        leading: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._fleet = fleet
        self._resources = resources
        self._acknowledged = acknowledged
        self._leading = leading
        self._clock = clock
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
        if not self._leading():
            return True
        now, waiting = self._clock(), False
        for body in self._fleet.all(PLURAL):
            request = read(body)
            if request is None or request.effective or request.hold.until <= now:
                continue
            if not self._is_effective(request) or not await self._write(body):
                waiting = True
        return waiting

    def _is_effective(self, request: Request) -> bool:
        mirrors = self._fleet.all("stagingmirrors", request.namespace)
        return self._acknowledged.effective(request, [key_of(each) for each in mirrors])

    async def _write(self, body: Body) -> bool:
        status = {
            **(body.get("status") or {}),
            "observedGeneration": int(body["metadata"].get("generation") or 0),
            "effectiveSince": rfc3339(self._clock()),
        }
        try:
            await self._resources.put_status(PLURAL, body, status)
        except StagingMirrorError as error:
            log.info("hold told later", hold=body["metadata"]["name"], why=str(error))
            return False
        return True
