"""Work that takes long, on something that must stay as it is."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from stagingmirror.errors import NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.turns import Turns

T = TypeVar("T")

# Of one store at once.
_LISTINGS = 2


class Room:
    """How much is requested of one store at once."""

    def __init__(self) -> None:
        self.listings = asyncio.Semaphore(_LISTINGS)
        self.streams = Turns()


async def steadily(
    work: Coroutine[Any, Any, T], *, every: float, is_same: Callable[[], Awaitable[bool]]
) -> T:
    """What the work returns, if its object was the same every so many seconds, and afterwards.
    Raises NotAnswered(HalfRead) as soon as it is not, what the work raises, and what ``is_same``
    raises in the end.
    """
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait([task], timeout=every))[0]:
            same = True
            with suppress(StagingMirrorError):  # no answer now says nothing
                same = await is_same()
            if not same:
                raise _changed()
        found = task.result()
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not await is_same():
        raise _changed()
    return found


def _changed() -> NotAnswered:
    return NotAnswered(Reason.HALF_READ, "files changed while they were read; they are read again")
