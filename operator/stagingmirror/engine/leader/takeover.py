"""From standby to leader: what must be known before the first write."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from stagingmirror.engine.environments.reconciler import EnvironmentReconciler
from stagingmirror.engine.leader.elector import Elector
from stagingmirror.engine.leader.installation import InstallationClaim
from stagingmirror.engine.leader.settled_at import SettledAt, settled_before
from stagingmirror.engine.observe.hash_cache import HashCache
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import MirrorKey, key_of
from stagingmirror.engine.watch.resync import Resync
from stagingmirror.engine.workqueue.slices import Slices
from stagingmirror.errors import StagingMirrorError
from stagingmirror.sources.kubernetes.api.client import KubernetesClient

log = structlog.get_logger(__name__)

LEASE = "stagingmirror"
# Seconds.
RETRY = 1.0


class Leadership:
    """``leading`` is False until this process has seen everything as its predecessor left it."""

    def __init__(self, elector: Elector, claim: InstallationClaim) -> None:
        self._elector = elector
        self._claim = claim
        self._prepared = False
        self._decided = asyncio.Event()

    def leading(self) -> bool:
        """Checked before every write."""
        return self._prepared and self._claim.held and self._elector.leading

    def suspend(self) -> None:
        """No write begins any more; the Lease is still ours to give back."""
        self._prepared = False

    async def decided(self) -> None:
        """Return when this process leads or stands by, so not while it is asking for the Lease the
        first time or taking over. A pass meanwhile would be for nothing: every mirror has another
        as soon as it leads.
        """
        await self._decided.wait()

    async def take_over(self, left: "Inherited", add: Callable[[MirrorKey], None]) -> None:
        """Wait for the Lease, read what the predecessor left, and queue every mirror."""
        if not await self._elector.tried():
            self._decided.set()
        since = await self._elector.acquired()
        self._decided.clear()
        while not await left.read(since):  # noqa: ASYNC110 - a request that is retried
            await asyncio.sleep(RETRY)
        self._prepared = True
        slices = Slices()
        for body in left.cache.all("stagingmirrors"):
            add(key_of(body))
            await slices.between()
        left.settling.every_mirror_is_queued()
        self._decided.set()
        log.info("leading", mirrors=left.cache.count("stagingmirrors"))


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a predecessor leaves behind, and who takes it up."""

    client: KubernetesClient
    namespace: str
    cache: ResourceCache
    resync: Resync
    keeper: EnvironmentReconciler
    contents: HashCache
    settling: SettledAt

    async def read(self, since: float) -> bool:
        """What is there ``since`` then (POSIX s). False where the API server did not answer:
        nothing was taken up.
        """
        try:
            await self.resync.swept_since(since)
            settled = await settled_before(self.client, self.namespace, LEASE)
            await self.contents.load()
            await self.keeper.connect()
        except StagingMirrorError as error:
            log.warning("not leading yet", why=error.message)
            return False
        await self.contents.adopt()
        self.settling.take_over(settled)
        return True
