"""The series that controller-runtime has of its work queues, by the same names."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LENGTHS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)


class QueueSeries:
    """The series; each queue has the label ``name``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.depth = Gauge("workqueue_depth", "Keys that wait.", ("name",), registry=registry)
        self.adds = Counter("workqueue_adds", "Keys added.", ("name",), registry=registry)
        self.retries = Counter(
            "workqueue_retries", "Keys added again after a failure.", ("name",), registry=registry
        )
        self.waited = Histogram(
            "workqueue_queue_duration_seconds",
            "How long a key waits until it is taken.",
            ("name",),
            buckets=LENGTHS,
            registry=registry,
        )
        self.worked = Histogram(
            "workqueue_work_duration_seconds",
            "How long the work on a key takes.",
            ("name",),
            buckets=LENGTHS,
            registry=registry,
        )

    def queue(self, name: str) -> "QueueMetrics":
        return QueueMetrics(self, name)


class QueueMetrics:
    """controller-runtime's ``workqueue_*`` of one queue."""

    def __init__(self, series: QueueSeries, name: str) -> None:
        self._depth = series.depth.labels(name)
        self._adds = series.adds.labels(name)
        self._retries = series.retries.labels(name)
        self._waited = series.waited.labels(name)
        self._worked = series.worked.labels(name)

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
