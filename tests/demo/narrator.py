"""Prints the story: what happens, each command, what the cluster answered, and whether that was
expected.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.text import Text

T = TypeVar("T")
POLL_SECONDS = 0.25


class NotAsExpectedError(Exception):
    """The cluster answered something else than the story expects."""


class Narrator:
    """Prints to one console; `expect` and `until` raise NotAsExpectedError."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._started = time.monotonic()
        self._act = 0

    def act(self, title: str) -> None:
        self._act += 1
        seconds = time.monotonic() - self._started
        self._console.print()
        self._console.rule(
            Text(f"{self._act}. {title}  ({seconds:.0f} s)", style="bold"), align="left"
        )

    def line(self, text: str) -> None:
        self._console.print(Text(text))

    def command(self, command: str, output: str) -> None:
        """A command as a user would type it, and what it printed."""
        self._console.print(Text(f"$ {command}", style="cyan"))
        for row in output.rstrip().splitlines():
            self._console.print(Text(f"  {row}"))

    def expect(self, what: str, *, holds: bool, found: object) -> None:
        """Print what holds now. Raises NotAsExpectedError, with what was found, if it does not."""
        if not holds:
            raise NotAsExpectedError(f"{what}: no. Found: {found}")
        self._console.print(Text(f"✓ {what}", style="green"))

    def until(
        self, what: str, observe: Callable[[], T], right: Callable[[T], bool], *, within: float
    ) -> T:
        """Poll until it is right; print how long it took. NotAsExpectedError after `within` s."""
        started = time.monotonic()
        while True:
            found = observe()
            seconds = time.monotonic() - started
            if right(found):
                self._console.print(Text(f"✓ {what}: after {seconds:.1f} s", style="green"))
                return found
            if seconds > within:
                raise NotAsExpectedError(f"{what}: not within {within:.0f} s. Found: {found}")
            time.sleep(POLL_SECONDS)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Long work: print what begins, then how long it took."""
        self._console.print(Text(f"{what} …", style="dim"))
        started = time.monotonic()
        yield
        self._console.print(Text(f"  {time.monotonic() - started:.1f} s", style="dim"))

    def failed(self, why: str) -> None:
        self._console.print(Text(f"✗ {why}", style="bold red"))
