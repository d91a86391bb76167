"""Times as people read them: spans rounded, moments in a zone. All input is in POSIX seconds."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE, HOUR, DAY = 60, 3600, 86400


def span(seconds: float) -> str:
    """How long, rounded down to what a reader needs: ``12 s``, ``3h 12m``, ``41 d``."""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < 2 * DAY:
        hours, minutes = divmod(whole // MINUTE, 60)
        return f"{hours}h {minutes}m" if minutes else f"{hours} h"
    return f"{whole // DAY} d"


def clock(at: float, now: float, zone: tzinfo = UTC) -> str:
    """When: the time of day within a day, else the date too."""
    moment = datetime.fromtimestamp(at, zone)
    return moment.strftime("%H:%M:%S" if abs(now - at) < DAY else "%b %d %H:%M")


def tick(at: float, zone_name: str) -> str:
    """When a schedule is due, in its own zone: ``Mon 2026-11-23 06:00 Europe/Berlin``; in UTC where
    the zone is unknown, which a condition of the mirror reports.
    """
    try:
        zone: tzinfo = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone, zone_name = UTC, "UTC"
    return f"{datetime.fromtimestamp(at, zone).strftime('%a %Y-%m-%d %H:%M')} {zone_name}"
