"""What brings mirrors back before their time."""

from stagingmirror.engine.check.state import MirrorStates
from stagingmirror.engine.check.wake_ups import WakeUps
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.workqueue.queue import WorkQueue
from stagingmirror.metrics import Metrics
from support.kinds.observations import NOW
from support.queues import NotCounting
from support.resources.resources import environment, mirror


def calls(metrics: Metrics) -> set[str]:
    """The servers whose calls have series."""
    samples = [each for family in metrics.registry.collect() for each in family.samples]
    return {each.labels["server"] for each in samples if "server" in each.labels}


def test_calls_to_a_registry_are_forgotten_with_its_environment_and_not_before() -> None:
    cache, metrics = ResourceCache(), Metrics(clock=lambda: NOW, version="0.1.0")
    queue: WorkQueue[MirrorKey] = WorkQueue(clock=lambda: NOW, counting=NotCounting())
    wake_ups = WakeUps(queue, cache, MirrorStates(), metrics)
    cache.put("mirrorenvironments", environment("production"))
    metrics.upstream_call("production", "registered-models/search", "ok", 0.1)

    wake_ups.environment_changed("production")
    kept = calls(metrics)
    cache.remove("mirrorenvironments", environment("production"))
    wake_ups.environment_changed("production")

    assert kept == {"production"}
    assert calls(metrics) == set()


def test_a_cluster_that_is_proven_concerns_all_mirrors_in_namespaces_of_its_names() -> None:
    cache, metrics = ResourceCache(), Metrics(clock=lambda: NOW, version="0.1.0")
    queue: WorkQueue[MirrorKey] = WorkQueue(clock=lambda: NOW, counting=NotCounting())
    wake_ups = WakeUps(queue, cache, MirrorStates(), metrics)
    cache.put("mirrorenvironments", environment("far", namespaces=["ml-staging", "ml-far"]))
    for namespace in ("ml-staging", "ml-other"):
        cache.put("stagingmirrors", mirror("fraud", namespace))

    wake_ups.proof_changed("far")
    wake_ups.proof_changed("gone")

    assert queue.take_now() == MirrorKey("ml-staging", "fraud")
    assert queue.take_now() is None
