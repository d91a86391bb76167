"""Writes into each hold since when it is effective: no refresh of what it names is running."""

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
from stagingmirror.engine.workqueue.loop import Loop
from stagingmirror.errors import StagingMirrorError
from stagingmirror.runtime import Runtime

log = structlog.get_logger(__name__)

PLURAL: Plural = "mirrorholds"
WAITS = "a refresh in progress finishes first"
# Seconds until a hold that waits for a refresh is checked again.
AGAIN = 1.0


class HoldReconciler:
    """Writes ``status.effectiveSince``, once per hold; ``loop`` is its task. ``still_open`` returns
    the mirrors, deleted ones too, whose refresh is in progress.
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
        self.loop = Loop(self.tend)

    async def tend(self) -> float | None:
        """Write what is due of every hold; returns when to retry those that are not effective."""
        if not self._runtime.leading():
            return AGAIN
        now, waiting = self._runtime.clock(), False
        for body in self._cache.all(PLURAL):
            request = read(body)
            if request is None or is_effective(body) or request.hold.until <= now:
                continue
            shown = self._shown(request)
            waiting |= "effectiveSince" not in shown
            waiting |= not await self._write(
                body, shown | {"observedGeneration": request.generation}
            )
        return AGAIN if waiting else None

    def _shown(self, request: Request) -> dict[str, Any]:
        """What its status shows now: since when it is effective, or why it is not."""
        mirrors = self._cache.all("stagingmirrors", request.namespace)
        nothing = holds_nothing(request, mirrors)
        if nothing is not None:
            return {"message": nothing}
        staying = {key_of(each) for each in mirrors if not is_leaving(each)}
        leaving = (key for key in self._still_open() if key not in staying)
        refreshes = any(request.stops(key) for key in leaving)
        if refreshes or not self._acknowledged.effective(request, staying):
            return {"message": WAITS}
        return {"effectiveSince": rfc3339(self._runtime.clock())}

    async def _write(self, body: Body, status: Body) -> bool:
        if status == body.get("status"):
            return True
        try:
            await self._resources.put_status(PLURAL, body, status)
        except StagingMirrorError as error:
            log.info("hold not written, retrying", hold=body["metadata"]["name"], why=str(error))
            return False
        return True
