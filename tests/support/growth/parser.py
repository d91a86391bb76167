"""A parser with its worst text, and what it costs.

Sizes are characters, or numbers of things where a text names many.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from stagingmirror.errors import StagingMirrorError

KIB = 1024
OBJECT = 1_400_000
"""Characters of one text that fit into a Kubernetes object."""


@dataclass(frozen=True, slots=True)
class Parser:
    """``make`` is not measured."""

    make: Callable[[int], Any]
    parse: Callable[[Any], object]
    full: int

    def seconds(self, size: int, *, least: float = 0.0) -> float:
        """Processor time of this thread, the least of some runs, each with a text of its own."""
        best, spent = float("inf"), 0.0
        while spent <= least or best == float("inf"):
            given = self.make(size)
            began = time.thread_time()
            with suppress(StagingMirrorError, ValueError):  # refused is parsed too
                self.parse(given)
            taken = time.thread_time() - began
            best, spent = min(best, taken), spent + max(taken, 1e-6)
        return best


def repeated(text: str, *, head: str = "", tail: str = "") -> Callable[[int], str]:
    return lambda size: head + text * (size // len(text)) + tail
