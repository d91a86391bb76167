"""What a status says of acceptances: whose, until when, and which have ended."""

from dataclasses import replace
from typing import Any

from stagingmirror.api.status.report import ComponentReport
from stagingmirror.drift.facts import Acceptance
from support.kinds.judged import Status, status
from support.kinds.observations import (
    NOW,
    component,
    drifted,
    equal,
    holding,
    report,
    seen,
    unknown,
)

DAY = 86_400.0
IN_A_DAY = "2027-01-16T08:00:00Z"
TWO = {"a.x": "1", "a.y": "1", "b": "1"}
OTHER = {"a.x": "2", "a.y": "2", "b": "2"}


def until(end: float, fact: str = "value", **more: Any) -> Acceptance:
    return Acceptance("c", fact, "smaller nodes", until=end, **more)


def told(of: ComponentReport, previous: Status | None = None, *, now: float = NOW) -> Status:
    (found,) = status(report(of), previous, now=now)["components"]
    return dict(found)


def three(*acceptances: Acceptance) -> ComponentReport:
    return component("c", seen(TWO), seen(OTHER), acceptances=acceptances)


def test_a_difference_says_why_it_is_accepted_and_by_whom() -> None:
    shared = Acceptance("c", "a.*", "half the data", until=NOW + 8 * DAY, environment="staging")

    found = told(three(shared))

    why = "environment staging: half the data (until 2027-01-23 08:00 UTC)"
    assert [(each["fact"], each.get("accepted")) for each in found["differences"]] == [
        ("b", None),
        ("a.x", why),
        ("a.y", why),
    ]
    assert found["message"] == f"b: production has 1, staging has 2; 2 differences accepted: {why}"


def test_an_acceptance_that_has_ended_is_named_with_the_drift_that_it_leaves() -> None:
    found = told(three(until(NOW, "a.*"), until(NOW + 8 * DAY, "b")))

    assert found["verdict"] == "Drifted"
    assert "acceptance ended 2027-01-15 08:00 UTC: a.* (smaller nodes)" in found["message"]
    assert [each.get("acceptanceEnded") for each in found["differences"]] == [
        *["2027-01-15T08:00:00Z"] * 2,
        None,
    ]


def test_an_acceptance_that_has_ended_is_named_while_the_component_is_held() -> None:
    of = drifted("c", acceptances=(until(NOW - 1),), hold=holding("c"))

    assert "acceptance ended 2027-01-15 07:59 UTC: value" in told(of)["message"]


def test_acceptances_of_one_end_and_one_reason_are_announced_as_one() -> None:
    ends = [until(NOW + DAY, fact) for fact in ("a.x", "a.y")]

    found = told(three(*ends, until(NOW + 2 * DAY, "b")))

    assert found["ending"] == [
        {"facts": "a.x and a.y", "until": IN_A_DAY, "reason": "smaller nodes"},
        {"facts": "b", "until": "2027-01-17T08:00:00Z", "reason": "smaller nodes"},
    ]
    assert (
        "acceptance ends 2027-01-16 08:00 UTC, then it is drift: a.x and a.y (smaller nodes)"
        in found["message"]
    )


def test_what_ends_is_still_known_after_it_could_not_be_seen_and_not_shown_meanwhile() -> None:
    ending = status(report(drifted("c", acceptances=(until(NOW + DAY),))))

    hidden = told(unknown("c"), ending)

    assert [each["until"] for each in hidden["ending"]] == [IN_A_DAY]
    assert "acceptance" not in hidden["message"]
    assert "ending" not in told(unknown("c"), ending, now=NOW + DAY)
    assert "ending" not in told(equal("c"), ending)


def test_that_an_acceptance_will_end_does_not_move_in_sync_since_and_that_it_ended_does() -> None:
    def at(now: float, previous: Status | None) -> Status:
        of = component(
            "c",
            seen({"value": "1"}, age=NOW - now),
            seen({"value": "2"}, age=NOW - now),
            acceptances=(until(NOW + 8 * DAY),),
            now=now,
        )
        return status(report(of), previous, now=now)

    first = at(NOW, None)
    soon = at(NOW + DAY, first)
    over = at(NOW + 8 * DAY, soon)

    assert "ending" not in first["components"][0]
    assert "ending" in soon["components"][0]
    assert first["inSyncSince"] == soon["inSyncSince"] == "2027-01-15T08:00:00Z"
    assert "inSyncSince" not in over
    assert over["sync"] == "Drifted"


def test_whose_acceptance_it_is_moves_in_sync_since() -> None:
    own = Acceptance("c", "value", "smaller nodes")

    first = status(report(drifted("c", acceptances=(own,))))
    then = status(
        report(drifted("c", acceptances=(replace(own, environment="staging"),))),
        first,
        now=NOW + 600,
    )

    assert first["inSyncSince"] != then["inSyncSince"]


def test_many_reasons_are_counted() -> None:
    facts = {f"f{n}": "1" for n in range(9)}
    acceptances = tuple(Acceptance("c", fact, f"reason {fact}") for fact in facts)

    of = component("c", seen(facts), seen(dict.fromkeys(facts, "2")), acceptances=acceptances)

    assert told(of)["message"].startswith("9 differences accepted: reason f0; reason f1")
    assert told(of)["message"].endswith("reason f4; and for 4 more reasons")


def test_of_too_many_differences_facts_are_kept_before_details_and_the_rest_is_counted() -> None:
    facts = [f"p{n:03}" for n in range(80)]
    details = {"p000": lambda: {f"file{n}": "x" for n in range(9)}}
    of = component(
        "c", seen(dict.fromkeys(facts, "1"), details=details), seen(dict.fromkeys(facts, "2"))
    )

    found = told(of)

    assert [each["fact"] for each in found["differences"]] == facts[:60]
    assert found["unlisted"] == 20
    assert "29 further differences are not listed" in found["message"]


def test_details_fill_what_facts_leave() -> None:
    facts = [f"p{n:03}" for n in range(50)]
    details = {
        name: lambda: {f"file{n}": "x" for n in range(9)}  # of the first two facts
        for name in facts[:2]
    }
    of = component(
        "c", seen(dict.fromkeys(facts, "1"), details=details), seen(dict.fromkeys(facts, "2"))
    )

    found = told(of)

    kept = [each["fact"] for each in found["differences"]]
    assert len(kept) == 60
    assert kept[:3] == ["p000", "p000/file0", "p000/file1"]
    assert kept[10:12] == ["p001", "p001/file0"]
    assert "unlisted" not in found
