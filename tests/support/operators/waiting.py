"""Waiting in an event loop for something outside of it."""

import asyncio
from collections.abc import Callable


async def holds(condition: Callable[[], bool], *, within: float = 30) -> None:
    """Until the condition is true; TimeoutError after so many seconds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what is waited for knows no event
            await asyncio.sleep(0.02)
