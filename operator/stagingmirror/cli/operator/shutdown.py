"""How the operator's process ends: by a signal, without its Lease, or because a task has ended."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Collection, Iterable
from typing import Any

import structlog

log = structlog.get_logger(__name__)

# Seconds for the passes that are in work when the process is stopped.
PATIENCE = 3.0


def log_why(
    done: Iterable[asyncio.Task[Any]],
    *,
    stop: asyncio.Event,
    lost: asyncio.Event,
    anew: asyncio.Event,
) -> None:
    """Log why the process ends."""
    if lost.is_set():
        log.error("the Lease is lost, another process goes on")
        return
    if stop.is_set():
        log.info("ending")
        return
    if anew.is_set():
        return  # it is in the log
    for task in done:
        error = None if task.cancelled() else task.exception()
        log.error("a task has ended", task=task.get_name(), exc_info=error)


async def end(tasks: Collection[asyncio.Task[Any]], *, within: float = 0.0) -> None:
    """Wait a while, then cancel, then wait again, but not for ever."""
    if within:
        await asyncio.wait(tasks, timeout=within)
    for task in tasks:
        task.cancel()
    with contextlib.suppress(ValueError):
        await asyncio.wait(tasks, timeout=PATIENCE)


def obey_signals(stop: asyncio.Event) -> None:
    """The first signal sets ``stop``; a second one, or a stop that hangs, ends at once."""
    loop = asyncio.get_running_loop()

    def stop_or_exit() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()
        loop.call_later(15.0, os._exit, 1)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop_or_exit)
