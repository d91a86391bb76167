"""The tools of a refresh's steps, on a wire that a test holds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stagingmirror.actions.tools import Tools
from stagingmirror.drift.places import Place
from stagingmirror.sources.kubernetes.write.writer import Writer
from stagingmirror.sources.mlflow.client.client import MlflowServer
from support.clock import Clock
from support.kubernetes.wire import Wire


def no_server(environment: str) -> MlflowServer:
    raise AssertionError(environment)


@dataclass(frozen=True, slots=True)
class Registry:
    """What steps use of an MLflow source."""

    server: Callable[[str], Any]

    def doubt(self, environment: str, model: str, version: str) -> None:
        """Nothing here reads bytes."""


def tools_with(
    writer: Writer,
    clock: Callable[[], float],
    *,
    server: Callable[[str], Any] = no_server,
    is_production: Callable[[Place], bool | None] = lambda place: False,
    may_copy: Callable[[str, str], bool | None] = lambda source, destination: False,
    is_readable: bool = True,
) -> Tools:
    registry: Any = Registry(server)

    async def productions(place: Place) -> bool | None:
        return is_production(place)

    return Tools(
        writer, lambda kind: registry, productions, may_copy, lambda *name: is_readable, clock
    )


@dataclass(slots=True)
class Bench:
    wire: Wire = field(default_factory=Wire)
    clock: Clock = field(default_factory=Clock)

    @property
    def tools(self) -> Tools:
        writer = Writer(
            self.wire,
            productions=frozenset,
            unproven=frozenset,
            is_elsewhere=lambda *_: None,
            leading=lambda: True,
        )
        return tools_with(writer, self.clock)
