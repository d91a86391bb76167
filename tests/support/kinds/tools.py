"""Hands of a refresh on a wire that a test holds."""

from dataclasses import dataclass, field

from stagingmirror.actions.tools import Tools
from stagingmirror.sources.kubernetes.write.writer import Writer
from stagingmirror.sources.mlflow.client.client import MlflowServer
from support.kubernetes.wire import Wire


@dataclass(slots=True)
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def no_server(environment: str) -> MlflowServer:
    raise AssertionError(environment)


@dataclass(slots=True)
class Bench:
    wire: Wire = field(default_factory=Wire)
    clock: Clock = field(default_factory=Clock)

    @property
    def tools(self) -> Tools:
        writer = Writer(self.wire, productions=frozenset, leading=lambda: True)
        return Tools(writer, no_server, lambda environment, name, alias: False, self.clock)
