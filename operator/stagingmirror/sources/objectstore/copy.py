"""Brings a folder into another one, file by file, and reads it back.

The folder that is written has the hash of the bytes in its name: nothing else is ever written over,
and a half copy is finished by whoever comes next.
"""

import asyncio
from collections.abc import Callable

from stagingmirror.errors import ChangedUnderneath, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import Files, WritableFiles
from stagingmirror.sources.content.transfer import SourceFailed, Transfer, bring

# Starts of pods are known in whole seconds.
_SECOND = 1.0


async def copy_folder(
    source: Files,
    destination: WritableFiles,
    tree_hash: str,
    *,
    clock: Callable[[], float],
    clock_margin: float,
    may_write: Callable[[], None],
    progress: Callable[[int, int], None],
) -> float | None:
    """``may_write`` is called before each upload, and raises where it may not be any more.
    ``progress(done, total)`` is called with bytes. Returns when whatever is started from then on
    proves to be younger than the files, ``clock_margin`` seconds at most: when the newest was
    written, by its store (POSIX s); None: it does not say.

    Raises ChangedUnderneath (the source does not have these bytes any more), StepFailed, or what
    either store answers.
    """
    listing = await source.listing()
    total, done = sum(each.size for each in listing), 0

    def moved(size: int) -> None:
        nonlocal done
        done += size
        progress(min(done, total), total)

    try:
        ended = await bring(Transfer(source, destination, may_write), listing, tree_hash, moved)
    except SourceFailed as failed:
        raise failed.error from None
    if ended == "source differs":
        raise ChangedUnderneath(
            Reason.CHANGED_UNDERNEATH,
            "production's folder does not have the bytes any more that were to be copied; the next "
            "refresh sees what is there then",
        )
    if ended == "destination differs":
        raise StepFailed(
            Reason.COPY_DIFFERS,
            "staging's folder shows other bytes than were uploaded to it; does something else write"
            " there?",
        )
    dates = [each.written for each in await destination.listing()]
    written = [at for at in dates if at is not None]
    until = max(written, default=0.0) + clock_margin + _SECOND
    await asyncio.sleep(min(max(until - clock(), 0.0), clock_margin + _SECOND))
    return max(written) if written and len(written) == len(dates) else None
