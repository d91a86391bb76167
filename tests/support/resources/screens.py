"""Screens as texts, and golden texts to hold them against."""

from textwrap import dedent
from typing import Any

from stagingmirror.cli.read.freshness import Freshness, belief
from stagingmirror.cli.read.mirror import Mirror
from support.resources.statuses import NOW, SETTLED

NOT_PUT_BACK = {
    "type": "Stalled",
    "status": "True",
    "reason": "RollbackIncomplete",
    "message": "could not be rolled back: alias champion",
}


def believed(mirror: Mirror) -> Freshness:
    return belief(mirror, SETTLED, NOW)


def plain(lines: list[Any]) -> str:
    return "\n".join(line.plain for line in lines)


def golden(text: str) -> str:
    return dedent(text).strip("\n")
