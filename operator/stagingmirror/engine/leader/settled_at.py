"""``settled-at``: every status in the API was true as of then, published in the leader's Lease."""

import asyncio
from collections.abc import Callable

from stagingmirror.engine.leader.lease import read
from stagingmirror.errors import NotThere
from stagingmirror.runtime import Runtime
from stagingmirror.sources.kubernetes.api.client import KubernetesClient

# Seconds between two reads of the queue; the Lease is renewed every second.
EVERY = 0.5


class SettledAt:
    """Follows the queue, and what is on its way to it, from when this process took over.

    Nothing is claimed before this process checked every mirror once. A key that became
    dirty counts from then until it is written, so the time stands still while anything is not; and
    nothing is claimed of a time for which our own resources are not proven
    (``sweeps_vouch_until``). Each of ``unwritten`` returns since when something is known that no
    status shows yet (POSIX s); None: nothing is.
    """

    def __init__(
        self,
        *unwritten: Callable[[], float | None],
        sweeps_vouch_until: Callable[[], float],
        runtime: Runtime,
        annotate: Callable[[float], None],
    ) -> None:
        self._unwritten = unwritten
        self._sweeps_vouch_until = sweeps_vouch_until
        self._runtime = runtime
        self._annotate = annotate
        self._took_over: float | None = None
        self._queued: float | None = None
        self._caught_up = False
        self._former: float | None = None

    def take_over(self, former: float | None) -> None:
        """This process leads from now on; ``former`` is what the Lease had until now (POSIX s)."""
        self._took_over = self._runtime.clock()
        self._former = former

    def every_mirror_is_queued(self) -> None:
        """From here on the queue knows of all that was not checked since ``take_over``: before,
        an empty queue means nothing.
        """
        self._queued = self._runtime.clock()

    def survived(self, stale_after: float) -> bool:
        """Whether an operator watched until this process took over."""
        if self._took_over is None or self._former is None:
            return False
        return self._took_over - self._former <= stale_after

    def settled(self) -> float | None:
        """The newest time as of which every status is true; None: not known yet."""
        if self._queued is None:
            return None
        now, oldest = self._runtime.clock(), self._oldest_unwritten()
        self._caught_up = self._caught_up or oldest is None or oldest > self._queued
        if not self._caught_up:
            return None
        latest = min(now, self._sweeps_vouch_until())
        return latest if oldest is None else min(oldest, latest)

    def _oldest_unwritten(self) -> float | None:
        known = [oldest() for oldest in self._unwritten]
        return min((at for at in known if at is not None), default=None)

    async def run(self) -> None:
        """For ever."""
        while True:
            settled = self.settled()
            if settled is not None:
                self._annotate(settled)
            await asyncio.sleep(EVERY)


async def settled_before(client: KubernetesClient, namespace: str, name: str) -> float | None:
    """The settled-at time of the former leader. Errors: those of the client."""
    try:
        lease = await client.request(
            "GET", f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}"
        )
    except NotThere:
        return None
    return read(lease).settled_at
