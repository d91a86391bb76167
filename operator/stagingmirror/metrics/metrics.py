"""Every series of the operator, in a registry of its own.

Labels are names of Kubernetes objects and fixed words, never values. The series of a mirror are
made from its status when they are scraped, so they vanish with it.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.metrics.loop import LongestHold
from stagingmirror.metrics.mirrors import MirrorSeries
from stagingmirror.metrics.queues import QueueMetrics

MIRROR = ("namespace", "name")
LATENCIES = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Different operations upstream that have a series of their own; the rest is ``other``.
MOST_OPERATIONS = 64


class Metrics:
    """What other packages report. No method waits or raises. Times are POSIX s, lengths s."""

    def __init__(self, *, clock: Callable[[], float], version: str) -> None:
        # A series per series, which nothing reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
        self.registry = CollectorRegistry(auto_describe=False)
        self._series = MirrorSeries(clock)
        self.registry.register(self._series)
        for of_the_process in (ProcessCollector, PlatformCollector, GCCollector):
            of_the_process(registry=self.registry)
        self._make_counters()
        self._make_calls()
        self._leads = Gauge(
            "leader_election_master_status",
            "Whether this process leads.",
            ("name",),
            registry=self.registry,
        ).labels("stagingmirror")
        self._settled = Gauge(
            "stagingmirror_settled_timestamp_seconds",
            "Every status in the API was true as of this moment.",
            registry=self.registry,
        )
        build = Gauge("stagingmirror_build_info", "Always 1.", ("version",), registry=self.registry)
        build.labels(version).set(1)
        self._operations: set[str] = set()
        self.holds = LongestHold()
        Gauge(
            "stagingmirror_loop_longest_hold_seconds",
            "Longest processor time of one callback on the event loop, of the last minute or two.",
            registry=self.registry,
        ).set_function(self.holds.longest)

    def mirror(self, namespace: str, name: str, status: MirrorStatus) -> None:
        """A mirror's status as it is in the API now."""
        self._series.set(namespace, name, status)

    def forget_mirror(self, namespace: str, name: str) -> None:
        """Every series with this mirror's name goes, those of former refreshes included."""
        self._series.forget(namespace, name)
        for counter in (self._refreshes, self._deploys):
            counter.remove_by_labels({"namespace": namespace, "name": name})

    def hold(self, namespace: str, name: str, until: float) -> None:
        """A hold that has not expired."""
        self._series.set_hold(namespace, name, until)

    def forget_hold(self, namespace: str, name: str) -> None:
        self._series.forget_hold(namespace, name)

    def refreshed(self, namespace: str, name: str, result: str) -> None:
        """A refresh ended, or a tick was skipped."""
        self._refreshes.labels(namespace, name, result).inc()

    def deployed(self, namespace: str, name: str, side: str) -> None:
        """A rollout of a tracked workload was seen."""
        self._deploys.labels(namespace, name, side).inc()

    def rollback_waits(self, namespace: str, name: str, *, waits: bool) -> None:
        """Whether the rollback of a mirror, which may be deleted, waits for something."""
        if waits:
            self._rollbacks.labels(namespace, name).set(1)
        else:
            self._rollbacks.remove_by_labels({"namespace": namespace, "name": name})

    def status_written(self, outcome: str) -> None:
        """``changed``, ``heartbeat`` or ``refused``."""
        self._writes.labels(outcome).inc()

    def upstream_call(self, server: str, operation: str, outcome: str, seconds: float) -> None:
        """One call to a server of the environment ``server``. ``outcome``: ``ok`` or the reason of
        the error.
        """
        if operation not in self._operations:
            if len(self._operations) >= MOST_OPERATIONS:
                operation = "other"
            self._operations.add(operation)
        self._upstream.labels(server, operation, outcome).inc()
        self._upstream_seconds.labels(server, operation).observe(seconds)

    def forget_server(self, server: str) -> None:
        """An environment is gone, and with it every series of calls to its servers."""
        for series in (self._upstream, self._upstream_seconds):
            series.remove_by_labels({"server": server})

    def api_call(self, method: str, outcome: str, seconds: float) -> None:
        """One call to Kubernetes. ``outcome``: the HTTP status or ``error``."""
        self._api.labels(outcome, method).inc()
        self._api_seconds.labels(method).observe(seconds)

    def total(self, name: str, help_: str, read: Callable[[], int]) -> None:
        """A count that another package keeps; ``read`` is called, in a thread, on each scrape."""
        self.registry.register(_Total(name, help_, read))

    def leading(self, *, now: bool) -> None:
        self._leads.set(1 if now else 0)

    def settled(self, at: float, left_out: Collection[tuple[str, str]]) -> None:
        """Every status in the API was true as of ``at``, but for these mirrors (namespace, name):
        theirs cannot be written.
        """
        self._settled.set(at)
        self._series.set_unsettled(left_out)

    def queue(self, name: str) -> QueueMetrics:
        """What the one queue reports to (``engine.workqueue.queue.Counting``)."""
        return QueueMetrics(self.registry, name)

    def _make_counters(self) -> None:
        self._refreshes = self._counter(
            "stagingmirror_refreshes", "Refreshes that ended, by result.", (*MIRROR, "result")
        )
        self._deploys = self._counter(
            "stagingmirror_deploys", "Rollouts of tracked workloads.", (*MIRROR, "side")
        )
        self._writes = self._counter(
            "stagingmirror_status_writes", "Statuses that were written.", ("outcome",)
        )

        self._rollbacks = Gauge(
            "stagingmirror_rollback_waiting",
            "1 while the rollback of a mirror waits for something, which the log names.",
            MIRROR,
            registry=self.registry,
        )

    def _make_calls(self) -> None:
        self._upstream = self._counter(
            "stagingmirror_upstream_requests",
            "Calls to model registries.",
            ("server", "operation", "outcome"),
        )
        self._upstream_seconds = Histogram(
            "stagingmirror_upstream_request_duration_seconds",
            "How long model registries take to answer.",
            ("server", "operation"),
            buckets=LATENCIES,
            registry=self.registry,
        )
        self._api = self._counter(
            "rest_client_requests", "Calls to the Kubernetes API.", ("code", "method")
        )
        self._api_seconds = Histogram(
            "rest_client_request_duration_seconds",
            "How long the Kubernetes API takes to answer.",
            ("verb",),
            buckets=LATENCIES,
            registry=self.registry,
        )

    def _counter(self, name: str, help_: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, help_, labels, registry=self.registry)


@dataclass(frozen=True, eq=False)
class _Total(Collector):
    """One counter; ``read`` gives its value and never raises."""

    name: str
    help: str
    read: Callable[[], int]

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self.name, self.help, value=self.read())
