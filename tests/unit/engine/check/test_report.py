"""What a status says of a mirror that could not even be looked at."""

from typing import Any

from stagingmirror.api.status.report import Progress
from stagingmirror.drift.facts import Why
from stagingmirror.engine.check.report import blind_report
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import Mirror, mirror_of, readable_spec
from support.kinds.judged import Status, of_condition, status
from support.resources import resources

REVOKED = Why("EnvironmentNotUsable", "it is not usable from here any more.")
DRIFTED: Status = {"sync": "Drifted", "driftedSince": "2027-01-13T08:00:00Z"}  # for two days


def mirror(**spec: Any) -> Mirror:
    body = resources.mirror(**spec)
    body["metadata"] |= {"uid": "uid", "generation": 1}
    return mirror_of(body)


def blind(mirror: Mirror) -> Status:
    report = blind_report(
        mirror,
        Progress(),
        REVOKED,
        waiting=None,
        handled={},
        spec=readable_spec(ResourceCache(), mirror.body),
        mirrors=1,
    )
    return status(report, DRIFTED)


def test_drift_stays_overdue_when_its_environment_is_taken_away() -> None:
    told = blind(mirror(maxDriftAge="24h"))

    assert (told["sync"], told["driftedSince"]) == ("Unknown", DRIFTED["driftedSince"])
    assert of_condition(told, "DriftOverdue") == "True"


def test_drift_that_may_be_older_is_not_called_overdue() -> None:
    assert of_condition(blind(mirror(maxDriftAge="72h")), "DriftOverdue") is None


def test_a_status_that_rests_on_no_look_never_expires_before_the_next_pass() -> None:
    for spec in ({}, {"checkInterval": "soon"}):
        assert "validUntil" not in blind(mirror(**spec))
