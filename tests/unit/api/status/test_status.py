"""The status of a mirror: the whole truth, and nothing that was not seen."""

import json

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import ComponentReport
from stagingmirror.api.status.status import minimal_unknown, same_truth
from stagingmirror.drift.facts import Why
from stagingmirror.drift.steps import Left, Plan
from support.kinds import observations as given_looks
from support.kinds.judged import Status, condition, of_condition, status
from support.kinds.observations import (
    NOW,
    STALE_AFTER,
    accepted,
    component,
    drifted,
    equal,
    held,
    report,
    seen,
    unknown,
    unseen,
)


@pytest.mark.parametrize(
    ("components", "sync", "in_sync"),
    [
        ([equal()], "InSync", "True"),
        ([equal(), accepted()], "InSync", "True"),
        ([equal(), held()], "Held", "False"),
        ([equal(), drifted()], "Drifted", "False"),
        ([drifted(), held()], "Drifted", "False"),
        ([equal(), unknown()], "Unknown", "Unknown"),
        ([held(), unknown()], "Unknown", "Unknown"),
        ([drifted(), unknown()], "Drifted", "False"),
        ([], "Unknown", "Unknown"),
    ],
)
def test_the_verdict_claims_what_is_certain_and_no_more(
    components: list[ComponentReport], sync: str, in_sync: str
) -> None:
    made = status(report(*components))

    assert made["sync"] == sync
    assert of_condition(made, "InSync") == in_sync


@pytest.mark.parametrize(
    ("components", "told"),
    [
        ([equal(), held()], "True"),
        ([held()], "Unknown"),
        ([drifted(), held()], "False"),
        ([unknown(), held()], "Unknown"),
        ([equal()], "True"),
    ],
)
def test_in_sync_except_held_leaves_out_what_is_held(
    components: list[ComponentReport], told: str
) -> None:
    assert of_condition(status(report(*components)), "InSyncExceptHeld") == told


@pytest.mark.parametrize(
    ("components", "ready", "count"),
    [
        ([equal(), drifted(), held()], "True", "3/3"),
        ([equal(), unknown()], "False", "1/2"),
        ([equal(), component("gone", given_looks.absent(), seen({"a": "1"}))], "True", "2/2"),
        ([component("old", seen({"a": "1"}, age=STALE_AFTER + 1), unseen())], "False", "0/1"),
        ([], "False", "0/0"),
    ],
)
def test_ready_means_that_every_component_was_seen_freshly(
    components: list[ComponentReport], ready: str, count: str
) -> None:
    made = status(report(*components))

    assert of_condition(made, "Ready") == ready
    assert made["seen"] == count


@pytest.mark.parametrize(
    ("component_", "sync"), [(equal(), "Unknown"), (held(), "Unknown"), (drifted(), "Drifted")]
)
def test_while_a_refresh_has_written_and_not_verified_nothing_is_in_sync(
    component_: ComponentReport, sync: str
) -> None:
    made = status(report(component_, writing=True, activity="Refreshing"))

    assert made["sync"] == sync
    assert of_condition(made, "InSync") == "False"
    assert of_condition(made, "InSyncExceptHeld") == "False"
    assert "inSyncSince" not in made


@pytest.mark.parametrize(
    ("components", "message"),
    [
        (
            [equal(), drifted(), unknown()],
            "other: value: production has 2, staging has 1; hidden: staging: MLflow timed out",
        ),
        ([equal("a"), equal("b")], "a: 1; b: 1"),
    ],
)
def test_the_condition_says_what_each_component_says_and_not_the_summary_again(
    components: list[ComponentReport], message: str
) -> None:
    made = status(report(*components))

    told = condition(made, "InSync")
    assert told is not None
    assert told["message"] == message
    assert told["message"] != made["summary"]


def test_conditions_that_say_something_is_wrong_are_there_only_while_they_are_true() -> None:
    calm = status(report(equal()))
    wrong = status(
        report(
            drifted(),
            activity="Refreshing",
            stalled=("Overlap", "two write one field"),
            contended=("Reverted", "argocd set it back"),
            refresh={"phase": "Verify", "id": "r1"},
        ),
        {"driftedSince": "2026-01-01T00:00:00Z"},
    )

    assert [each["type"] for each in calm["conditions"]] == ["Ready", "InSync", "InSyncExceptHeld"]
    assert [each["type"] for each in wrong["conditions"]][3:] == [
        "Refreshing",
        "Stalled",
        "Contended",
        "DriftOverdue",
    ]
    assert {each["status"] for each in wrong["conditions"][3:]} == {"True"}


@pytest.mark.parametrize(
    ("result", "told"),
    [("Succeeded", "True"), ("RolledBack", "False"), ("RollbackIncomplete", "False")],
)
def test_refreshed_tells_how_the_last_refresh_ended(result: str, told: str) -> None:
    ended = {"id": "r1", "result": result, "finished": "2026-11-20T06:01:00Z", "message": "so"}
    made = status(report(equal(), finished=ended))

    assert of_condition(made, "Refreshed") == told
    assert made["lastRefreshTime"] == "2026-11-20T06:01:00Z"


def test_a_tick_that_was_skipped_is_no_refresh() -> None:
    before = status(report(equal(), finished={"id": "r1", "result": "Succeeded", "finished": "t1"}))
    made = status(report(equal(), finished={"id": "s1", "result": "Skipped"}), before)

    assert [each["id"] for each in made["refreshes"]] == ["s1", "r1"]
    assert of_condition(made, "Refreshed") == "True"
    assert made["lastRefreshTime"] == "t1"


