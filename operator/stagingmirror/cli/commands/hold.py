"""``hold`` and ``release``: create or delete a MirrorHold, and wait until that is in effect."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from pydantic import ValidationError

from stagingmirror.api.status.model import HoldStatus
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.times import parse_time, rfc3339
from stagingmirror.cli.commands.options import fail, show, user
from stagingmirror.cli.commands.wait import EVERY, patience, request_check, until
from stagingmirror.cli.read.answer import FAILED, IN_SYNC, MISUSED, UNKNOWN
from stagingmirror.cli.read.client import MirrorClient
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import clock, span
from stagingmirror.errors import Conflicted, NeedsHuman, NotAllowed, NotThere
from stagingmirror.reasons import Reason

# Seconds for which a hold waits for a refresh in progress, and a release for a check.
A_REFRESH, SOON = 7200.0, 60.0
# Seconds for which a hold is usually not in effect yet; only what lasts longer is worth a line.
USUAL = 3.0
# How the operator's message begins where the hold names what is not there.
_NAMES_NOTHING = ("spec.mirrors:", "spec.components:")


@dataclass(frozen=True, slots=True)
class HoldRequest:
    mirrors: tuple[str, ...]
    length: str
    reason: str
    components: tuple[str, ...]
    called: str | None


async def hold(client: MirrorClient, request: HoldRequest, within: str | None) -> int:
    if not request.length or not any(map(str.isalnum, request.reason)):
        fail('--for and --reason are required, e.g. --for 2h --reason "candidate 14"')
        return MISUSED
    length, limit = seconds(request.length), patience(within, A_REFRESH)
    if request.mirrors or request.components:
        _refuse_unknown(
            await client.mirrors(request.mirrors), request.components, each=request.mirrors
        )
    name = _name(request.mirrors, request.called)
    end = await client.now() + length
    spec = {"mirrors": list(request.mirrors), "components": list(request.components)}
    given = {key: value for key, value in spec.items() if value}
    try:
        await _create(client, name, given | {"reason": request.reason, "until": rfc3339(end)})
    except Conflicted:
        see = f"{client.command('release')} --name {name}"
        fail(f"there is a hold {name} already; end it first ({see}), or give another --name")
        return FAILED
    return await _effective(client, name, end, limit)


async def release(
    client: MirrorClient, mirrors: Sequence[str], called: str | None, within: str | None
) -> int:
    limit = patience(within, SOON)
    name = _name(mirrors, called)
    try:
        held = (await client.hold(name))["spec"].get("mirrors") or []
        await client.delete_hold(name)
    except NotThere:
        fail(f"there is no hold {name}; {await _others(client)}")
        return FAILED
    meant = await _still_there(client, held)
    try:
        seen = await asyncio.gather(*(_released(client, mirror, name, limit) for mirror in meant))
    except NotAllowed:
        show(f"released {name}; you may not request a check; the next one will show the result")
        return IN_SYNC
    if None in seen:
        show(f"? released {name}, but the operator did not answer within {span(limit)}")
        return UNKNOWN
    show(f"✓ released {name}")
    return IN_SYNC


def _refuse_unknown(
    mirrors: Sequence[Mirror], components: Sequence[str], *, each: Sequence[str]
) -> None:
    """A hold of something that is not tracked would hold nothing. Where mirrors are named, each
    of them must track it, else one of the namespace.
    """
    if each:
        tracked = [(f"{mirror.name} does not track", set(mirror.tracked)) for mirror in mirrors]
    else:
        known = {name for mirror in mirrors for name in mirror.tracked}
        tracked = [("no mirror of the namespace tracks", known)]
    for refusal, names in tracked:
        for component in components:
            if component not in names:
                message = f"{refusal} {component}; tracked: {', '.join(sorted(names)) or 'nothing'}"
                raise NeedsHuman(Reason.UNKNOWN_COMPONENT, message)


async def _create(client: MirrorClient, name: str, spec: Mapping[str, Any]) -> None:
    """``Conflicted`` where a hold of this name is in force; one that has ended makes way."""
    try:
        await client.create_hold(name, spec)
    except Conflicted:
        try:
            ended = parse_time((await client.hold(name))["spec"].get("until"))
            if ended is None or ended > await client.now():
                raise
            await client.delete_hold(name)
        except NotThere:
            pass  # it went by itself in between
        await client.create_hold(name, spec)


async def _effective(client: MirrorClient, name: str, ends: float, limit: float) -> int:
    """Wait until the hold is in effect; show what it waits for."""
    begun, shown = monotonic(), ""
    while True:
        status = _status(await client.hold(name))
        message = status.message or ""
        because = f": {message}" if message else ""
        if parse_time(status.effective_since) is not None:
            now = await client.now()
            show(f"✓ held by {name} until {clock(ends, now)} UTC ({span(ends - now + 30)})")
            return IN_SYNC
        if message.startswith(_NAMES_NOTHING):
            fail(f"hold {name} holds nothing: {message}")
            return FAILED
        if await client.now() > ends:
            show(f"? hold {name} ended before it took effect{because}")
            return UNKNOWN
        waited = monotonic() - begun
        if waited > limit:
            late = f"the operator did not take it within {span(limit)}"
            show(f"? hold {name} is there, but {late}{because}")
            return UNKNOWN
        message = message or "the operator has not answered yet"
        if waited >= USUAL and message != shown:
            show(f"waiting for {name} to take effect: {message}")
            shown = message
        await asyncio.sleep(EVERY)


def _status(body: Mapping[str, Any]) -> HoldStatus:
    """The hold's status; an empty one where it is about a former spec."""
    try:
        status = HoldStatus.model_validate(body.get("status") or {})
    except ValidationError:
        return HoldStatus()
    is_current = status.observed_generation == body["metadata"].get("generation")
    return status if is_current else HoldStatus()


async def _released(client: MirrorClient, mirror: Mirror, hold: str, limit: float) -> Mirror | None:
    """The mirror once it was checked again and this hold holds nothing in it; None after ``limit``
    seconds. A mirror that was deleted meanwhile is released.
    """
    try:
        seen = await request_check(client, mirror, limit)
        return seen and await until(client, mirror, lambda now: not _is_held(now, hold), limit)
    except NotThere:
        return mirror


def _is_held(mirror: Mirror, hold: str) -> bool:
    return any(each.verdict == "Held" and each.reason == hold for each in mirror.status.components)


async def _still_there(client: MirrorClient, names: Sequence[str]) -> list[Mirror]:
    """Of these mirrors those that exist; without names, all of the namespace."""
    found: list[Mirror] = []
    for each in [[name] for name in names] or [[]]:
        with suppress(NotThere):
            found += await client.mirrors(each)
    return found


async def _others(client: MirrorClient) -> str:
    names = sorted(body["metadata"]["name"] for body in await client.holds())
    if not names:
        return f"there is none in namespace {client.namespace}"
    one_of = f"{client.command('release')} --name {names[0]}"
    return f"there are: {', '.join(names)}; to end one of them: {one_of}"


def _name(mirrors: Sequence[str], called: str | None) -> str:
    """One hold per person and mirror, unless it is named."""
    if called is not None:
        return called
    if any("/" in mirror for mirror in mirrors):
        raise NeedsHuman(
            Reason.INVALID_NAME, "give the namespace with -n, not in the mirror's name"
        )
    return "-".join([*mirrors[:1], user()])[:63].strip("-")
