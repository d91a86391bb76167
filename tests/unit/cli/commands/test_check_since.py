from datetime import datetime

import pytest

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
