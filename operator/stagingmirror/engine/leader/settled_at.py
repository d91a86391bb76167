"""``settled-at``: every status in the API was true as of then, published in the leader's Lease
beside the mirrors whose status cannot be written.
"""

import asyncio
from collections.abc import Callable

from stagingmirror.api.status import unsettled
from stagingmirror.api.types.times import AHEAD
from stagingmirror.engine.leader.lease import Lease, Settled, read
from stagingmirror.engine.resources.mirror import MirrorKey
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
    status shows yet (POSIX s); None: nothing is. ``left_out`` returns the mirrors whose status
    cannot be written: they hold back no others, and are published by name instead.
    """

    def __init__(
        self,
        *unwritten: Callable[[], float | None],
        left_out: Callable[[], frozenset[MirrorKey]],
        sweeps_vouch_until: Callable[[], float],
        runtime: Runtime,
        publish: Callable[[Settled, frozenset[MirrorKey]], None],
    ) -> None:
        self._unwritten = unwritten
        self._left_out = left_out
        self._sweeps_vouch_until = sweeps_vouch_until
        self._runtime = runtime
        self._publish = publish
        self._took_over: float | None = None
        self._queued: float | None = None
        self._caught_up = False
        self._former: Settled | None = None

    def take_over(self, former: Settled | None) -> None:
        """This process leads from now on; ``former`` is what the Lease had until now."""
        self._took_over = self._runtime.clock()
        self._former = former

    def every_mirror_is_queued(self) -> None:
        """From here on the queue knows of all that was not checked since ``take_over``: before,
        an empty queue means nothing.
        """
        self._queued = self._runtime.clock()

    def survived(self, key: MirrorKey, stale_after: float) -> bool:
        """Whether an operator watched until this process took over, and could write this mirror's
        status. A time that is ahead of our clock proves nothing: one of both clocks was wrong.
        """
        if self._took_over is None or self._former is None:
            return False
        age = self._took_over - self._former.at
        return -AHEAD <= age <= stale_after and not unsettled.named(self._former.unsettled, *key)

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
            self._tend()
            await asyncio.sleep(EVERY)

    def _tend(self) -> None:
        at, left_out = self.settled(), self._left_out()
        names = unsettled.written(left_out)
        if at is not None and names is not None:
            self._publish(Settled(at, names), left_out)


async def settled_before(client: KubernetesClient, namespace: str, name: str) -> Settled | None:
    """What the former leader published. Errors: those of the client."""
    try:
        lease = await client.request(
            "GET", f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}"
        )
    except NotThere:
        return None
    return _published(read(lease))


def _published(lease: Lease) -> Settled | None:
    return None if lease.settled_at is None else Settled(lease.settled_at, lease.unsettled)