def test_the_last_ten_refreshes_are_kept_newest_first_and_each_once() -> None:
    made: Status = {}
    for number in range(13):
        of = report(equal(), finished={"id": f"r{number}", "result": "Succeeded"})
        made = status(of, status(of, made))

    assert [each["id"] for each in made["refreshes"]] == [f"r{n}" for n in range(12, 2, -1)]


def test_every_condition_carries_the_generation_it_is_about() -> None:
    made = status(report(equal(), generation=7))

    assert {each["observedGeneration"] for each in made["conditions"]} == {7}
    assert made["observedGeneration"] == 7


def test_how_a_refresh_ended_is_said_of_the_generation_that_it_was_made_from() -> None:
    ended = {"id": "r1", "result": "Succeeded", "generation": 6}
    made = status(report(equal(), generation=7, finished=ended))
    later = status(report(equal(), generation=8), made)

    for each in (made, later):
        refreshed = condition(each, "Refreshed")
        assert refreshed is not None
        assert refreshed["observedGeneration"] == 6


def test_a_condition_keeps_its_time_while_its_status_is_the_same() -> None:
    first = status(report(drifted()))
    second = status(report(drifted(), equal()), first, now=NOW + 60)
    third = status(report(equal()), second, now=NOW + 120)

    times = [condition(each, "InSync") for each in (first, second, third)]
    assert [each and each["lastTransitionTime"] for each in times] == [
        "2027-01-15T08:00:00Z",
        "2027-01-15T08:00:00Z",
        "2027-01-15T08:02:00Z",
    ]


def test_valid_until_rests_on_the_oldest_look() -> None:
    made = status(report(equal(), component("b", seen({"a": "1"}, age=40), seen({"a": "1"}))))

    assert made["validUntil"] == "2027-01-15T08:01:50Z"  # NOW - 40 + 120 + 30


def test_what_was_not_seen_does_not_age_the_status_for_it_is_true_now() -> None:
    old = component("b", seen({"a": "1"}, age=5000), seen({"a": "1"}))

    assert status(report(old))["validUntil"] == "2027-01-15T08:02:30Z"


def test_a_token_is_echoed_and_stays() -> None:
    handled = {"handled_check_at": "t1", "handled_parity_at": "p1"}
    asked = status(report(equal(), handled=handled, handled_refresh_at="r1"))
    later = status(report(equal()), asked)

    tokens = (later["handledCheckAt"], later["handledParityAt"], later["handledRefreshAt"])
    assert tokens == ("t1", "p1", "r1")


def test_the_next_tick_is_told_and_goes_when_there_is_none() -> None:
    planned = status(report(equal(), next_refresh=NOW + 60, last_schedule=NOW))
    suspended = status(report(equal()), planned)

    assert planned["nextRefreshTime"] == "2027-01-15T08:01:00Z"
    assert "nextRefreshTime" not in suspended
    assert suspended["lastScheduleTime"] == "2027-01-15T08:00:00Z"


def test_the_plan_is_shown_in_words() -> None:
    step = SetConfigMapKey("set-1", ("training-data",), "ml-staging", "data", "snapshot", "2026")
    made = status(report(drifted(), plan=Plan((step,), (Left("other", "only reported"),))))

    assert made["plan"]["steps"] == [
        {
            "phase": "switch",
            "component": "training-data",
            "text": "ConfigMap data: snapshot → 2026",
        }
    ]
    assert made["plan"]["left"] == [{"component": "other", "why": "only reported"}]


def test_a_mirror_that_cannot_be_judged_is_stalled_and_unknown() -> None:
    before = status(report(equal()))
    why = 'spec.refresh.schedule "0 6" has 2 fields.'

    made = status(given_looks.stalled("InvalidSchedule", why, tracked=7), before)

    assert (made["sync"], made["seen"]) == ("Unknown", "0/7")
    assert made["summary"].startswith("stalled, InvalidSchedule: spec.refresh.schedule")
    assert of_condition(made, "Stalled") == "True"
    assert (of_condition(made, "Ready"), of_condition(made, "InSync")) == ("False", "Unknown")
    assert "inSyncSince" not in made
    assert "validUntil" not in made, "it rests on the spec, and no look grows old"


def test_a_refused_status_is_replaced_by_a_small_unknown() -> None:
    before = {"driftedSince": "yesterday", "handledRefreshAt": "r", "sync": "Drifted"}
    made = minimal_unknown(
        generation=2,
        now=NOW,
        why=Why("StatusRefused", "too long" * 1000),
        previous=MirrorStatus.read(before),
    ).dump()

    assert made["sync"] == "Unknown"
    assert (made["driftedSince"], made["handledRefreshAt"]) == ("yesterday", "r")
    assert of_condition(made, "InSync") == "Unknown"
    assert len(json.dumps(made)) < 2000


def test_heartbeats_and_newer_looks_are_the_same_truth() -> None:
    first = status(report(component("a", seen({"x": "1"}, age=30), seen({"x": "1"}, age=30))))
    later = status(report(component("a", seen({"x": "1"}), seen({"x": "1"}))), first, now=NOW + 5)

    assert first["validUntil"] != later["validUntil"]
    assert same_truth(MirrorStatus.read(first), MirrorStatus.read(later))


def test_another_value_is_another_truth_even_if_the_verdict_is_the_same() -> None:
    first = status(report(drifted()))
    other = component("other", seen({"value": "3"}), seen({"value": "1"}))

    assert not same_truth(MirrorStatus.read(first), MirrorStatus.read(status(report(other), first)))
