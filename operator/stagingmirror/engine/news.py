"""What is new between two statuses, in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Announcement:
    """One piece of news: an Event (``kind``, ``reason``, ``message``) and a log line with
    ``fields``.
    """

    kind: Literal["Normal", "Warning"]
    reason: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def changes(previous: Mapping[str, Any], status: Mapping[str, Any]) -> list[Announcement]:
    """What to tell of the step from ``previous`` (empty: the mirror is new) to ``status``."""
    raise NotImplementedError
