"""``inSyncSince`` and ``driftedSince``: never longer than was seen, never shorter than needed."""

import pytest

from stagingmirror.api.status.report import Report
from stagingmirror.drift.facts import Acceptance, Fact
from support.kinds.judged import Status, status
from support.kinds.observations import (
    NOW,
    accepted,
    component,
    drifted,
    equal,
    held,
    report,
    seen,
    unknown,
)

LATER = NOW + 600


def since(first: Report, then: Report, *, trust: bool = True) -> str | None:
    before = status(first, now=NOW, previous=None)
    return status(then, before, now=LATER, trust=trust).get("inSyncSince")


def two(production: dict[str, Fact | str], staging: dict[str, Fact | str]) -> Report:
    return report(component("a", seen(production), seen(staging)))


SAME = "2027-01-15T08:00:00Z"
MOVED = "2027-01-15T08:10:00Z"


def test_in_sync_since_stays_while_nothing_changes() -> None:
    assert since(report(equal()), report(equal())) == SAME


def test_in_sync_since_never_claims_a_part_of_a_second_that_was_not_seen() -> None:
    made = status(report(equal()), now=NOW + 0.25, previous=None)

    assert made["inSyncSince"] == "2027-01-15T08:00:01Z"


def test_what_a_fact_is_only_told_for_does_not_move_it() -> None:
    first = two({"a": "1", "note": Fact("x", compared=False)}, {"a": "1"})
    then = two({"a": "1", "note": Fact("y", compared=False)}, {"a": "1"})

    assert since(first, then) == SAME


@pytest.mark.parametrize(
    "then",
    [
        report(equal(), generation=4),
        report(equal(), environments={"production": "uid-1/2", "staging": "uid-2/1"}),
        report(component("same", seen({"value": "2"}), seen({"value": "2"}))),
        report(component("same", seen({"value": "1", "b": "2"}), seen({"value": "1", "b": "2"}))),
        report(component("same", seen({"value": Fact("1", declared=True)}), seen({"value": "1"}))),
        report(equal("renamed")),
        report(equal(), equal("new")),
        report(equal(), accepted()),
    ],
    ids=[
        "generation",
        "environment",
        "both sides moved",
        "a new fact",
        "only declared now",
        "another component",
        "a new component",
        "something accepted",
    ],
)
def test_in_sync_since_moves_with_everything_that_it_rests_on(then: Report) -> None:
    assert since(report(equal()), then) == MOVED


def test_another_reason_for_accepting_moves_it() -> None:
    def because(reason: str) -> Report:
        return report(drifted(acceptances=(Acceptance("other", "value", reason),)))

    assert since(because("smaller nodes"), because("smaller nodes")) == SAME
    assert since(because("smaller nodes"), because("another reason")) == MOVED


@pytest.mark.parametrize("between", [report(unknown("same")), report(drifted("same")), report()])
def test_a_gap_ends_it(between: Report) -> None:
    first = status(report(equal()), now=NOW, previous=None)
    gap = status(between, now=NOW + 300, previous=first)
    again = status(report(equal()), now=LATER, previous=gap)

    assert "inSyncSince" not in gap
    assert again["inSyncSince"] == MOVED


def test_after_a_failover_it_is_kept_only_where_somebody_watched_in_between() -> None:
    assert since(report(equal()), report(equal()), trust=True) == SAME
    assert since(report(equal()), report(equal()), trust=False) == MOVED


def drifting(*reports: Report) -> list[str | None]:
    made: Status = {}
    told = []
    for step, each in enumerate(reports):
        made = status(each, now=NOW + 60 * step, previous=made)
        told.append(made.get("driftedSince"))
    return told


def test_drift_keeps_its_age_while_nobody_can_look() -> None:
    told = drifting(report(drifted()), report(unknown("other")), report(drifted()))

    assert told == [SAME, SAME, SAME]


@pytest.mark.parametrize("end", [report(equal()), report(held())], ids=["in sync", "held"])
def test_drift_ends_with_in_sync_and_with_held(end: Report) -> None:
    assert drifting(report(drifted()), end, report(drifted())) == [
        SAME,
        None,
        "2027-01-15T08:02:00Z",
    ]


def test_unknown_alone_is_no_drift() -> None:
    assert drifting(report(equal()), report(unknown())) == [None, None]


def test_drift_is_overdue_after_its_greatest_age_and_not_before() -> None:
    first = status(report(drifted(), max_drift_age=600), now=NOW, previous=None)
    young = status(report(drifted(), max_drift_age=600), now=NOW + 600, previous=first)
    old = status(report(drifted(), max_drift_age=600), now=NOW + 601, previous=young)
    hidden = status(report(unknown("other"), max_drift_age=600), now=NOW + 700, previous=old)

    assert "DriftOverdue" not in [each["type"] for each in young["conditions"]]
    assert old["conditions"][-1]["type"] == "DriftOverdue"
    assert "though it cannot be seen now" in hidden["conditions"][-1]["message"]
