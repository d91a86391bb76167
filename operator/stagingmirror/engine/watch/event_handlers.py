"""What a change of our own resources sets in motion: which mirrors are checked, what is dropped."""

from collections.abc import Callable

from stagingmirror.engine.holds.active import AcknowledgedHolds, read
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.resources.cache import Body, Changed, Plural, ResourceCache
from stagingmirror.engine.resources.mirror import MirrorKey, concerned, environments_of
from stagingmirror.metrics import Metrics


class EventHandlers:
    """Called with the events of the watch and of the resync. Never waits."""

    def __init__(
        self,
        *,
        cache: ResourceCache,
        claims: Claims,
        add: Callable[[MirrorKey], None],
        acknowledged: AcknowledgedHolds,
        metrics: Metrics,
        wake_environments: Callable[[], None],
        wake_holds: Callable[[], None],
    ) -> None:
        self._cache = cache
        self._claims = claims
        self._add = add
        self._acknowledged = acknowledged
        self._metrics = metrics
        self._wake_environments = wake_environments
        self._wake_holds = wake_holds

    def event(self, plural: Plural, type_: str | None, body: Body) -> None:
        """One event of a watch: ADDED, MODIFIED, DELETED, or None for an initial LIST."""
        if type_ == "DELETED":
            self.react(self._cache.remove(plural, body))
        else:
            self.react(self._cache.put(plural, body))

    def react(self, change: Changed | None) -> None:
        if change is None or not change.matters:
            return
        match change.key.plural:
            case "stagingmirrors":
                self._mirror(change)
            case "mirrorenvironments":
                self._environment(change)
            case "mirrorholds":
                self._hold(change)
        for key in concerned(self._cache, change):
            self._add(key)

    def _mirror(self, change: Changed) -> None:
        key = MirrorKey(change.key.namespace, change.key.name)
        if change.after is None:
            others = self._claims.drop(key)
            self._wake_holds()
        else:
            others = self._claims.update(change.after)
        for other in others:
            self._add(other)

    def _environment(self, change: Changed) -> None:
        for body in self._cache.all("stagingmirrors"):
            if change.key.name in environments_of(body):
                for other in self._claims.update(body):
                    self._add(other)
        self._wake_environments()

    def _hold(self, change: Changed) -> None:
        request = None if change.after is None else read(change.after)
        if request is None:
            self._metrics.forget_hold(change.key.namespace, change.key.name)
        else:
            self._metrics.hold(change.key.namespace, change.key.name, request.hold.until)
        if change.after is None and change.before is not None:
            self._acknowledged.drop(change.before["metadata"]["uid"])
        self._wake_holds()
