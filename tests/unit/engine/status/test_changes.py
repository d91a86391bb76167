"""News: told once, only where something changed, whoever leads."""

from typing import Any

import pytest

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import ComponentReport, Report
from stagingmirror.drift.deploys import Deploy, DeployKey
from stagingmirror.drift.facts import Acceptance
from stagingmirror.engine.status.changes import MAX_MESSAGE, Announcement, changes
from support.kinds.judged import status_of
from support.kinds.observations import (
    NOW,
    component,
    drifted,
    equal,
    held,
    report,
    seen,
    stalled,
    unknown,
)


def after(first: Report | None, then: Report) -> list[Announcement]:
    before = made(first, None) if first else MirrorStatus()
    return changes(before, made(then, before, now=NOW + 60))


def made(of: Report, previous: MirrorStatus | None, *, now: float = NOW) -> MirrorStatus:
    return status_of(of, now=now, previous=previous, trust_previous=True)


def told(first: Report | None, then: Report) -> list[tuple[str, str]]:
    return [(each.reason, each.message) for each in after(first, then)]


def test_the_same_truth_is_no_news() -> None:
    of = report(drifted(), stalled=("Overlap", "two"), finished={"id": "1", "result": "RolledBack"})

    assert told(of, of) == []


@pytest.mark.parametrize(
    ("first", "then", "reason", "message"),
    [
        (
            equal("other"),
            drifted(),
            "DriftDetected",
            "other: value: production has 2, staging has 1",
        ),
        (drifted(), equal("other"), "InSync", "1 of 1 in sync"),
        (equal("a"), unknown("a"), "NotSeen", "1 of 1 not seen: a (staging: MLflow timed out)"),
        (unknown("a"), equal("a"), "InSync", "1 of 1 in sync"),
        (equal("a"), held("a"), "Held", "0 of 1 in sync; held: a (candidate 14)"),
    ],
)
def test_a_verdict_that_changes_is_told_in_the_words_of_the_status(
    first: ComponentReport, then: ComponentReport, reason: str, message: str
) -> None:
    assert told(report(first), report(then)) == [(reason, message)]


@pytest.mark.parametrize(
    ("component_", "reasons"),
    [(equal(), ["InSync"]), (drifted(), ["DriftDetected"]), (unknown(), [])],
)
def test_a_new_mirror_tells_its_first_verdict_unless_nothing_is_known_yet(
    component_: ComponentReport, reasons: list[str]
) -> None:
    assert [reason for reason, _ in told(None, report(component_))] == reasons


def test_each_component_that_drifts_newly_is_told_and_the_others_are_not() -> None:
    found = told(report(drifted("old"), equal("new")), report(drifted("old"), drifted("new")))

    assert [message.split(":")[0] for _, message in found] == ["new"]


def test_many_components_that_drift_at_once_do_not_flood() -> None:
    names = [f"c{n:02}" for n in range(64)]
    found = told(report(*map(equal, names)), report(*map(drifted, names)))

    assert len(found) == 6
    assert found[-1][1].startswith("59 more drifted: c05, c06")


def test_unknown_while_refreshing_is_no_news() -> None:
    of = report(equal(), writing=True, activity="Refreshing")

    assert told(report(drifted("same")), of) == []


def test_a_refresh_is_told_when_it_starts_and_how_it_ends() -> None:
    steps = [{"component": "fraud-model"}, {"components": ["product-index", "fraud-model"]}]
    refresh = {"id": "r1", "trigger": "Schedule", "phase": "Prepare", "steps": steps}
    running = report(drifted(), refresh=refresh, activity="Refreshing")
    ended = {"id": "r1", "result": "Succeeded", "message": "2 of 2 applied and verified in 59 s"}

    assert told(report(drifted()), running) == [
        ("RefreshStarted", "Schedule: fraud-model and product-index")
    ]
    assert told(running, report(drifted(), finished=ended)) == [
        ("RefreshSucceeded", "2 of 2 applied and verified in 59 s")
    ]


@pytest.mark.parametrize(
    ("result", "kind", "reason"),
    [
        ("RolledBack", "Warning", "RefreshFailed"),
        ("RollbackIncomplete", "Warning", "RollbackIncomplete"),
        ("Skipped", "Warning", "RefreshSkipped"),
        ("SomethingNew", "Warning", "RefreshFailed"),
    ],
)
def test_what_did_not_succeed_is_a_warning(result: str, kind: str, reason: str) -> None:
    (news,) = after(
        report(equal()), report(equal(), finished={"id": "1", "result": result, "message": "so"})
    )

    assert (news.kind, news.reason, news.message) == (kind, reason, "so")


def deploy(revision: str, **kw: Any) -> Deploy:
    key = DeployKey("fraud-model", "staging")
    return Deploy(key, {"Deployment a": revision}, ("Deployment a",), NOW, {"runId": "6b1f"}, **kw)


def test_a_deploy_is_told_with_its_provenance_and_a_mismatch_is_a_warning() -> None:
    first = report(equal(), deploys=(deploy("1"),))
    sentence = "fraud-model in staging: Deployment a rolled out with runId 6b1f"
    (good,) = after(first, report(equal(), deploys=(deploy("2", verified=True, message=sentence),)))
    (bad,) = after(
        first, report(equal(), deploys=(deploy("2", verified=True, mismatch=("runId",)),))
    )

    assert (good.kind, good.reason, bad.kind) == ("Normal", "Deployed", "Warning")
    assert good.message == sentence
    assert good.fields["provenance"] == {"runId": "6b1f"}
    assert good.fields["verified"] is True
    assert bad.fields["mismatch"] == ["runId"]


