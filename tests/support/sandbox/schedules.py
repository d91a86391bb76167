"""Schedules with a tick that a test can wait for, in the time of the real clock."""

import time
from datetime import UTC, datetime

from rig.run import until

DAY = 24 * 3600.0


def coming_minute(ahead: float) -> float:
    """The first full minute that is at least so many seconds away (POSIX s)."""
    return (time.time() + ahead) // 60 * 60 + 60


def daily_at(tick: float) -> str:
    """A schedule of one tick a day, in UTC, of which this is one."""
    moment = datetime.fromtimestamp(tick, UTC)
    return f"{moment.minute} {moment.hour} * * *"


def until_passed(moment: float) -> None:
    """Wait until the clock shows more than this."""
    within = max(moment - time.time(), 0) + 30
    until(lambda: time.time() > moment, within=within, what="the clock stands still")
