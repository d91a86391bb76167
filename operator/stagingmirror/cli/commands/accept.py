"""``accept``: the entries of spec.accept for what differs now, to be reviewed and pasted."""

import re
from dataclasses import dataclass

from stagingmirror.api.status.model import ComponentStatus
from stagingmirror.api.types.constraints import MAX_FACT
from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.commands.options import document, fail
from stagingmirror.cli.read.answer import FAILED, MISUSED, UNKNOWN
from stagingmirror.cli.read.client import MirrorClient
from stagingmirror.cli.read.freshness import Freshness, belief
from stagingmirror.cli.screens.accept import Wanted, entries

# Characters of a reason, as the API takes it.
MAX_REASON = 512
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class AcceptRequest:
    name: str
    component: str
    reason: str
    until: str | None
    fact: str | None
    values: bool


async def accept(client: MirrorClient, request: AcceptRequest) -> int:
    until = None if request.until is None else moment(request.until)
    if wrong := _misused(request, until):
        fail(wrong)
        return MISUSED
    mirror = await client.mirror(request.name)
    settled, now = await client.settled(), await client.now()
    if until is not None and (parse_time(until) or 0.0) <= now:
        fail(f"--until {request.until} is over: an acceptance until then accepts nothing")
        return MISUSED
    known = {each.name: each for each in mirror.status.components}
    component = known.get(request.component)
    if component is None and (known or request.component not in mirror.tracked):
        has = ", ".join(sorted(known or mirror.tracked))
        fail(f"{mirror.name} has no component {request.component}; it has {has}")
        return FAILED
    why = _not_known(component, belief(mirror, settled, now))
    if component is None or why is not None:
        fail(f"{mirror.name}: not everything of {request.component} was seen: {why}")
        return UNKNOWN
    wanted = Wanted(request.reason, until, request.fact, with_values=request.values)
    document("\n".join(entries(mirror, component, wanted)))
    return 0


def moment(text: str) -> str | None:
    """RFC 3339, or a day: its first moment in UTC. None: it is neither."""
    whole = f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text
    return None if parse_time(whole) is None else whole


def _misused(request: AcceptRequest, until: str | None) -> str | None:
    if not any(each.isalnum() for each in request.reason):
        return "--reason is required: why this is right, for whoever reads it later"
    if len(request.reason) > MAX_REASON:
        return f"--reason has {len(request.reason)} characters; at most {MAX_REASON} are possible"
    if request.until is not None and until is None:
        return f'--until "{request.until}": write a day like 2027-01-31, or an RFC 3339 time'
    if request.fact is not None and not 0 < len(request.fact) <= MAX_FACT:
        return f"--fact has {len(request.fact)} characters; 1 to {MAX_FACT} are possible"
    if request.values and "*" in (request.fact or ""):
        return "--values and --fact with *: values are those of one fact; leave one of them out"
    return None


def _not_known(component: ComponentStatus | None, believed: Freshness) -> str | None:
    """Why it is not known what differs; None: it is."""
    if believed.doubt is not None:
        return believed.doubt
    if component is None:
        return "not checked yet"
    is_known = component.verdict in ("InSync", "Accepted", "Drifted")
    if is_known or (component.verdict == "Held" and component.differences):
        return None
    return component.message or component.verdict
