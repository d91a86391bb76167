"""What taking, renewing and releasing a Lease writes."""

from typing import Any

import pytest

from stagingmirror.engine.leader.lease import (
    SETTLED_AT,
    Lease,
    Settled,
    fresh,
    read,
    released,
    renewed,
    stamp,
    taken,
)
from stagingmirror.errors import NotAnswered

NOW = 1_800_000_000.25


def a_lease(holder: str = "a") -> Lease:
    body = fresh("system", "stagingmirror", holder, 8.0, NOW - 60)
    body["metadata"]["resourceVersion"] = "7"
    return read(body)


def test_times_are_utc_with_microseconds() -> None:
    assert stamp(NOW) == "2027-01-15T08:00:00.250000Z"


def test_taking_over_counts_a_transition_and_keeps_the_version_that_was_judged() -> None:
    body = taken(a_lease(), "b", 8.0, NOW)

    assert body["spec"]["holderIdentity"] == "b"
    assert body["spec"]["leaseTransitions"] == 1
    assert body["spec"]["acquireTime"] == body["spec"]["renewTime"] == stamp(NOW)
    assert body["metadata"]["resourceVersion"] == "7"


def test_renewing_keeps_who_holds_it_since_when_and_what_others_wrote() -> None:
    lease = a_lease()
    lease.body["metadata"]["labels"] = {"team": "ml"}

    body = renewed(lease, None, NOW)

    assert body["spec"] == lease.body["spec"] | {"renewTime": stamp(NOW)}
    assert body["metadata"]["labels"] == {"team": "ml"}
    assert "annotations" not in body["metadata"]


def test_renewing_tells_since_when_every_status_is_true() -> None:
    lease = a_lease()
    lease.body["metadata"]["annotations"] = {"note": "mine"}

    body = renewed(lease, Settled(NOW, ""), NOW)

    assert body["metadata"]["annotations"] == {"note": "mine", SETTLED_AT: stamp(NOW)}
    assert lease.body["metadata"]["annotations"] == {"note": "mine"}


def test_what_settled_at_leaves_out_is_written_beside_it_and_goes_with_it() -> None:
    left_out = read(renewed(a_lease(), Settled(NOW, "one two"), NOW) | {})

    assert left_out.unsettled == "one two"
    assert read(renewed(left_out, Settled(NOW, ""), NOW)).unsettled == ""


def test_releasing_leaves_nobody_holding_it() -> None:
    assert read(released(a_lease(), NOW)).holder == ""


def test_a_lease_without_a_spec_is_nobodys() -> None:
    bare = read({"metadata": {"resourceVersion": "1"}})

    assert (bare.holder, bare.duration, bare.transitions) == ("", 0.0, 0)


METADATA = {"resourceVersion": "7"}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"metadata": None},
        {"metadata": {}},
        {"metadata": METADATA, "spec": ["held"]},
        {"metadata": METADATA, "spec": {"leaseDurationSeconds": "eight"}},
        {"metadata": METADATA, "spec": {"leaseTransitions": ["many"]}},
        {"metadata": METADATA | {"annotations": "none"}},
    ],
)
def test_what_is_no_lease_is_no_answer(answer: dict[str, Any]) -> None:
    with pytest.raises(NotAnswered):
        read(answer)


def test_what_is_no_time_settles_nothing() -> None:
    noted = {"metadata": METADATA | {"annotations": {SETTLED_AT: "this morning"}}}

    assert read(noted).settled_at is None
