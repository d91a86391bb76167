"""Waiting for the operator: write a token to an annotation, wait until the status has it."""

import asyncio
from collections.abc import Callable
from time import monotonic
from uuid import uuid4

from stagingmirror.api.types.duration import seconds
from stagingmirror.cli.read.client import MirrorClient
from stagingmirror.cli.read.mirror import Mirror

# Seconds between two polls of the API server while waiting.
EVERY = 0.5


def patience(text: str | None, default: float) -> float:
    """How long to wait, in seconds. NeedsHuman where the text is no duration."""
    return default if text is None else seconds(text)


async def until(
    client: MirrorClient, mirror: Mirror, holds: Callable[[Mirror], bool], limit: float
) -> Mirror | None:
    """Poll the mirror until ``holds``; None where it did not within ``limit`` seconds."""
    end = monotonic() + limit
    while not holds(seen := await client.mirror(mirror.path)):
        if monotonic() > end:
            return None
        await asyncio.sleep(EVERY)
    return seen


async def request_check(
    client: MirrorClient,
    mirror: Mirror,
    limit: float,
    *,
    read_bytes: bool = False,
    probe: bool = False,
) -> Mirror | None:
    """The mirror with a verdict whose every observation began after now; None if none came within
    ``limit`` seconds. With ``read_bytes`` the operator also reads all bytes of models again, with
    ``probe`` it sends samples to endpoints again.
    """
    token = str(uuid4())
    check_at = f"bytes:{token}" if read_bytes else token
    await client.annotate(mirror, "check-at", check_at)
    if probe:
        await client.annotate(mirror, "parity-at", token)

    def is_answered(seen: Mirror) -> bool:
        status = seen.status
        is_probed = not probe or status.handled_parity_at == token
        return status.handled_check_at == check_at and is_probed

    return await until(client, mirror, is_answered, limit)
