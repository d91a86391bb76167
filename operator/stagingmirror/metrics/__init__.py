"""Metrics, and the port that serves them with livez and readyz."""

from stagingmirror.metrics.metrics import Metrics
from stagingmirror.metrics.server import Server

__all__ = ["Metrics", "Server"]
