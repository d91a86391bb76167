import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from stagingmirror.api.types.times import posix, rfc3339
from stagingmirror.cli.commands.check import moment
from stagingmirror.cli.commands.options import user
from stagingmirror.errors import NeedsHuman

AFTERNOON = datetime(2026, 11, 22, 14, 30).astimezone().timestamp()


def local(hour: int, minute: int = 0, second: int = 0, *, day: int = 22) -> float:
    return datetime(2026, 11, day, hour, minute, second).astimezone().timestamp()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("14:02", local(14, 2)),
        ("14:02:03", local(14, 2, 3)),
        ("14:30", local(14, 30)),
        ("30m", AFTERNOON - 1800),
        ("1970-01-01T00:01:00Z", 60.0),
    ],
)
def test_since_is_a_time_of_today_a_while_ago_or_an_exact_time(text: str, at: float) -> None:
    assert moment(text, AFTERNOON) == at


def test_a_time_of_day_that_has_not_come_yet_was_yesterday() -> None:
    assert moment("23:15", AFTERNOON) == local(23, 15, day=21)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("text", "now", "at"),
    [
        # Clocks go back from 03:00 to 02:00 on 25 October 2026, at 01:00 UTC.
        ("01:30", "2026-10-25T12:00:00Z", "2026-10-24T23:30:00Z"),
        ("14:02", "2026-10-25T20:00:00Z", "2026-10-25T13:02:00Z"),
        ("23:00", "2026-10-25T12:00:00Z", "2026-10-24T21:00:00Z"),
        ("02:30", "2026-10-25T12:00:00Z", "2026-10-25T00:30:00Z"),  # it was so twice: the first
        ("02:30", "2026-10-25T00:45:00Z", "2026-10-25T00:30:00Z"),
        ("14:02", "2026-10-26T08:00:00Z", "2026-10-25T13:02:00Z"),
        # Clocks go forward from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
        ("01:30", "2026-03-29T12:00:00Z", "2026-03-29T00:30:00Z"),
        ("14:02", "2026-03-29T20:00:00Z", "2026-03-29T12:02:00Z"),
        ("23:00", "2026-03-29T12:00:00Z", "2026-03-28T22:00:00Z"),
        ("02:30", "2026-03-29T12:00:00Z", "2026-03-29T00:30:00Z"),  # never so: before the gap
    ],
)
def test_a_time_of_day_is_of_the_zone_on_days_when_clocks_change(
    text: str, now: str, at: str
) -> None:
    assert rfc3339(moment(text, posix(now))) == at


@pytest.mark.parametrize("text", ["", "soon", "25:00", "14", "2026-11-22", "-5m"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(NeedsHuman, match="write 14:02, 30m"):
        moment(text, AFTERNOON)


@pytest.mark.parametrize(
    ("name", "written"),
    [("runner", "runner"), ("CI.Runner", "ci-runner"), ("渚", "someone"), ("x" * 40, "x" * 20)],
)
def test_whoever_runs_it_becomes_a_part_of_a_kubernetes_name(
    monkeypatch: pytest.MonkeyPatch, name: str, written: str
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: name)

    assert user() == written
