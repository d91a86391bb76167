from typing import Any

import pytest

from stagingmirror.cli.mirror import Mirror
from stagingmirror.cli.refreshing import Follower, end_code, end_lines, ended_refresh
from support.statuses import DRIFTED_MODEL, component, seen

TOKEN = "t-1"


def under_way(*states: str, phase: str = "Switch", token: str = TOKEN, message: str = "") -> Mirror:
    steps = [
        {
            "id": f"s{index}",
            "phase": "switch",
            "component": "fraud-model",
            "text": f"step {index}",
            "state": state,
        }
        for index, state in enumerate(states)
    ]
    refresh = {"id": "r", "token": token, "phase": phase, "message": message, "steps": steps}
    return seen(DRIFTED_MODEL, refresh=refresh)


def ended(result: str, *components: dict[str, Any], message: str = "because.") -> Mirror:
    entry = {"id": "r", "token": TOKEN, "result": result, "message": message}
    return seen(*components, refreshes=[entry])


def plain(lines: list[Any]) -> list[str]:
    return [line.plain for line in lines]


def test_each_change_of_a_step_is_told_once() -> None:
    follower = Follower(TOKEN)

    first = plain(follower.news(under_way("Started", "Pending")))
    again = plain(follower.news(under_way("Started", "Pending")))
    later = plain(follower.news(under_way("Taken", "Started")))

    assert first == [
        "Refreshing fraud (asked by hand): 2 steps",
        "  switch   fraud-model   step 0   under way",
    ]
    assert again == []
    assert later == [
        "  switch   fraud-model   step 0   done",
        "  switch   fraud-model   step 1   under way",
    ]


def test_verifying_and_putting_back_say_what_they_wait_for() -> None:
    follower = Follower(TOKEN)

    told = plain(follower.news(under_way("Taken", phase="Verify", message="1 of 3 updated")))
    back = plain(follower.news(under_way("Returned", phase="PutBack", message="image not found")))

    assert told[-1] == "  verify   1 of 3 updated"
    assert back == [
        "  switch   fraud-model   step 0   was put back",
        "  putback  image not found",
    ]


def test_somebody_elses_refresh_is_not_told_as_ours() -> None:
    assert Follower(TOKEN).news(under_way("Started", token="other")) == []


def test_what_it_waits_for_is_told() -> None:
    waiting = seen(DRIFTED_MODEL, waiting="production is not whole")

    assert plain(Follower(TOKEN).news(waiting)) == ["  waits    production is not whole"]


def test_only_the_entry_of_our_token_ends_it() -> None:
    others = seen(component("a"), refreshes=[{"id": "x", "token": "other", "result": "Succeeded"}])

    assert ended_refresh(others, TOKEN) is None
    assert ended_refresh(ended("Succeeded", component("a")), TOKEN) is not None


@pytest.mark.parametrize(
    ("mirror", "code", "line"),
    [
        (ended("Succeeded", component("a")), 0, "✓ fraud is in sync with production   59 s"),
        (ended("Succeeded", DRIFTED_MODEL), 3, "✗ fraud: 1 tracked   59 s"),
        (ended("PutBack", DRIFTED_MODEL), 1, "✗ fraud: refresh failed and was put back: because"),
        (
            ended("PutBackIncomplete", DRIFTED_MODEL),
            1,
            "✗ fraud: refresh failed, and NOT everything could be put back: because",
        ),
        (ended("Skipped", DRIFTED_MODEL), 1, "✗ fraud: refresh was not started: because"),
        (ended("Exploded", DRIFTED_MODEL), 1, "✗ fraud: refresh ended with Exploded: because"),
    ],
)
def test_the_end_says_what_staging_runs_now(mirror: Mirror, code: int, line: str) -> None:
    entry = ended_refresh(mirror, TOKEN)
    assert entry is not None

    assert end_code(mirror, entry) == code
    assert plain(end_lines(mirror, entry, 59.4)) == [line]


def test_nothing_to_do_is_no_failure_and_is_said() -> None:
    mirror = ended("NothingToDo", component("a"), message="")
    entry = ended_refresh(mirror, TOKEN)
    assert entry is not None

    assert end_code(mirror, entry) == 0
    assert plain(end_lines(mirror, entry, 1)) == [
        "✓ fraud is in sync with production   1 s",
        "  nothing to do",
    ]
