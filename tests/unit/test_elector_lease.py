"""What taking, renewing and releasing a Lease writes."""

from stagingmirror.engine.lease import SETTLED_AT, Lease, fresh, released, renewed, stamp, taken

NOW = 1_800_000_000.25


def a_lease(holder: str = "a") -> Lease:
    body = fresh("system", "stagingmirror", holder, 8.0, NOW - 60)
    body["metadata"]["resourceVersion"] = "7"
    return Lease(body)


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

    body = renewed(lease, NOW, NOW)

    assert body["metadata"]["annotations"] == {"note": "mine", SETTLED_AT: stamp(NOW)}
    assert lease.body["metadata"]["annotations"] == {"note": "mine"}


def test_releasing_leaves_nobody_holding_it() -> None:
    assert Lease(released(a_lease(), NOW)).holder == ""


def test_a_lease_without_a_spec_is_nobodys() -> None:
    bare = Lease({"metadata": {"resourceVersion": "1"}})

    assert (bare.holder, bare.duration, bare.transitions) == ("", 0.0, 0)
