"""Every series of the operator, in a registry of its own.

Labels are names of Kubernetes objects and fixed words, never values. The series of a mirror are
made from its status when they are asked for, so they vanish with it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry


class Metrics:
    """What the rooms tell; no method waits or raises. Times are POSIX seconds, lengths seconds."""

    registry: CollectorRegistry

    def __init__(self, *, clock: Callable[[], float], version: str) -> None:
        raise NotImplementedError

    def mirror(self, namespace: str, name: str, status: Mapping[str, Any]) -> None:
        """A mirror's status as it is in the API now."""
        raise NotImplementedError

    def forget_mirror(self, namespace: str, name: str) -> None:
        raise NotImplementedError

    def hold(self, namespace: str, name: str, until: float) -> None:
        """A hold that has not expired."""
        raise NotImplementedError

    def forget_hold(self, namespace: str, name: str) -> None:
        raise NotImplementedError

    def refreshed(self, namespace: str, name: str, result: str) -> None:
        """A refresh ended, or a tick was skipped."""
        raise NotImplementedError

    def deployed(self, namespace: str, name: str, side: str) -> None:
        """A rollout of a tracked workload was told."""
        raise NotImplementedError

    def status_written(self, outcome: str) -> None:
        """``changed``, ``heartbeat`` or ``refused``."""
        raise NotImplementedError

    def upstream_call(self, operation: str, outcome: str, seconds: float | None = None) -> None:
        """One call to a model registry. ``outcome``: ``ok`` or the reason of the error."""
        raise NotImplementedError

    def api_call(self, method: str, outcome: str, seconds: float) -> None:
        """One call to Kubernetes. ``outcome``: the HTTP status or ``error``."""
        raise NotImplementedError

    def leading(self, *, now: bool) -> None:
        raise NotImplementedError

    def settled(self, at: float) -> None:
        """Every status in the API was true as of ``at``."""
        raise NotImplementedError

    def queue(self, name: str) -> "QueueMetrics":
        """What a queue of this name tells to (``engine.counting.Counting``)."""
        raise NotImplementedError


class QueueMetrics:
    """controller-runtime's ``workqueue_*`` of one queue."""

    def added(self, *, depth: int) -> None:
        raise NotImplementedError

    def taken(self, *, waited: float, depth: int) -> None:
        raise NotImplementedError

    def done(self, *, worked: float) -> None:
        raise NotImplementedError

    def retried(self) -> None:
        raise NotImplementedError

    def depth(self, value: int) -> None:
        raise NotImplementedError
