"""``refresh``: ask for one by hand, and follow it to its end."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic, time

from rich.text import Text

from stagingmirror.api.crd.status_schema import RefreshTold
from stagingmirror.cli.commands.options import fail, show
from stagingmirror.cli.commands.wait import patience, token
from stagingmirror.cli.read.answer import DIFFERS, FAILED, IN_SYNC, UNKNOWN
from stagingmirror.cli.read.client import MirrorClient
from stagingmirror.cli.read.freshness import belief
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import span
from stagingmirror.cli.screens.refresh_progress import Follower
from stagingmirror.cli.screens.text import concise, line, symbol
from stagingmirror.errors import NotAnswered

LONG = 10800.0
"""How long --wait waits where nothing is said: longer than a refresh may take, in seconds."""
OFTEN = 0.2
"""Seconds between two looks: a refresh of small things takes no longer than a few of them."""
LEASE_EVERY = 5.0
"""Seconds between two questions whether an operator is alive."""
SUCCEEDED = frozenset({"Succeeded", "NothingToDo"})


async def refresh(client: MirrorClient, name: str, *, wait: bool, within: str | None) -> int:
    limit = patience(within, LONG)
    mirror = await client.mirror(name)
    if mirror.schedule is None:
        fail(f"{mirror.name} has no spec.refresh, so staging is never written; add it first")
        return FAILED
    if wait and (nobody := await _nobody(client, mirror)):
        show(f"? {mirror.name}: a refresh was not asked for: {nobody}")
        return UNKNOWN
    left, begun = token(), monotonic()
    await client.annotate(mirror, "refresh-at", left)
    if not wait:
        show(f"asked for a refresh of {mirror.name}; see: kubectl stagingmirror status {name}")
        return IN_SYNC
    follower = Follower(left)
    following = Following(client, mirror)
    async for seen in following.seen(limit):
        show(follower.news(seen, monotonic()))
        if (ended := ended_refresh(seen, left)) is not None:
            if ended.result == "Succeeded":
                show(follower.verified(monotonic()))
            show(end_lines(seen, ended, monotonic() - begun))
            return end_code(seen, ended)
    told = following.nobody or f"no end within {span(limit)}"
    show(f"? {mirror.name}: {told}; see: kubectl stagingmirror status {name}")
    return UNKNOWN


class Following:
    """Looks at a mirror again and again, while an operator is there to do what was asked."""

    def __init__(self, client: MirrorClient, mirror: Mirror) -> None:
        self.nobody: str | None = None
        """Why nobody will do it: the looking has ended before its time."""
        self._desk = client
        self._mirror = mirror
        self._ask_at = monotonic() + LEASE_EVERY

    async def seen(self, limit: float) -> AsyncIterator[Mirror]:
        """The mirror as it is now, for ``limit`` seconds, through every failure to answer."""
        end = monotonic() + limit
        while self.nobody is None:
            seen = await self._look()
            if seen is not None:
                yield seen
            if monotonic() > end:
                return
            await asyncio.sleep(OFTEN)

    async def _look(self) -> Mirror | None:
        """None: the cluster did not answer."""
        try:
            if monotonic() >= self._ask_at:
                self._ask_at = monotonic() + LEASE_EVERY
                self.nobody = await _nobody(self._desk, self._mirror)
            return await self._desk.mirror(self._mirror.path)
        except NotAnswered:
            return None


async def _nobody(client: MirrorClient, mirror: Mirror) -> str | None:
    """Why no operator would do anything; None where one is alive, or where we may not know."""
    settled, now = await client.settled(), time()
    if settled.forbidden or (settled.at is not None and settled.at > now):
        return None
    told = belief(mirror, settled, now)
    return told.doubt if told.everybody else None


def ended_refresh(mirror: Mirror, asked: str) -> RefreshTold | None:
    """The entry that tells how the refresh of this token ended."""
    return next((each for each in mirror.status.refreshes if each.token == asked), None)


def end_code(mirror: Mirror, ended: RefreshTold) -> int:
    """0 only where what was asked for is there and was verified."""
    if ended.result not in SUCCEEDED:
        return FAILED
    return IN_SYNC if mirror.status.sync == "InSync" else DIFFERS


def end_lines(mirror: Mirror, ended: RefreshTold, seconds: float) -> list[Text]:
    """How it ended, and what that means for staging."""
    message = concise(ended.message or "").rstrip(".")
    told = f": {message}" if message else ""
    if ended.result in SUCCEEDED:
        verdict = mirror.status.sync or "Unknown"
        is_there = verdict == "InSync"
        word = (
            " is in sync with production"
            if is_there
            else f": {concise(mirror.status.summary or '')}"
        )
        head = line(symbol(verdict), f" {mirror.name}{word}   {span(seconds)}")
        return [head] if ended.result == "Succeeded" else [head, Text(f"  nothing to do{told}")]
    failed = {
        "RolledBack": "refresh failed and was rolled back",
        "RollbackIncomplete": "refresh failed, and NOT everything could be rolled back",
        "Skipped": "refresh was not started",
    }.get(ended.result or "", f"refresh ended with {ended.result}")
    return [line(("✗", "red"), f" {mirror.name}: {failed}{told}")]
