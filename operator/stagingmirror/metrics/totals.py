"""Counts that other packages keep themselves, as series."""

from collections.abc import Callable, Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class Total(Collector):
    """One counter; ``read`` gives its value and never raises."""

    def __init__(self, name: str, help_: str, read: Callable[[], int]) -> None:
        self._name = name
        self._help = help_
        self._read = read

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self._name, self._help, value=self._read())
