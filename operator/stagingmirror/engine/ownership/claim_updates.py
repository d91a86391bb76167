"""Claims after a change of an environment, which thousands of mirrors may name: they are derived
mirror after mirror, and others run in between.
"""

from collections.abc import Callable, Iterable

from stagingmirror.drift.places import Place
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.workqueue.slices import Slices


class ClaimUpdates:
    """``concerned`` is called with each mirror that must be checked because another one claims
    something else.

    No pass judges, and no step writes, by claims of which some are of the former environment and
    some of the new one: each first does what was put off. No task does it before it is needed.
    Protection only grows meanwhile, as an environment takes none away from a mirror that stays as
    it is.
    """

    def __init__(
        self, cache: ResourceCache, claims: Claims, concerned: Callable[[MirrorKey], None]
    ) -> None:
        self._cache = cache
        self._claims = claims
        self._concerned = concerned
        self._outdated: dict[MirrorKey, None] = {}

    def put_off(self, keys: Iterable[MirrorKey]) -> None:
        """What these mirrors claim is to be derived anew."""
        self._outdated.update(dict.fromkeys(keys))

    async def done(self) -> None:
        """Return when nothing is put off. All who wait share the work; none of them waits where
        there is none.
        """
        slices = Slices()
        while self._outdated:
            key = next(iter(self._outdated))
            del self._outdated[key]
            self._update(key)
            await slices.between()

    async def is_production(self, place: Place) -> bool | None:
        """``Claims.is_production``, by all claims as they are now."""
        await self.done()
        return self._claims.is_production(place)

    def _update(self, key: MirrorKey) -> None:
        body = self._cache.get("stagingmirrors", key.name, key.namespace)
        if body is not None:  # one that is gone has lost its claims already
            for other in self._claims.update(body):
                self._concerned(other)
