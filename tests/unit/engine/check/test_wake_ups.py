"""What brings mirrors back before their time."""

from dataclasses import dataclass
from typing import Any, cast

from stagingmirror.engine.check.state import MirrorStates
from stagingmirror.engine.check.wake_ups import WakeUps
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.workqueue.queue import WorkQueue
from stagingmirror.metrics import Metrics
from stagingmirror.sources.index.subjects import IndexSubject
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapSubject
from support.kinds.observations import NOW
from support.queues import NotCounting
from support.resources.resources import environment, mirror


@dataclass(eq=False)
class Source:
    """Of one type of subject."""

    name: str
    kind: type
    places: frozenset[type] = frozenset()

    @property
    def subjects(self) -> frozenset[type]:
        return frozenset({self.kind})


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


class Readers:
    """The mirrors that read each subject."""

    def __init__(self, readers: dict[Any, list[MirrorKey]]) -> None:
        self._readers = readers

    def readers(self, subject: Any) -> list[MirrorKey]:
        return self._readers[subject]


def test_mirrors_of_a_store_that_is_gone_take_turns_with_those_of_others() -> None:
    queue: WorkQueue[MirrorKey] = WorkQueue(clock=lambda: NOW, counting=NotCounting())
    metrics = Metrics(clock=lambda: NOW, version="0.1.0")
    wake_ups = WakeUps(queue, ResourceCache(), MirrorStates(), metrics)
    alias = IndexSubject("production", "vectors", "served")
    data = ConfigMapSubject(OWN, "ml-staging", "data")
    many = [MirrorKey("ml-staging", f"index-{number}") for number in range(100)]
    changed = MirrorKey("ml-staging", "changed")
    index, cluster = (Source(name, type(each)) for name, each in (("index", alias), ("k", data)))
    wake_ups.connect(
        Sources(cast("Any", index), cast("Any", cluster)),
        cast("Any", Readers({alias: many, data: [changed]})),
    )

    wake_ups.subject_changed(alias)
    assert queue.take_now() == many[0]
    wake_ups.subject_changed(data)

    assert changed in {queue.take_now(), queue.take_now()}


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
