"""What answered while a refresh was changing it is no verdict of today."""

from dataclasses import replace
from typing import Any, cast

import pytest

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Fact, Observations, Seen, Unseen, Why
from stagingmirror.drift.verdict import Drifted, Held, InSync, Unknown, Verdict
from stagingmirror.engine.context import Context, Judged
from stagingmirror.engine.refresh.execute.guards import send_again
from stagingmirror.engine.refresh.execute.unsettled import unsettled
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.resources.mirror import MirrorKey
from support.kinds.builders import NOW
from support.kinds.records import a_record, an_entry
from support.parity.answers import SUBJECT
from support.parity.specs import parity
from support.resources.resources import mirror, setting

HELD = Held("ci", "a test", differences=Drifted(()).differences, until=NOW + 60)
OF = "training-data"


def compared(
    *, sent: float = NOW, of: str | None = OF, verdict: Verdict | None = None, **more: Any
) -> Judged:
    """A featureParity whose samples were sent then."""
    body = mirror(track=[setting(), parity(**({"of": [of]} if of else {}))])
    track = StagingMirrorSpec.model_validate(body["spec"]).track[1]
    side = Seen({"structure": Fact("same")}, NOW, probed=sent, **more)
    return Judged(track, Observations(side, side), verdict or InSync(1))


def refresh(**fields: Any) -> Record:
    """Of the setting, of which a step is taken."""
    applied: Any = {OF: None}
    return a_record(an_entry("Taken"), applied=applied, last_write=NOW + 10, **fields)


def ended(result: Any = "RolledBack") -> Record:
    """At NOW + 20; the last write was ten seconds earlier."""
    return replace(refresh(), phase="Closed", result=result, ended=NOW + 20)


def why(found: Judged) -> Why | None:
    return found.verdict.why if isinstance(found.verdict, Unknown) else None


@pytest.mark.parametrize("phase", ["Forward", "Verify", "RollBack"])
def test_features_are_not_judged_while_what_they_are_made_of_is_refreshed(phase: Any) -> None:
    found = unsettled(compared(sent=NOW + 15), refresh(phase=phase), NOW + 16)

    told = why(found)
    assert told is not None
    assert told.reason == "Refreshing"
    assert "while training-data is being refreshed" in told.message
    assert found.observations == Observations(Unseen(told, NOW + 16), Unseen(told, NOW + 16))


def test_they_are_judged_until_the_first_write() -> None:
    judged = compared()
    begun = replace(refresh(), entries=(an_entry("Pending"),))

    assert unsettled(judged, begun, NOW) is judged
    assert unsettled(judged, None, NOW) is judged


def test_a_refresh_of_something_else_leaves_them_judged() -> None:
    applied: Any = {"fraud-model": None}
    other = replace(refresh(), applied=applied)

    judged = compared()
    assert unsettled(judged, other, NOW) is judged
    assert why(unsettled(compared(of=None), other, NOW)) is not None


def test_a_component_that_guards_nothing_is_judged_in_a_refresh() -> None:
    track = StagingMirrorSpec.model_validate(mirror(track=[setting()])["spec"]).track[0]
    judged = replace(compared(), track=track)

    assert unsettled(judged, refresh(), NOW) is judged


def test_what_is_held_stays_held_and_shows_no_old_difference() -> None:
    found = unsettled(compared(verdict=HELD), refresh(), NOW).verdict

    assert isinstance(found, Held)
    assert found.hold == "ci"
    assert found.differences == ()
    assert found.unseen is not None
    assert found.unseen.reason == "Refreshing"


@pytest.mark.parametrize(
    ("result", "sent", "is_old"),
    [
        ("RolledBack", NOW + 19, True),
        ("RollbackIncomplete", NOW + 19, True),
        ("RolledBack", NOW + 21, False),
        # The guard of one that succeeded was compared before its end.
        ("Succeeded", NOW + 9, True),
        ("Succeeded", NOW + 11, False),
    ],
)
def test_samples_that_were_sent_before_a_refresh_had_changed_staging_are_sent_again(
    result: str, sent: float, is_old: bool
) -> None:
    found = why(unsettled(compared(sent=sent), ended(result), NOW + 30))

    assert (found is not None) == is_old
    assert found is None or found.reason == "NotProbedYet"


def test_a_refresh_that_wrote_nothing_leaves_them_judged() -> None:
    judged = compared(sent=NOW - 900)
    nothing = replace(ended(), entries=(an_entry("Pending"),))

    assert unsettled(judged, nothing, NOW + 30) is judged


def test_where_they_cannot_be_sent_again_the_reason_is_why_not() -> None:
    silent = Why("TimedOut", "no answer in time")

    found = unsettled(compared(trouble=silent), ended(), NOW + 30)

    assert why(found) == silent


class Sending:
    def __init__(self) -> None:
        self.since: list[float] = []

    def __call__(self, deep: str, key: Any, subjects: Any, since: float, observed: float) -> bool:
        assert (deep, subjects) == ("probe", frozenset({SUBJECT}))
        self.since.append(since)
        return False


@pytest.mark.parametrize(
    ("judged", "record", "since"),
    [
        (compared(), ended(), [NOW + 20]),
        (compared(), ended("Succeeded"), [NOW + 10]),
        (compared(sent=NOW + 25), ended(), []),
        (compared(verdict=HELD), ended(), []),
        (compared(), refresh(), []),
    ],
)
def test_samples_are_sent_once_a_refresh_has_ended_that_changed_what_they_showed(
    judged: Judged, record: Record, since: list[float]
) -> None:
    sending = Sending()
    fields = {
        "components": (judged,),
        "parts": {DeployKey("parity", "staging"): frozenset({SUBJECT})},
        "now": NOW + 30,
        "mirror": type("M", (), {"key": MirrorKey("ml-staging", "fraud")}),
    }

    send_again(cast("Context", type("C", (), fields)), record, sending)

    assert sending.since == since
