"""When a refresh is due: cron in a time zone. All moments are POSIX seconds.

Five fields, or ``@hourly``, ``@daily``, ``@weekly``. Where clocks are put forward over a tick, it
comes at the first moment after the gap; where they are turned back, it comes once. Signs of other
crons (``L``, ``W``, ``#``, ``?``, ``H``) are refused: they mean different things in different ones.
"""

import re
from datetime import datetime
from math import floor
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason

NICKNAMES = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0"}
MAX_LENGTH = 128
_EXAMPLE = 'use 5 (minute hour day month weekday), e.g. "0 6 * * 1-5"'
_SOME_DAY = 1_767_225_600.0  # 2026-01-01T00:00:00Z: whether a schedule ever comes needs a start
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Name, what it takes, and the names that stand for numbers.
_FIELDS = (
    ("minute", "0 to 59", ()),
    ("hour", "0 to 23", ()),
    ("day", "1 to 31", ()),
    ("month", "1 to 12 or JAN to DEC", _MONTHS),
    ("weekday", "0 to 7 or SUN to SAT", _DAYS),
)
# Words, and signs that no field has.
_SIGNS = re.compile(r"[A-Z]+|[^0-9A-Z*,/-]")
# The system's own settings and doubles of zones in its database: right/ counts leap seconds.
_NO_ZONES = frozenset({"", "localtime", "posixrules", "Factory"})
_DOUBLES = ("right/", "posix/")


def check_schedule(schedule: str, time_zone: str) -> Why | None:
    """What is wrong with ``spec.refresh.schedule`` or ``spec.refresh.timeZone``, or None."""
    if (why := _zone_trouble(time_zone)) is not None:
        return why
    field = f'spec.refresh.schedule "{schedule[:MAX_LENGTH]}"'
    if "TZ=" in schedule.upper():
        return _invalid(f"{field} names a time zone; put the zone into spec.refresh.timeZone.")
    if schedule.startswith("@") and schedule not in NICKNAMES:
        return _invalid(f"{field} is not known; use 5 fields, or one of {', '.join(NICKNAMES)}.")
    fields = _expression(schedule).split()
    if len(fields) != 5 or len(schedule) > MAX_LENGTH:
        plural = "" if len(fields) == 1 else "s"
        return _invalid(f"{field} has {len(fields)} field{plural}; {_EXAMPLE}.")
    for at in range(5):
        if (trouble := _field_trouble(at, fields[at].upper())) is not None:
            return _invalid(f"{field}: {trouble}.")
    try:
        next_tick(schedule, time_zone, _SOME_DAY)
    except (CronSimError, ValueError):
        return _invalid(f"{field} names no day that ever comes; {_EXAMPLE}.")
    return None


def _field_trouble(at: int, text: str) -> str | None:
    """What is wrong with one of the five fields by itself."""
    name, takes, words = _FIELDS[at]
    for sign in _SIGNS.findall(text):
        if sign not in words:
            return f'{name} has "{sign[:16]}", which is not known; it takes {takes}, and * , - /'
    alone = ["*"] * 5
    alone[at] = text
    try:
        CronSim(" ".join(alone), datetime.fromtimestamp(_SOME_DAY, ZoneInfo("UTC")))
    except CronSimError:
        return f'{name} "{text[:32]}" cannot be read; it takes {takes}, and ranges go upwards'
    return None


def next_tick(schedule: str, time_zone: str, after: float) -> float:
    """The first tick later than ``after``. The schedule must have passed ``check_schedule``."""
    second = floor(after)
    for tick in CronSim(_expression(schedule), datetime.fromtimestamp(second, ZoneInfo(time_zone))):
        # Within the hour that clocks repeat, cronsim also names the tick of its first pass, which
        # is over.
        at: float = tick.timestamp()
        if at > second:
            return at
    raise ValueError(f"{schedule} never comes")


def last_tick_between(schedule: str, time_zone: str, after: float, until: float) -> float | None:
    """The last tick later than ``after`` and not later than ``until``; None: there was none.

    Found by halving, so that a long sleep costs no more than a short one.
    """
    early, late = floor(after), floor(until)
    if late <= early or next_tick(schedule, time_zone, early) > until:
        return None
    while late - early > 1:
        middle = (early + late) // 2
        if next_tick(schedule, time_zone, middle) <= until:
            early = middle
        else:
            late = middle
    return next_tick(schedule, time_zone, early)


def _zone_trouble(time_zone: str) -> Why | None:
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):  # not found, or a path that is no zone
        known = False
    else:
        known = time_zone not in _NO_ZONES and not time_zone.startswith(_DOUBLES)
    if known:
        return None
    return Why(
        Reason.INVALID_TIME_ZONE,
        f'spec.refresh.timeZone "{time_zone[:64]}" is not known; use an IANA name, e.g. '
        '"Europe/Berlin".',
    )


def _expression(schedule: str) -> str:
    return NICKNAMES.get(schedule, schedule)


def _invalid(message: str) -> Why:
    return Why(Reason.INVALID_SCHEDULE, message)
