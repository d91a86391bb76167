"""Durations as Kubernetes users write them: ``30s``, ``1h30m``, ``250ms``. Seconds inside."""

import re
from functools import lru_cache

from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason

PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"
MAX_LENGTH = 16
REMEDY = "write a duration as numbers with ms, s, m or h, e.g. 30s, 5m or 1h30m"

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_WHOLE = re.compile(PATTERN)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@lru_cache(maxsize=1024)  # every pass reads the same few
def seconds(text: str) -> float:
    """The length of a duration in seconds. Raises NeedsHuman (InvalidDuration)."""
    if len(text) > MAX_LENGTH or not _WHOLE.fullmatch(text):
        raise NeedsHuman(Reason.INVALID_DURATION, f'"{text[:64]}" is no duration; {REMEDY}.')
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
