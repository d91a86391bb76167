"""``hold`` and ``release``: have staging left alone, and know since when it is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, time

from stagingmirror.api.duration import seconds
from stagingmirror.api.times import rfc3339
from stagingmirror.cli.ages import clock, span
from stagingmirror.cli.answer import FAILED, IN_SYNC, MISUSED, UNKNOWN
from stagingmirror.cli.asking import EVERY, asked_anew, patience, until
from stagingmirror.cli.desk import Desk
from stagingmirror.cli.mirror import Mirror, at
from stagingmirror.cli.reaching import fail, show, user
from stagingmirror.errors import Conflicted, NeedsHuman, NotAllowed, NotThere

A_REFRESH, SOON = 7200.0, 60.0
"""How long a hold waits for a refresh in progress, and a release for a check, in seconds."""


@dataclass(frozen=True, slots=True)
class Asked:
    mirrors: tuple[str, ...]
    length: str
    reason: str
    components: tuple[str, ...]
    called: str | None


async def hold(desk: Desk, asked: Asked, within: str | None) -> int:
    if not asked.length or not asked.reason:
        fail('say for how long and why, e.g. --for 2h --reason "candidate 14"')
        return MISUSED
    end = time() + seconds(asked.length)
    limit = patience(within, A_REFRESH)
    for mirror in asked.mirrors:
        _refuse_unknown(await desk.mirror(mirror), asked.components)
    name = _name(asked.mirrors, asked.called)
    spec = {"mirrors": list(asked.mirrors), "components": list(asked.components)}
    given = {key: value for key, value in spec.items() if value}
    try:
        await desk.create_hold(name, given | {"reason": asked.reason, "until": rfc3339(end)})
    except Conflicted:
        fail(f"there is a hold {name} already; release it first, or give another --name")
        return FAILED
    return await _effective(desk, name, end, limit)


async def release(
    desk: Desk, mirrors: Sequence[str], called: str | None, within: str | None
) -> int:
    limit = patience(within, SOON)
    name = _name(mirrors, called)
    try:
        held = (await desk.hold(name))["spec"].get("mirrors") or []
        await desk.delete_hold(name)
    except NotThere:
        fail(f"there is no hold {name}; {await _others(desk)}")
        return FAILED
    meant = await desk.mirrors(held) if held else await _all(desk)
    try:
        seen = await asyncio.gather(*(_let_go(desk, mirror, name, limit) for mirror in meant))
    except NotAllowed:
        show(f"released {name}; you may not ask for a check, so the next one will tell")
        return IN_SYNC
    if None in seen:
        show(f"? released {name}, but the operator did not answer within {span(limit)}")
        return UNKNOWN
    show(f"✓ released {name}")
    return IN_SYNC


def _refuse_unknown(mirror: Mirror, components: Sequence[str]) -> None:
    """A hold of something that is not tracked would hold nothing."""
    for component in components:
        if component not in mirror.tracked:
            known = ", ".join(mirror.tracked)
            raise NeedsHuman(
                "UnknownComponent",
                f"{mirror.name} does not track {component}; it tracks {known}",
            )


async def _effective(desk: Desk, name: str, ends: float, limit: float) -> int:
    end, told = monotonic() + limit, False
    while True:
        body = await desk.hold(name)
        status = body.get("status") or {}
        is_current = status.get("observedGeneration") == body["metadata"].get("generation")
        if is_current and at(status.get("effectiveSince")) is not None:
            now = time()
            show(f"✓ held by {name} until {clock(ends, now)} UTC ({span(ends - now + 30)})")
            return IN_SYNC
        if monotonic() > end:
            show(f"? hold {name} is there, but the operator did not take it within {span(limit)}")
            return UNKNOWN
        if not told and monotonic() > end - limit + 10 * EVERY:
            show(f"waiting for {name} to take effect: a refresh in progress finishes first")
            told = True
        await asyncio.sleep(EVERY)


async def _let_go(desk: Desk, mirror: Mirror, hold: str, limit: float) -> Mirror | None:
    """The mirror once it was checked anew and nothing in it is held by this hold any more."""
    seen = await asked_anew(desk, mirror, limit)
    return seen and await until(desk, mirror, lambda now: not _is_held(now, hold), limit)


def _is_held(mirror: Mirror, hold: str) -> bool:
    return any(each.verdict == "Held" and each.reason == hold for each in mirror.status.components)


async def _all(desk: Desk) -> list[Mirror]:
    try:
        return await desk.mirrors()
    except NotThere:
        return []


async def _others(desk: Desk) -> str:
    names = sorted(body["metadata"]["name"] for body in await desk.holds())
    if not names:
        return f"there is none in namespace {desk.namespace}"
    return f"there are: {', '.join(names)} (--name)"


def _name(mirrors: Sequence[str], called: str | None) -> str:
    """One hold per person and mirror, unless it is named."""
    if called is not None:
        return called
    if any("/" in mirror for mirror in mirrors):
        raise NeedsHuman("InvalidName", "give the namespace with -n, not in the mirror's name")
    return "-".join([*mirrors[:1], user()])[:63].strip("-")