def test_a_deploy_that_could_be_compared_only_later_is_told_then() -> None:
    first = report(equal(), deploys=(deploy("1"),))
    late = report(equal(), deploys=(deploy("1", verified=True, mismatch=("runId",)),))

    (told,) = after(first, late)

    assert (told.kind, told.reason) == ("Warning", "DeployCompared")
    assert told.fields["mismatch"] == ["runId"]


def test_what_needs_a_human_is_told_when_it_begins_and_when_its_reason_changes() -> None:
    before = made(report(equal()), None)
    first = made(stalled("A", "do this"), before)
    same = made(stalled("A", "do this"), first, now=NOW + 60)
    other = made(stalled("B", "do that"), first, now=NOW + 60)

    assert ("Stalled", "A: do this") in [(e.reason, e.message) for e in changes(before, first)]
    assert changes(first, same) == []
    assert [(e.reason, e.message) for e in changes(first, other)] == [("Stalled", "B: do that")]


def test_overdue_drift_and_contention_are_warnings() -> None:
    first = report(drifted())
    then = report(drifted(), max_drift_age=1.0, contended=("Reverted", "argocd set X back, twice"))

    found = after(first, then)

    assert {(each.kind, each.reason) for each in found} == {
        ("Warning", "Contended"),
        ("Warning", "DriftOverdue"),
    }


def test_messages_are_bounded() -> None:
    findings = ("f" * 5000,)
    long = component("other", seen({"value": "2"}, findings=findings), seen({"value": "1"}))

    assert all(len(each.message) <= MAX_MESSAGE for each in after(None, report(long)))


def test_a_status_that_somebody_else_wrote_is_read_without_failing() -> None:
    strange = MirrorStatus.read(
        {"components": [{}], "conditions": [{}], "deploys": [{}], "sync": "Odd"}
    )

    (news,) = changes(strange, made(report(unknown()), strange))

    assert news.reason == "NotSeen"


STEPS = [{"id": "s", "components": ["a"], "state": "Taken"}]
OPEN: dict[str, Any] = {"id": "r", "trigger": "Schedule", "steps": STEPS}


def in_a_refresh(first: ComponentReport, *, ended: str | None = None) -> list[tuple[str, str]]:
    """What is told where component ``a`` becomes Drifted while it is refreshed, or (``ended``) with
    the end of its refresh.
    """
    before = made(report(first, refresh=OPEN, activity="Refreshing"), None)
    then = report(drifted("a"), refresh=OPEN, activity="Refreshing")
    if ended is not None:
        then = report(drifted("a"), finished={"id": "r", "result": ended, "message": "m"})
    news = changes(before, made(then, before, now=NOW + 60))
    return [(each.reason, each.message) for each in news]


@pytest.mark.parametrize("first", [unknown("a"), equal("a")])
def test_drift_in_the_middle_of_its_refresh_is_not_told_again(first: ComponentReport) -> None:
    assert in_a_refresh(first) == []


def test_a_refresh_that_was_rolled_back_tells_that_and_not_the_drift_that_was_told() -> None:
    assert in_a_refresh(unknown("a"), ended="RolledBack") == [("RefreshFailed", "m")]


def test_what_drifted_again_while_it_was_refreshed_is_told_with_its_success() -> None:
    told = [reason for reason, _ in in_a_refresh(equal("a"), ended="Succeeded")]

    assert told == ["RefreshSucceeded", "DriftDetected"]


def ending_in(seconds: float, *names: str, reason: str = "smaller nodes") -> Report:
    def accepted(name: str) -> ComponentReport:
        by = Acceptance(name, "value", reason, until=NOW + seconds)
        return drifted(name, acceptances=(by,))

    return report(*map(accepted, names))


WEEK = 7 * 86_400.0


def test_an_acceptance_that_ends_is_announced_once_a_week_ahead() -> None:
    before, then = ending_in(WEEK + 1, "a"), ending_in(WEEK, "a")
    message = "what is accepted until 2027-01-22T08:00:00Z is drift then: a (value): smaller nodes"

    assert told(None, before) == [("InSync", "1 of 1 in sync (1 with accepted differences)")]
    assert told(before, then) == [("AcceptanceEnds", message)]
    assert told(then, then) == []


def test_acceptances_of_one_end_and_reason_are_one_announcement_and_another_end_is_another() -> (
    None
):
    many = [message for _, message in told(report(equal()), ending_in(WEEK, "a", "b", "c"))]

    assert [each for each in many if "drift then: a (value), b (value) and c (value)" in each]
    assert [reason for reason, _ in told(ending_in(WEEK, "a"), ending_in(WEEK - 1, "a"))] == [
        "AcceptanceEnds"
    ]


def test_what_could_not_be_seen_in_between_is_not_announced_again() -> None:
    first = made(ending_in(WEEK, "a"), None)
    hidden = made(report(unknown("a")), first, now=NOW + 60)
    again = made(ending_in(WEEK, "a"), hidden, now=NOW + 120)

    assert "AcceptanceEnds" not in [each.reason for each in changes(hidden, again)]
