"""What is shown of the holds of a mirror. Pure."""

from collections.abc import Iterable
from typing import Any

from rich.text import Text

from stagingmirror.api.status.truncation import listed
from stagingmirror.api.types.times import rfc3339
from stagingmirror.cli.read.holds import Hold
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import clock, span


def hold_lines(mirror: Mirror, holds: Iterable[Hold], now: float) -> list[Text]:
    """Two lines for each: what it holds, why and until when; and how it is ended."""
    lines = []
    for each in holds:
        end = f"until {clock(each.until, now)} UTC (in {span(each.until - now)})"
        lines.append(Text(f"Hold {each.name}, {end}: {each.reason}"))
        release = f"kubectl stagingmirror release --name {each.name} -n {each.namespace}"
        lines.append(Text(f"  {_effect(mirror, each)} End it: {release}{mirror.flags}"))
    return lines


def hold_json(holds: Iterable[Hold] | None) -> list[dict[str, Any]] | None:
    """The same for ``-o json``; null: they may not be read."""
    if holds is None:
        return None
    return [
        {
            "name": each.name,
            "components": list(each.components),
            "reason": each.reason,
            "until": rfc3339(each.until),
            "inEffect": each.pending is None,
            "message": each.pending,
        }
        for each in holds
    ]


def _effect(mirror: Mirror, hold: Hold) -> str:
    if hold.pending is not None:
        return f"Not in effect yet: {hold.pending.rstrip('.')}."
    held = [name for name in mirror.tracked if name in hold.components]
    if held:
        are = "is" if len(held) == 1 else "are"
        return f"{listed(held)} {are} not refreshed, and differences of it do not count."
    return "Nothing of this mirror is refreshed; differences count as always."
