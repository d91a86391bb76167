"""What a change of our own resources sets in motion: which mirrors are checked, what is dropped."""

from collections.abc import Callable
from typing import Protocol

import structlog

from stagingmirror.engine.holds.active import read
from stagingmirror.engine.ownership.claim_updates import ClaimUpdates
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.resources.cache import Body, Changed, Plural, ResourceCache
from stagingmirror.engine.resources.lookups import BY_ENVIRONMENT
from stagingmirror.engine.resources.mirror import MirrorKey, concerned, key_of
from stagingmirror.metrics import Metrics

log = structlog.get_logger(__name__)


class HoldWakeUps(Protocol):
    """Who keeps the status of holds."""

    def hold_changed(self, change: Changed, /) -> None: ...

    def mirror_changed(self, key: MirrorKey, /) -> None:
        """It came, went, or tracks something else."""


class EventHandlers:
    """Called with the events of the watch and of the resync. Never waits."""

    def __init__(
        self,
        *,
        cache: ResourceCache,
        claims: Claims,
        claim_updates: ClaimUpdates,
        add: Callable[[MirrorKey], None],
        metrics: Metrics,
        wake_environments: Callable[[], None],
        holds: "HoldWakeUps",
    ) -> None:
        self._cache = cache
        self._claims = claims
        self._claim_updates = claim_updates
        self._add = add
        self._metrics = metrics
        self._wake_environments = wake_environments
        self._holds = holds

    def event(self, plural: Plural, type_: str | None, body: Body) -> None:
        """One event of a watch: ADDED, MODIFIED, DELETED, or None for an initial LIST."""
        if type_ == "DELETED":
            self.react(self._cache.remove(plural, body))
        else:
            self.react(self._cache.put(plural, body))

    def react(self, change: Changed | None) -> None:
        if change is None or not change.matters:
            return
        try:
            self._take_up(change)
        except Exception:  # the cache has it already: no resync would deliver it again
            log.exception("a change was not taken up whole", resource="/".join(change.key))
        for key in concerned(self._cache, change):
            self._add(key)

    def _take_up(self, change: Changed) -> None:
        match change.key.plural:
            case "stagingmirrors":
                self._mirror(change)
            case "mirrorenvironments":
                self._environment(change)
            case "mirrorholds":
                self._hold(change)

    def _mirror(self, change: Changed) -> None:
        """What a mirror claims follows from its spec and its environments, not from its status."""
        if not _wanted_otherwise(change):
            return
        key = MirrorKey(change.key.namespace, change.key.name)
        self._holds.mirror_changed(key)
        others = (
            self._claims.drop(key) if change.after is None else self._claims.update(change.after)
        )
        for other in others:
            self._add(other)

    def _environment(self, change: Changed) -> None:
        """Thousands of mirrors may name it: what they claim is derived before the next pass."""
        naming = self._cache.where(BY_ENVIRONMENT, change.key.name)
        self._claim_updates.put_off(key_of(body) for body in naming)
        self._wake_environments()

    def _hold(self, change: Changed) -> None:
        request = None if change.after is None else read(change.after)
        if request is None:
            self._metrics.forget_hold(change.key.namespace, change.key.name)
        else:
            self._metrics.hold(change.key.namespace, change.key.name, request.hold.until)
        self._holds.hold_changed(change)


def _wanted_otherwise(change: Changed) -> bool:
    """Whether a mirror came, went, is on its way out, or has another spec."""
    if change.before is None or change.after is None:
        return True
    metadata = (change.before["metadata"], change.after["metadata"])
    names = ("uid", "generation", "deletionTimestamp")
    return any(metadata[0].get(name) != metadata[1].get(name) for name in names)
