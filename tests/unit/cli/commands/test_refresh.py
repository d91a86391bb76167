from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.api.status.model import PlanLeft
from stagingmirror.cli.commands.refresh import end_code, end_lines, ended_refresh
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.screens.refresh_progress import Follower
from support.resources.statuses import DRIFTED_MODEL, component, seen

TOKEN = "t-1"


STEPS = [
    {"phase": "prepare", "component": "fraud-model", "text": "copy version 12"},
    {"phase": "switch", "component": "features", "text": "step 1"},
    {"phase": "switch", "component": "fraud-model", "text": "step 2"},
]


def under_way(
    *states: str,
    phase: str = "Switch",
    token: str = TOKEN,
    message: str = "",
    texts: Iterable[str] = (),
) -> Mirror:
    steps = [
        {"id": f"s{index}", "state": state, **STEPS[index]} for index, state in enumerate(states)
    ]
    for step, text in zip(steps, texts, strict=False):
        step["text"] = text
    refresh = {"id": "r", "token": token, "phase": phase, "message": message, "steps": steps}
    return seen(DRIFTED_MODEL, refresh=refresh)


def ended(result: str, *components: dict[str, Any], message: str = "because.") -> Mirror:
    entry = {"id": "r", "token": TOKEN, "result": result, "message": message}
    return seen(*components, refreshes=[entry])


def plain(lines: list[Any]) -> list[str]:
    return [line.plain for line in lines]


def test_each_change_of_a_step_is_told_once_and_timed() -> None:
    follower = Follower(TOKEN, 0.0)

    first = plain(follower.news(under_way("Started", "Pending"), 0.0))
    again = plain(follower.news(under_way("Started", "Pending"), 1.0))
    later = plain(follower.news(under_way("Taken", "Started"), 61.0))
    last = plain(follower.news(under_way("Verified", "Verified"), 62.5))

    assert first == [
        "Refreshing fraud (requested manually): 2 steps",
        "  prepare    fraud-model   copy version 12   under way",
    ]
    assert again == []
    assert later == ["  prepare    fraud-model   copy version 12   done       1 min"]
    assert last == ["  switch     features      step 1            done       1 s"]


def test_steps_that_were_done_between_two_looks_are_told_at_the_end() -> None:
    follower = Follower(TOKEN, 0.0)
    follower.news(under_way("Taken", "Started"), 0.0)

    assert plain(follower.verified(1.0)) == [
        "  switch     features      step 1            done       1 s"
    ]


def test_steps_are_columns_and_digests_are_short() -> None:
    digest = f"sha256:{'a99e1902' * 8}"
    mirror = under_way("Taken", "Taken", "Left", texts=["short", f"image → {digest}", "x" * 100])

    told = plain(Follower(TOKEN, 0.0).news(mirror, 0.0))

    assert [line.find("   done") for line in told[1:3]] == [115, 115]
    assert "   image → sha256:a99e1902   " in told[2]
    assert told[3].startswith("  roll back  fraud-model   xxx")
    assert "could NOT be undone" in told[3]


def test_verifying_and_putting_back_say_what_they_wait_for() -> None:
    follower = Follower(TOKEN, 0.0)

    told = plain(follower.news(under_way("Taken", phase="Verify", message="1 of 3 updated"), 0))
    back = plain(
        follower.news(
            under_way("RollingBack", phase="RollBack", message="rolling back: image not found"), 5
        )
    )
    done = plain(follower.news(under_way("Restored", phase="RollBack"), 19))

    assert told[-1] == "  verify     1 of 3 updated"
    assert back == ["  roll back  image not found"]
    assert done == ["  roll back  fraud-model   copy version 12   undone     14 s"]


def test_somebody_elses_refresh_is_not_told_as_ours() -> None:
    assert Follower(TOKEN, 0.0).news(under_way("Started", token="other"), 0.0) == []


def test_after_some_silence_it_says_what_goes_on() -> None:
    other, own = Follower(TOKEN, 0.0), Follower(TOKEN, 0.0)
    running = under_way("Started", token="other", phase="Switch", message="Job load runs")
    copying = under_way("Started")
    assert copying.status.refresh is not None
    copying.status.refresh.steps[0]["message"] = "1 of 90 GB copied"

    own.news(copying, 0.0)

    assert plain(own.news(copying, 9.0)) == []
    assert plain(own.news(copying, 10.0)) == ["  waits      1 of 90 GB copied"]
    assert plain(other.news(running, 10.0)) == [
        "  waits      for the mirror's own refresh r (Job load runs)"
    ]
    assert plain(Follower(TOKEN, 0.0).news(seen(DRIFTED_MODEL), 10.0)) == [
        "  waits      the operator has not taken it up yet"
    ]


def test_what_is_left_is_said_once() -> None:
    follower, mirror = Follower(TOKEN, 0.0), under_way("Started")
    assert mirror.status.refresh is not None
    left = (PlanLeft(component="index", why="its ConfigMap is immutable"),)
    refresh = mirror.status.refresh.model_copy(update={"left": left})
    mirror = replace(mirror, status=mirror.status.model_copy(update={"refresh": refresh}))

    told = plain(follower.news(mirror, 0.0))

    assert "  leave      index: its ConfigMap is immutable" in told
    assert plain(follower.news(mirror, 1.0)) == []


def test_what_it_waits_for_is_told() -> None:
    waiting = seen(DRIFTED_MODEL, waiting="production is not whole")

    assert plain(Follower(TOKEN, 0.0).news(waiting, 0.0)) == [
        "  waits      production is not whole"
    ]


def test_only_the_entry_of_our_token_ends_it() -> None:
    others = seen(component("a"), refreshes=[{"id": "x", "token": "other", "result": "Succeeded"}])

    assert ended_refresh(others, TOKEN) is None
    assert ended_refresh(ended("Succeeded", component("a")), TOKEN) is not None


@pytest.mark.parametrize(
    ("mirror", "code", "line"),
    [
        (ended("Succeeded", component("a")), 0, "✓ fraud is in sync with production   59 s"),
        (ended("Succeeded", DRIFTED_MODEL), 3, "✗ fraud: 1 tracked   59 s"),
        (
            ended("RolledBack", DRIFTED_MODEL),
            1,
            "✗ fraud: refresh failed and was rolled back: because",
        ),
        (
            ended("RollbackIncomplete", DRIFTED_MODEL),
            1,
            "✗ fraud: refresh failed, and NOT everything could be rolled back: because",
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
