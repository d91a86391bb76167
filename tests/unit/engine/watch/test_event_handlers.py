"""What a change sets in motion."""

from stagingmirror.engine.holds.active import AcknowledgedHolds
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.watch.event_handlers import EventHandlers
from stagingmirror.metrics import Metrics
from support.kinds.observations import NOW
from support.resources.resources import environment


class Keys:
    def add(self, key: MirrorKey) -> None:
        """Nobody looks."""


def calls(metrics: Metrics) -> set[str]:
    """The servers whose calls have series."""
    samples = [each for family in metrics.registry.collect() for each in family.samples]
    return {each.labels["server"] for each in samples if "server" in each.labels}


def test_calls_to_a_registry_are_forgotten_with_its_environment_and_not_before() -> None:
    cache, metrics = ResourceCache(), Metrics(clock=lambda: NOW, version="0.1.0")
    reactions = EventHandlers(
        cache=cache,
        claims=Claims(cache, lambda one, other: one == other),
        queue=Keys(),
        acknowledged=AcknowledgedHolds(),
        metrics=metrics,
        wake_environments=lambda: None,
        wake_holds=lambda: None,
    )
    cache.put("mirrorenvironments", environment("production"))
    metrics.upstream_call("production", "registered-models/search", "ok", 0.1)

    reactions.environment_changed("production")
    kept = calls(metrics)
    cache.remove("mirrorenvironments", environment("production"))
    reactions.environment_changed("production")

    assert kept == {"production"}
    assert calls(metrics) == set()
