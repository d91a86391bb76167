"""Proving what several servers answered, all at once."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from stagingmirror.errors import NotAnswered, NotRead
from stagingmirror.reasons import Reason


async def all_proven(
    probes: Iterable[Coroutine[Any, Any, None]], *, within: float, what: str
) -> None:
    """Return when all have ended. Raises NotAnswered where that takes longer than ``within``
    seconds, else what a probe raised: NotRead only where none raised anything else, as that bytes
    could not be read does not mean that the others were requested. ``what`` names the servers.
    """
    try:
        async with asyncio.timeout(within):
            ends = await asyncio.gather(*probes, return_exceptions=True)
    except TimeoutError:
        raise NotAnswered(
            Reason.TIMED_OUT, f"probing the {what} took longer than {within:.0f} s"
        ) from None
    failed = [end for end in ends if isinstance(end, BaseException)]
    for error in sorted(failed, key=lambda end: isinstance(end, NotRead)):
        raise error
