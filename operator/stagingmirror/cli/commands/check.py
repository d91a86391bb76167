"""``check``: a gate for pipelines."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.commands.options import fail, show
from stagingmirror.cli.commands.wait import EVERY, patience, request_check
from stagingmirror.cli.read.answer import MISUSED, Answer, answer, worst
from stagingmirror.cli.read.client import MirrorClient
from stagingmirror.cli.read.freshness import Freshness, Settled, belief
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import span
from stagingmirror.cli.screens.answer import answer_json, answer_junit, answer_lines
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason

# Seconds for which --now, and --bytes and --parity, wait for the operator, without --timeout.
SOON, BYTES = 60.0, 1800.0
# Seconds within which an operator that has just answered settles its first verdict.
FOLLOWS = 10.0
# Seconds by which --since may be later than now: it may come from another clock.
SKEW = 2.0


@dataclass(frozen=True, slots=True)
class CheckRequest:
    names: tuple[str, ...]
    now: bool
    read_bytes: bool
    probe: bool
    since: str | None
    excepted: frozenset[str]
    within: str | None


async def check(client: MirrorClient, request: CheckRequest, output: str) -> int:
    mirrors = await client.mirrors(request.names)
    now = await client.now()
    since = None if request.since is None else moment(request.since, now)
    if since is not None and since > now + SKEW:
        fail(f"--since {request.since} is later than now; nothing is known of the future")
        return MISUSED
    if unknown := _unknown_components(request.excepted, mirrors):
        fail(f"--except {unknown}: no such component in {', '.join(m.name for m in mirrors)}")
        return MISUSED
    answers = await asyncio.gather(*(_answer(client, mirror, request, since) for mirror in mirrors))
    _print(answers, output, namespaces=client.everywhere)
    return worst([each.code for each in answers])


def moment(text: str, now: float) -> float:
    """POSIX seconds of RFC 3339, of a time of today (local), or of a duration ago. NeedsHuman."""
    if (exact := parse_time(text)) is not None:
        return exact
    if (local := _of_day(text, now)) is not None:
        return local
    try:
        return now - seconds(text)
    except NeedsHuman:
        message = f'--since "{text}": write 14:02, 30m (ago) or an RFC 3339 time'
        raise NeedsHuman(Reason.INVALID_TIME, message) from None


def _of_day(text: str, now: float) -> float | None:
    """The last moment before ``now`` at which clocks showed this, in this machine's zone; None: it
    is no time of day. Of two, where clocks are turned back, the first: then --since is stricter.
    """
    for form in ("%H:%M", "%H:%M:%S"):
        try:
            shown = datetime.strptime(text, form).time()  # noqa: DTZ007 - of the local zone
        except ValueError:
            continue
        today = datetime.fromtimestamp(now).date()  # noqa: DTZ006 - of the local zone
        for day in (today, today - timedelta(days=1)):
            # Without an offset: the zone's own at that moment counts, not the one of now.
            at = datetime.combine(day, shown)
            moments = (at.replace(fold=fold).timestamp() for fold in (0, 1))
            if (first := min(moments)) <= now:
                return first
    return None


async def _answer(
    client: MirrorClient, mirror: Mirror, request: CheckRequest, since: float | None
) -> Answer:
    seen: Mirror | None = mirror
    if request.now:
        is_deep = request.read_bytes or request.probe
        limit = patience(request.within, BYTES if is_deep else SOON)
        seen = await request_check(
            client, mirror, limit, read_bytes=request.read_bytes, probe=request.probe
        )
    settled, now = await client.settled(), await client.now()
    if seen is None:
        return answer(mirror, _silent(mirror, settled, now, limit), now)
    if request.now:
        settled, now = await _settled(client, seen, settled)
    believed = belief(seen, settled, now)
    return answer(seen, believed, now, excepted=request.excepted, since=since)


async def _settled(client: MirrorClient, seen: Mirror, settled: Settled) -> tuple[Settled, float]:
    """The Lease's settled-at, and when it was read. An operator that has just answered is alive:
    if it has only begun to lead and nothing is settled yet, wait up to ``FOLLOWS`` for it.
    """
    end = monotonic() + FOLLOWS
    now = await client.now()
    while belief(seen, settled, now).everybody and not settled.forbidden and monotonic() < end:
        await asyncio.sleep(EVERY)
        settled, now = await client.settled(), await client.now()
    return settled, now


def _silent(mirror: Mirror, settled: Settled, now: float, limit: float) -> Freshness:
    believed = belief(mirror, settled, now)
    if believed.everybody:
        return believed
    return Freshness("Unknown", f"the operator did not answer within {span(limit)}")


def _unknown_components(excepted: frozenset[str], mirrors: Sequence[Mirror]) -> str | None:
    known = {each.name for mirror in mirrors for each in mirror.status.components}
    checked = any(mirror.status.components for mirror in mirrors)
    return next(iter(sorted(excepted - known)), None) if checked else None


def _print(answers: Sequence[Answer], output: str, *, namespaces: bool) -> None:
    if output == "json":
        show(answer_json(answers))
    elif output == "junit":
        show(answer_junit(answers))
    else:
        show(answer_lines(answers, namespaces=namespaces))
