"""What all probes may need together: memory for answers, and processors to judge them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# Bytes of the answers of all probes together. They are read, and judged, one after the other: until
# they are features they take many times as much.
MOST_BYTES = 96 * 1024 * 1024


class Share:
    """``size``: the bytes that one probe holds."""

    def __init__(self, memory: "Memory") -> None:
        self._memory = memory
        self.size = 0

    async def room(self) -> None:
        """Wait while all probes together hold too much, unless this one is the oldest of them."""
        while not self._memory.has_room(self):
            await self._memory.freed.wait()


class Memory:
    """Where it is full, the oldest probe alone goes on, so that one always ends."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._shares: list[Share] = []
        self.freed = asyncio.Event()

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Of one probe, until it has ended."""
        found = Share(self)
        self._shares.append(found)
        try:
            yield found
        finally:
            self._shares.remove(found)
            self.freed.set()
            self.freed = asyncio.Event()

    def has_room(self, share: Share) -> bool:
        is_full = sum(each.size for each in self._shares) > self._most
        return not is_full or self._shares[0] is share


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of all probes. ``reading``: answers are read, and judged, within it."""

    memory: Memory = field(default_factory=Memory)
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
