"""Elects one writer among the replicas, by a Lease.

No wall clock is compared: a standby measures, on its own monotonic clock, how long the record has
not changed. A leader stops being one by itself as soon as its own monotonic clock says that the
last renewal *began* longer ago than the renew deadline, also when the process was stopped in
between, and always before a standby may take over (deadline 5 s, duration 8 s). What was already on
its way when a leader was paused is fenced by resourceVersions, not here.

Losing is final: ``lost`` is called once and the process must end; the next one starts as a standby.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from random import SystemRandom
from typing import Any

from stagingmirror.engine.leader.lease import (
    Lease,
    Settled,
    fresh,
    read,
    released,
    renewed,
    taken,
)
from stagingmirror.errors import Conflicted, NotThere, StagingMirrorError
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient

# Seconds for one call: a hanging renewal leaves time for a second one within the deadline.
ATTEMPT = 2.0


def since_boot() -> float:
    """Monotonic seconds, counted while the machine sleeps too where the system can."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Elector:
    """``run`` stands by, leads, and returns once leading is over.

    ``leading`` is to be checked before every write. ``transitions`` is how often the Lease has
    changed its holder, ``trouble`` why the newest call failed. Cancelling ``run`` releases the
    Lease: stop writing first.
    """

    def __init__(
        self,
        client: KubernetesClient,
        *,
        namespace: str,
        name: str = "stagingmirror",
        identity: str,
        settings: Settings,
        lost: Callable[[], None],
        monotonic: Callable[[], float] = since_boot,
        clock: Callable[[], float] = time.time,
    ) -> None:
        # A container that restarts keeps its pod's name and must not take itself for its
        # predecessor.
        self.holder = f"{identity}_{secrets.token_hex(4)}"
        self.trouble: str | None = None
        self._client = client
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._namespace = namespace
        self._name = name
        self._settings = settings
        self._lost = lost
        self._monotonic = monotonic
        self._clock = clock
        self._lease: Lease | None = None
        self._observed_at = float("-inf")
        self._leads_until = float("-inf")
        self._tried, self._acquired = asyncio.Event(), asyncio.Event()
        self._acquired_at = float("inf")
        self._settled: Settled | None = None

    @property
    def leading(self) -> bool:
        return self._monotonic() < self._leads_until

    @property
    def transitions(self) -> int:
        return self._lease.transitions if self._lease else 0

    async def tried(self) -> bool:
        """Wait until the Lease was requested once; return whether this process leads by that."""
        await self._tried.wait()
        return self._acquired.is_set()

    async def acquired(self) -> float:
        """Wait until this process leads for the first time; return since when (POSIX s): what was
        requested before that may miss what its predecessor wrote.
        """
        await self._acquired.wait()
        return self._acquired_at

    def annotate(self, settled: Settled) -> None:
        """Publish this with the next renewal."""
        self._settled = settled

    async def run(self) -> None:
        try:
            await self._stand_by()
            await self._lead()
        except asyncio.CancelledError:
            await self._release()
            raise
        finally:
            self._leads_until = float("-inf")
        self._lost()

    async def _stand_by(self) -> None:
        while True:
            with suppress(StagingMirrorError):  # a standby that is not answered stands by
                if await self._try_to_acquire():
                    self._acquired_at = self._clock()
                    self._acquired.set()
            self._tried.set()
            if self._acquired.is_set():
                return
            await asyncio.sleep(self._until_next_attempt())

    def _until_next_attempt(self) -> float:
        """A retry, jittered; sooner where the record runs out before that."""
        usual = self._settings.lease_retry * SystemRandom().uniform(0.8, 1.2)
        if self._lease is None:
            return usual
        left = self._observed_at + self._patience(self._lease) - self._monotonic()
        return min(usual, left + 0.01) if left > 0 else usual

    async def _try_to_acquire(self) -> bool:
        try:
            seen = await self._request("GET", f"{self._path}/{self._name}")
        except NotThere:
            duration = self._settings.lease_duration
            body = fresh(self._namespace, self._name, self.holder, duration, self._clock())
            return await self._take("POST", self._path, body)
        if self._lease is None or seen.version != self._lease.version:
            self._lease, self._observed_at = seen, self._monotonic()
        # Ours already: the answer to our own taking was lost.
        anothers = seen.holder not in ("", self.holder)
        if anothers and self._monotonic() - self._observed_at <= self._patience(seen):
            return False
        body = taken(seen, self.holder, self._settings.lease_duration, self._clock())
        return await self._take("PUT", f"{self._path}/{self._name}", body)

    def _patience(self, seen: Lease) -> float:
        """The longer of what its holder and what we go by, while versions are mixed."""
        return max(seen.duration, self._settings.lease_duration)

    async def _take(self, method: str, path: str, body: dict[str, Any]) -> bool:
        began = self._monotonic()
        try:
            self._lease = await self._request(method, path, body)
        except Conflicted:
            return False
        return self._extend(began)

    async def _lead(self) -> None:
        """Until the deadline passes without a renewal, or another process holds the Lease."""
        while self.leading:
            await asyncio.sleep(self._settings.lease_retry)
            if self.leading and not await self._renew():
                return

    async def _renew(self) -> bool:
        """False where the Lease is proven to be no longer ours. An unanswered call proves nothing:
        the deadline runs on.
        """
        assert self._lease is not None
        began = self._monotonic()
        body = renewed(self._lease, self._settled, self._clock())
        try:
            self._lease = await self._request("PUT", f"{self._path}/{self._name}", body)
        except Conflicted:
            return await self._still_ours()
        except NotThere:
            return False
        except StagingMirrorError:
            return True
        return self._extend(began)

    async def _still_ours(self) -> bool:
        """A conflict can come from an annotation that somebody added to the Lease, or from our own
        write whose answer was lost: only the holder decides.
        """
        try:
            self._lease = await self._request("GET", f"{self._path}/{self._name}")
        except NotThere:
            return False
        except StagingMirrorError:
            return True
        return self._lease.holder == self.holder

    def _extend(self, began: float) -> bool:
        """Counts from when the write began, not from its answer; an answer that comes after the
        deadline is none.
        """
        until = began + self._settings.lease_renew_deadline
        if self._monotonic() >= until or (self._acquired.is_set() and not self.leading):
            return False
        self._leads_until = until
        return True

    async def _release(self) -> None:
        if not self.leading or self._lease is None:
            return
        self._leads_until = float("-inf")
        with suppress(StagingMirrorError):  # it runs out by itself
            try:
                await self._give_back(self._lease)
            except Conflicted:
                # A renewal that was on its way when this process began to end may have been done.
                if await self._still_ours():
                    await self._give_back(self._lease)

    async def _give_back(self, lease: Lease) -> None:
        body = released(lease, self._clock())
        await self._request("PUT", f"{self._path}/{self._name}", body)

    async def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Lease:
        # Not longer than the deadline leaves, whatever the settings.
        seconds = min(ATTEMPT, self._settings.lease_renew_deadline / 2)
        try:
            answer = read(await self._client.request(method, path, body=body, timeout=seconds))
        except (NotThere, Conflicted):
            raise
        except StagingMirrorError as error:
            self.trouble = str(error)
            raise
        self.trouble = None
        return answer
