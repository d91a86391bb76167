"""Cron in a time zone, with the days on which clocks change."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagingmirror.drift.schedule import check_schedule, last_tick_between, next_tick

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def ticks(schedule: str, zone: str, after: float, count: int) -> list[float]:
    found: list[float] = []
    for _ in range(count):
        after = next_tick(schedule, zone, after)
        found.append(after)
    return found


@pytest.mark.parametrize(
    "schedule",
    [
        *("0 6 * * 1-5", "*/5 * * * *", "0 0 1,15 * *", "30 2 * * SUN", "0 6 * * 7"),
        *("0 18 1-7,15-21 * TUE", "0 6 1 jan-jun/2 *", "5/20 * * * mon-fri", "0 6 29 2 *"),
        *("@hourly", "@daily", "@weekly"),
    ],
)
def test_five_fields_and_three_nicknames_are_schedules(schedule: str) -> None:
    assert check_schedule(schedule, BERLIN) is None


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("0 6 * * 1-5 *", 'spec.refresh.schedule "0 6 * * 1-5 *" has 6 fields; use 5 (minute hour'),
        ("0 6 * *", "has 4 fields"),
        ("", "has 0 fields"),
        ("TZ=Europe/Berlin 0 6 * * *", "put the zone into spec.refresh.timeZone"),
        ("CRON_TZ=UTC 0 6 * * *", "put the zone into spec.refresh.timeZone"),
        ("tz=UTC 0 6 * * *", "put the zone into spec.refresh.timeZone"),
        ("@yearly", "use 5 fields, or one of @hourly, @daily, @weekly"),
        ("@every 5m", "use 5 fields, or one of"),
        ("61 * * * *", 'minute "61" cannot be read; it takes 0 to 59'),
        ("0 22-2 * * *", 'hour "22-2" cannot be read; it takes 0 to 23, and ranges go upwards'),
        ("*/0 * * * *", 'minute "*/0" cannot be read'),
        ("1,,2 * * * *", 'minute "1,,2" cannot be read'),
        ("* * * * MOON", 'weekday has "MOON", which is not known; it takes 0 to 7 or SUN to SAT'),
        ("* * MON * *", 'day has "MON", which is not known; it takes 1 to 31'),
        ("0 0 30 2 *", "names no day that ever comes"),
        ("0 0 31 4,6 *", "names no day that ever comes"),
        ("0 6 L * *", 'day has "L", which is not known'),
        ("0 6 LW * *", 'day has "LW", which is not known'),
        ("0 6 15W * *", 'day has "W", which is not known'),
        ("0 6 * * 5L", 'weekday has "L", which is not known'),
        ("0 6 * * 1#1", 'weekday has "#", which is not known'),
        ("0 6 ? * MON", 'day has "?", which is not known'),
        ("H 6 * * *", 'minute has "H", which is not known'),
        ("0 6 * * ~1", 'weekday has "~", which is not known'),
        ("٣ 6 * * *", 'minute has "٣", which is not known'),
        ("@midnight", "use 5 fields, or one of"),
        ("@monthly", "use 5 fields, or one of"),
        ("1 " * 200, "has 200 fields"),
    ],
)
def test_a_bad_schedule_is_refused_with_what_to_do(schedule: str, told: str) -> None:
    why = check_schedule(schedule, BERLIN)

    assert why is not None
    assert why.reason == "InvalidSchedule"
    assert told in why.message
    assert len(why.message) < 300


@pytest.mark.parametrize(
    "zone",
    [
        *("Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "localtime", "Europe"),
        *("right/Europe/Berlin", "posix/Europe/Berlin", "Factory", "posixrules"),
        *("europe/berlin", "UTC+2", "Local"),
    ],
)
def test_an_unknown_zone_is_refused_with_what_to_do(zone: str) -> None:
    why = check_schedule("0 6 * * 1-5", zone)

    assert why is not None
    assert why.reason == "InvalidTimeZone"
    assert 'use an IANA name, e.g. "Europe/Berlin"' in why.message


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Kyiv", "Europe/Kiev", "America/Ciudad_Juarez", "Etc/GMT+5", "EST"]
)
def test_names_of_the_database_are_zones_former_ones_too(zone: str) -> None:
    assert check_schedule("0 6 * * 1-5", zone) is None


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        # The 1st of December 2026 is a Tuesday. Day and weekday: either, as cron has it …
        ("0 6 1-7 * 1", [1, 2, 3, 4, 5, 6, 7, 14, 21, 28]),
        ("0 6 1-3,15-16 * TUE", [1, 2, 3, 8, 15, 16, 22, 29]),
        # … but both, where one of them begins with *.
        ("0 6 */2 * 1", [7, 21]),
        ("0 6 1-7 * *", [1, 2, 3, 4, 5, 6, 7]),
        ("0 6 * * 7", [6, 13, 20, 27]),
    ],
)
def test_day_and_weekday_are_as_cron_has_them(schedule: str, days: list[int]) -> None:
    found = ticks(schedule, "UTC", at("2026-12-01T00:00", "UTC") - 1, len(days) + 1)

    assert [datetime.fromtimestamp(each, UTC).day for each in found[:-1]] == days
    assert found[-1] >= at("2027-01-01T00:00", "UTC")


def test_a_step_begins_anew_with_each_hour() -> None:
    noon = at("2026-12-01T12:00", "UTC")

    assert ticks("*/45 * * * *", "UTC", noon, 3) == [noon + 2700, noon + 3600, noon + 6300]


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "first"),
    [
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-04T02:30"),
        ("30 1 * * *", "Europe/London", "2026-03-28T12:00", "2026-03-29T02:00"),
        ("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00", "2026-04-24T01:00"),
    ],
)
def test_a_tick_that_a_zone_leaves_out_comes_once_right_after(
    schedule: str, zone: str, after: str, first: str
) -> None:
    one, two = ticks(schedule, zone, at(after, zone), 2)

    assert one == at(first, zone)
    assert two - at(after, zone) > 86400


@pytest.mark.parametrize(
    ("schedule", "zone", "day"),
    [
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-05"),
        ("30 1 * * *", "Europe/London", "2026-10-25"),
        ("30 23 * * *", "Africa/Cairo", "2026-10-29"),
    ],
)
def test_a_tick_that_a_zone_repeats_comes_once(schedule: str, zone: str, day: str) -> None:
    midnight = at(f"{day}T00:00", zone)

    one, two = ticks(schedule, zone, midnight, 2)

    assert datetime.fromtimestamp(one, ZoneInfo(zone)).date().isoformat() == day
    assert two - one > 86400 - 7200
    assert datetime.fromtimestamp(two, ZoneInfo(zone)).date().isoformat() > day


def test_a_tick_comes_at_the_hour_of_its_zone() -> None:
    friday = at("2026-11-20T06:00")

    assert next_tick("0 6 * * 1-5", BERLIN, friday) == at("2026-11-23T06:00")
    assert next_tick("0 6 * * 1-5", BERLIN, friday - 0.5) == friday


def test_a_tick_in_the_hour_that_spring_leaves_out_comes_right_after_it() -> None:
    assert ticks("30 2 * * *", BERLIN, at("2026-03-28T12:00"), 2) == [
        at("2026-03-29T03:00"),
        at("2026-03-30T02:30"),
    ]


def test_a_tick_in_the_hour_that_autumn_repeats_comes_once() -> None:
    assert ticks("30 2 * * *", BERLIN, at("2026-10-24T12:00"), 2) == [
        at("2026-10-25T02:30"),
        at("2026-10-26T02:30"),
    ]


def test_within_the_repeated_hour_no_tick_comes_from_the_past() -> None:
    second_pass = at("2026-10-25T02:15", fold=1)

    assert next_tick("30 2 * * *", BERLIN, second_pass) == at("2026-10-26T02:30")


def test_every_hour_means_every_hour_also_when_clocks_change() -> None:
    for day in ("2026-03-29T00:00", "2026-10-25T00:00"):
        found = ticks("0 * * * *", BERLIN, at(day), 6)
        assert [later - earlier for earlier, later in pairwise(found)] == [3600.0] * 5


def test_a_day_without_midnight_still_has_its_daily_tick() -> None:
    # Cairo puts its clocks forward at midnight.
    assert ticks("@daily", "Africa/Cairo", at("2026-04-23T12:00", "Africa/Cairo"), 2) == [
        at("2026-04-24T01:00", "Africa/Cairo"),
        at("2026-04-25T00:00", "Africa/Cairo"),
    ]


def test_the_last_tick_is_found_without_counting_all_of_them() -> None:
    friday, monday = at("2026-11-20T06:00"), at("2026-11-23T06:00")

    assert last_tick_between("0 6 * * 1-5", BERLIN, friday, monday) == monday
    assert last_tick_between("0 6 * * 1-5", BERLIN, friday, monday - 1) is None
    assert last_tick_between("0 6 * * 1-5", BERLIN, friday - 1, monday - 1) == friday
    assert last_tick_between("* * * * *", BERLIN, 0.0, monday + 30) == monday


def test_between_a_moment_and_itself_or_an_earlier_one_there_is_no_tick() -> None:
    monday = at("2026-11-23T06:00")

    assert last_tick_between("0 6 * * 1-5", BERLIN, monday, monday) is None
    assert last_tick_between("0 6 * * 1-5", BERLIN, monday, monday - 3600) is None


SCHEDULES = st.sampled_from(
    ["30 2 * * *", "0 6 * * 1-5", "*/20 * * * *", "15,45 1-3 * * *", "0 0 1 * *", "@daily"]
)
ZONES = st.sampled_from([BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"])
MOMENTS = st.integers(1_760_000_000, 1_810_000_000)


@settings(max_examples=60)
@given(SCHEDULES, ZONES, MOMENTS, st.integers(0, 3 * 86400))
def test_the_last_tick_is_the_last_that_counting_finds(
    schedule: str, zone: str, after: int, length: int
) -> None:
    counted, tick = None, next_tick(schedule, zone, after)
    while tick <= after + length:
        counted, tick = tick, next_tick(schedule, zone, tick)

    assert last_tick_between(schedule, zone, after, after + length) == counted


@settings(max_examples=100)
@given(SCHEDULES, ZONES, MOMENTS)
def test_the_next_tick_is_always_later(schedule: str, zone: str, after: int) -> None:
    assert next_tick(schedule, zone, after) > after
