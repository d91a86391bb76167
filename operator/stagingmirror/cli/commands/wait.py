"""Waiting for the operator: a token is left, its echo is waited for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic
from uuid import uuid4

from stagingmirror.api.types.duration import seconds
from stagingmirror.cli.read.client import MirrorClient
from stagingmirror.cli.read.mirror import Mirror

EVERY = 0.5
"""Seconds between two looks at the API server while waiting."""


def token(*, read_bytes: bool = False) -> str:
    """A new one. With its prefix the operator reads all bytes of models again."""
    return f"{'bytes:' if read_bytes else ''}{uuid4()}"


def patience(text: str | None, default: float) -> float:
    """How long to wait, in seconds. NeedsHuman where the text is no duration."""
    return default if text is None else seconds(text)


async def watched(
    client: MirrorClient, mirror: Mirror, limit: float, *, every: float = EVERY
) -> AsyncIterator[Mirror]:
    """The mirror as it is now, again and again, for ``limit`` seconds."""
    end = monotonic() + limit
    while True:
        yield await client.mirror(mirror.path)
        if monotonic() > end:
            return
        await asyncio.sleep(every)


async def until(
    client: MirrorClient, mirror: Mirror, holds: Callable[[Mirror], bool], limit: float
) -> Mirror | None:
    """The mirror once it is as wanted; None where it did not get so within ``limit`` seconds."""
    async for seen in watched(client, mirror, limit):
        if holds(seen):
            return seen
    return None


async def asked_anew(
    client: MirrorClient, mirror: Mirror, limit: float, *, read_bytes: bool = False
) -> Mirror | None:
    """The mirror with a verdict whose every look began after now; None where none came."""
    left = token(read_bytes=read_bytes)
    await client.annotate(mirror, "check-at", left)
    return await until(client, mirror, lambda seen: seen.status.handled_check_at == left, limit)
