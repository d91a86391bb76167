"""Cron in a time zone, with the days on which clocks change."""

from datetime import datetime
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
    ["0 6 * * 1-5", "*/5 * * * *", "0 0 1,15 * *", "30 2 * * SUN", "@hourly", "@daily", "@weekly"],
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
        ("61 * * * *", "cannot be read (Bad minute)"),
        ("* * * * MOON", "cannot be read (Bad day-of-week)"),
        ("0 0 30 2 *", "cannot be read"),
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
    "zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "localtime"]
)
def test_an_unknown_zone_is_refused_with_what_to_do(zone: str) -> None:
    why = check_schedule("0 6 * * 1-5", zone)

    assert why is not None
    assert why.reason == "InvalidTimeZone"
    assert 'use an IANA name, e.g. "Europe/Berlin"' in why.message


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
