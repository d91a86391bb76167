"""The series that controller-runtime has of its work queues, by the same names."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LENGTHS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)


class QueueMetrics:
    """controller-runtime's ``workqueue_*`` of one queue. A registry has room for one queue."""

    def __init__(self, registry: CollectorRegistry, name: str) -> None:
        self._depth = Gauge(
            "workqueue_depth", "Keys that wait.", ("name",), registry=registry
        ).labels(name)
        self._adds = Counter("workqueue_adds", "Keys added.", ("name",), registry=registry).labels(
            name
        )
        self._retries = Counter(
            "workqueue_retries", "Keys added again after a failure.", ("name",), registry=registry
        ).labels(name)
        self._waited = Histogram(
            "workqueue_queue_duration_seconds",
            "How long a key waits until it is taken.",
            ("name",),
            buckets=LENGTHS,
            registry=registry,
        ).labels(name)
        self._worked = Histogram(
            "workqueue_work_duration_seconds",
            "How long the work on a key takes.",
            ("name",),
            buckets=LENGTHS,
            registry=registry,
        ).labels(name)

    def added(self, *, depth: int) -> None:
        self._adds.inc()
        self._depth.set(depth)

    def taken(self, *, waited: float, depth: int) -> None:
        self._waited.observe(waited)
        self._depth.set(depth)

    def done(self, *, worked: float) -> None:
        self._worked.observe(worked)

    def retried(self) -> None:
        self._retries.inc()
