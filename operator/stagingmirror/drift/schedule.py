"""When a refresh is due: cron in a time zone. All moments are POSIX seconds.

Five fields, or ``@hourly``, ``@daily``, ``@weekly``. Where clocks are put forward over a tick, it
comes at the first moment after the gap; where they are turned back, it comes once.
"""

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


def check_schedule(schedule: str, time_zone: str) -> Why | None:
    """What is wrong with ``spec.refresh.schedule`` or ``spec.refresh.timeZone``, or None."""
    if (why := _zone_trouble(time_zone)) is not None:
        return why
    shown = schedule[:MAX_LENGTH]
    field = f'spec.refresh.schedule "{shown}"'
    if "TZ=" in schedule.upper():
        return _invalid(f"{field} names a time zone; put the zone into spec.refresh.timeZone.")
    if schedule.startswith("@") and schedule not in NICKNAMES:
        return _invalid(f"{field} is not known; use 5 fields, or one of {', '.join(NICKNAMES)}.")
    fields = len(_expression(schedule).split())
    if fields != 5 or len(schedule) > MAX_LENGTH:
        return _invalid(f"{field} has {fields} field{'' if fields == 1 else 's'}; {_EXAMPLE}.")
    try:
        next_tick(schedule, time_zone, _SOME_DAY)
    except CronSimError as error:
        return _invalid(f"{field} cannot be read ({str(error)[:64]}); {_EXAMPLE}.")
    except ValueError:
        return _invalid(f"{field} names no day that ever comes; {_EXAMPLE}.")
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
        known = bool(time_zone) and time_zone != "localtime"
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
