"""``refresh``: request one manually, and follow it to its end."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from uuid import uuid4

from rich.text import Text

from stagingmirror.api.status.model import RefreshStatus
from stagingmirror.cli.commands.options import fail, show
from stagingmirror.cli.commands.wait import patience
from stagingmirror.cli.read.answer import DIFFERS, FAILED, IN_SYNC, UNKNOWN
from stagingmirror.cli.read.client import MirrorClient
from stagingmirror.cli.read.freshness import belief
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import span
from stagingmirror.cli.screens.refresh_progress import Follower
from stagingmirror.cli.screens.text import concise, line, symbol
from stagingmirror.errors import NotAnswered, StagingMirrorError

# Seconds for which --wait waits, without --timeout: longer than a refresh may take.
LONG = 10800.0
# Seconds between two polls of the mirror: a refresh of small things takes only a few of them.
OFTEN = 0.2
# Seconds between two reads of the operator's Lease.
LEASE_EVERY = 5.0
SUCCEEDED = frozenset({"Succeeded", "NothingToDo"})


async def refresh(client: MirrorClient, name: str, *, wait: bool, within: str | None) -> int:
    limit = patience(within, LONG)
    mirror = await client.mirror(name)
    if mirror.schedule is None:
        fail(f"{mirror.name} has no spec.refresh, so staging is never written; add it first")
        return FAILED
    if wait and (doubt := await _no_operator(client, mirror)):
        show(f"? {mirror.name}: a refresh was not requested: {doubt}")
        return UNKNOWN
    left, begun = str(uuid4()), monotonic()
    follower = Follower(left, begun)
    await client.annotate(mirror, "refresh-at", left)
    if not wait:
        show(f"requested a refresh of {mirror.name}; see: {mirror.command('status')}")
        return IN_SYNC
    polling = _Polling(client, mirror)
    try:
        async for seen in polling.seen(limit):
            show(follower.news(seen, monotonic()))
            if (ended := ended_refresh(seen, left)) is not None:
                if ended.result == "Succeeded":
                    show(follower.verified(monotonic()))
                show(end_lines(seen, ended, monotonic() - begun))
                return end_code(seen, ended)
    except asyncio.CancelledError:  # Ctrl-C
        await _withdraw(client, mirror, left, "interrupted")
        raise
    why = polling.no_operator or f"no end within {span(limit)}"
    await _withdraw(client, mirror, left, why)
    return UNKNOWN


async def _withdraw(client: MirrorClient, mirror: Mirror, token: str, why: str) -> None:
    """Whoever stops waiting wants no refresh later; one that has begun goes on to its end."""
    see = mirror.command("status")
    try:
        gone = await client.withdraw(mirror, "refresh-at", token)
    except StagingMirrorError:
        show(f"? {mirror.name}: {why}; whether the request could be withdrawn is not known: {see}")
        return
    if gone:
        show(f"? {mirror.name}: {why}; the request was withdrawn before it began")
    else:
        show(f"? {mirror.name}: {why}; the refresh has begun and goes on; see: {see}")


class _Polling:
    """Polls a mirror, while there is an operator that can carry out the refresh."""

    def __init__(self, client: MirrorClient, mirror: Mirror) -> None:
        # Why no operator will do it; polling has then ended before its limit.
        self.no_operator: str | None = None
        self._client = client
        self._mirror = mirror
        self._lease_due = monotonic() + LEASE_EVERY

    async def seen(self, limit: float) -> AsyncIterator[Mirror]:
        """The mirror as it is now, for ``limit`` seconds, through every failure to answer."""
        end = monotonic() + limit
        while self.no_operator is None:
            if (seen := await self._poll()) is not None:
                yield seen
            if monotonic() > end:
                return
            await asyncio.sleep(OFTEN)

    async def _poll(self) -> Mirror | None:
        """None: the cluster did not answer."""
        try:
            if monotonic() >= self._lease_due:
                self._lease_due = monotonic() + LEASE_EVERY
                self.no_operator = await _no_operator(self._client, self._mirror)
            return await self._client.mirror(self._mirror.path)
        except NotAnswered:
            return None


async def _no_operator(client: MirrorClient, mirror: Mirror) -> str | None:
    """Why no operator would act; None where one is alive, or where the Lease may not be read."""
    settled, now = await client.settled(), await client.now()
    if settled.forbidden or (settled.at is not None and settled.at > now):
        return None
    believed = belief(mirror, settled, now)
    return believed.doubt if believed.everybody else None


def ended_refresh(mirror: Mirror, token: str) -> RefreshStatus | None:
    """The result of the refresh that this token requested; None while it has not ended."""
    return next((each for each in mirror.status.refreshes if each.token == token), None)


def end_code(mirror: Mirror, ended: RefreshStatus) -> int:
    """0 only where the refresh succeeded and staging is in sync."""
    if ended.result not in SUCCEEDED:
        return FAILED
    return IN_SYNC if mirror.status.sync == "InSync" else DIFFERS


def end_lines(mirror: Mirror, ended: RefreshStatus, seconds: float) -> list[Text]:
    """The result, and the verdict on staging after it."""
    message = concise(ended.message or "").rstrip(".")
    because = f": {message}" if message else ""
    if ended.result in SUCCEEDED:
        verdict = mirror.status.sync or "Unknown"
        summary = f": {concise(mirror.status.summary or '')}"
        word = " is in sync with production" if verdict == "InSync" else summary
        head = line(symbol(verdict), f" {mirror.name}{word}   {span(seconds)}")
        return [head] if ended.result == "Succeeded" else [head, Text(f"  nothing to do{because}")]
    failed = {
        "RolledBack": "refresh failed and was rolled back",
        "RollbackIncomplete": "refresh failed, and NOT everything could be rolled back",
        "Skipped": "refresh was not started",
    }.get(ended.result or "", f"refresh ended with {ended.result}")
    return [line(("✗", "red"), f" {mirror.name}: {failed}{because}")]
