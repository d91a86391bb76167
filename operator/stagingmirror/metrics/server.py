"""livez, readyz and metrics over HTTP, on a port of their own."""

from collections.abc import Callable
from typing import Self

from prometheus_client import CollectorRegistry

Trouble = Callable[[], str | None]
"""What is wrong, in words; None: nothing."""


class Server:
    """``async with Server(...) as server:`` listens; ``server.port`` is where (0 asks for any)."""

    port: int

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        port: int,
        live: Trouble = lambda: None,
        ready: Trouble = lambda: None,
    ) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(self, *_: object) -> None:
        raise NotImplementedError
