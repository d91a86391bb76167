"""What is counted, and the port where it is told together with livez and readyz."""

from stagingmirror.metrics.metrics import Metrics
from stagingmirror.metrics.queues import QueueMetrics
from stagingmirror.metrics.server import Server

__all__ = ["Metrics", "QueueMetrics", "Server"]
