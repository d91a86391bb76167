"""Waiting for the operator: write a token to an annotation, wait until the status has it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic
from uuid import uuid4

from stagingmirror.api.types.duration import seconds
from stagingmirror.cli.read.client import MirrorClient
from stagingmirror.cli.read.mirror import Mirror

EVERY = 0.5
"""Seconds between two polls of the API server while waiting."""


def token(*, read_bytes: bool = False) -> str:
    """A new token. With ``read_bytes`` the operator reads all bytes of models again."""
    return f"{'bytes:' if read_bytes else ''}{uuid4()}"


def patience(text: str | None, default: float) -> float:
    """How long to wait, in seconds. NeedsHuman where the text is no duration."""
    return default if text is None else seconds(text)


async def watched(
    client: MirrorClient, mirror: Mirror, limit: float, *, every: float = EVERY
) -> AsyncIterator[Mirror]:
    """Poll the mirror for ``limit`` seconds."""
    end = monotonic() + limit
    while True:
        yield await client.mirror(mirror.path)
        if monotonic() > end:
            return
        await asyncio.sleep(every)


async def until(
    client: MirrorClient, mirror: Mirror, holds: Callable[[Mirror], bool], limit: float
) -> Mirror | None:
    """The first observation of the mirror for which ``holds``; None if none within ``limit`` s."""
    async for seen in watched(client, mirror, limit):
        if holds(seen):
            return seen
    return None


async def request_check(
    client: MirrorClient, mirror: Mirror, limit: float, *, read_bytes: bool = False
) -> Mirror | None:
    """The mirror with a verdict whose every observation began after now; None if none came."""
    left = token(read_bytes=read_bytes)
    await client.annotate(mirror, "check-at", left)
    return await until(client, mirror, lambda seen: seen.status.handled_check_at == left, limit)
