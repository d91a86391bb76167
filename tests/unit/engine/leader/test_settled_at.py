"""How long a status may be believed, and who says as of when everything was true."""

import math
from dataclasses import dataclass
from typing import Any

import pytest

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.unsettled import written
from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.accept import AHEAD, weighed
from stagingmirror.drift.facts import Acceptance, Difference, Hold
from stagingmirror.engine.check.requeue import STALLED_RETRY, next_blind_pass, next_pass, next_turn
from stagingmirror.engine.context import A_MOMENT
from stagingmirror.engine.leader.lease import Settled
from stagingmirror.engine.leader.settled_at import SettledAt
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.workqueue.queue import WorkQueue
from support.clock import NOW, Clock
from support.operators.runtimes import a_runtime
from support.queues import NotCounting

FRAUD = MirrorKey("ml-staging", "fraud")


@dataclass
class Unwritten:
    oldest: float | None = None

    def oldest_unwritten(self) -> float | None:
        return self.oldest


# settled-at


def settling(
    clock: Clock, *queue: Unwritten | WorkQueue[str], sweeps_vouch_until: float = math.inf
) -> SettledAt:
    return SettledAt(
        *(each.oldest_unwritten for each in queue),
        sweeps_vouch_until=lambda: sweeps_vouch_until,
        runtime=a_runtime(clock),
        left_out=frozenset,
        publish=lambda settled, left_out: None,
    )


def test_nothing_is_settled_before_every_mirror_was_looked_at() -> None:
    clock, queue = Clock(), Unwritten()
    one = settling(clock, queue)
    assert one.settled() is None

    one.take_over(None)
    assert one.settled() is None
    queue.oldest = clock.now
    one.every_mirror_is_queued()
    clock.now += 5

    assert one.settled() is None
    queue.oldest = None
    assert one.settled() == clock.now


def test_mirrors_that_a_new_leader_has_only_queued_are_not_settled() -> None:
    clock = Clock()
    queue: WorkQueue[str] = WorkQueue(clock=clock, counting=NotCounting())
    one = settling(clock, queue)
    one.take_over(Settled(clock.now - 1, ""))

    for mirror in ("fraud", "ranking"):
        clock.now += 0.001
        queue.add(mirror)
    one.every_mirror_is_queued()
    clock.now += 1
    assert one.settled() is None

    first = queue.take_now()
    assert first is not None
    queue.done(first)
    assert one.settled() is None

    second = queue.take_now()
    assert second is not None
    queue.failed(second, again_in=1.0)  # first answers are on their way
    clock.now += 10
    assert one.settled() is None

    assert queue.take_now() == second
    queue.done(second)
    assert one.settled() == clock.now


def test_settled_at_stands_still_while_a_verdict_is_unwritten() -> None:
    clock, queue = Clock(), Unwritten()
    one = settling(clock, queue)
    one.take_over(None)
    one.every_mirror_is_queued()
    clock.now += 1
    assert one.settled() == clock.now

    queue.oldest = clock.now
    stood = clock.now
    clock.now += 30

    assert one.settled() == stood


def test_settled_at_stands_still_while_anything_known_is_unread() -> None:
    clock, queue, cluster = Clock(), Unwritten(), Unwritten()
    one = settling(clock, queue, cluster)
    one.take_over(None)
    one.every_mirror_is_queued()
    assert one.settled() == clock.now

    cluster.oldest = heard = clock.now
    clock.now += 5
    assert one.settled() == heard

    cluster.oldest, queue.oldest = None, heard
    clock.now += 5
    assert one.settled() == heard


def test_nothing_is_settled_later_than_our_own_resources_are_proven() -> None:
    clock = Clock()
    one = settling(clock, Unwritten(), sweeps_vouch_until=NOW + 45)
    one.take_over(None)
    one.every_mirror_is_queued()
    clock.now += 40
    assert one.settled() == clock.now

    clock.now += 40

    assert one.settled() == NOW + 45


@pytest.mark.parametrize(
    ("former", "survived"),
    [
        (None, False),
        (Settled(NOW - 119, ""), True),
        (Settled(NOW - 121, ""), False),
        (Settled(NOW + 18_000, ""), False),
        (Settled(NOW - 1, written([FRAUD]) or ""), False),
        (Settled(NOW - 1, written([MirrorKey("ml-staging", "ranking")]) or ""), True),
    ],
)
def test_what_was_in_sync_survives_where_somebody_watched_it_until_now(
    former: Settled | None, survived: bool
) -> None:
    clock = Clock()
    one = settling(clock, Unwritten())

    one.take_over(former)
    clock.now += 1000

    assert one.survived(FRAUD, 120) is survived


# Wake-ups


def spec(**more: Any) -> StagingMirrorSpec:
    whole = {
        "production": {"environment": "production", "namespace": "ml-prod"},
        "staging": {"environment": "staging"},
        "checkInterval": "30s",
        "staleAfter": "2m",
        "track": [
            {
                "name": "data",
                "setting": {"production": {"configMap": {"name": "data", "key": "snapshot"}}},
            }
        ],
    } | more
    return StagingMirrorSpec.model_validate(whole)


def wake(spec_: StagingMirrorSpec, began: float = NOW, **more: Any) -> float:
    return passes(spec_, [began], **more)


def passes(spec_: StagingMirrorSpec, oldest: list[float], **more: Any) -> float:
    """In how many seconds."""
    status = MirrorStatus.read(more.get("status", {}))
    turn = next_turn(
        spec_,
        acceptances=more.get("acceptances", ()),
        holds=more.get("holds", ()),
        status=status,
        now=NOW,
    )
    return next_pass(spec_, oldest=oldest, turn=turn, probe_after=60.0, now=NOW) - NOW


def test_a_mirror_is_looked_at_after_its_interval() -> None:
    assert wake(spec()) == 30


def test_a_mirror_is_looked_at_when_its_oldest_look_becomes_stale() -> None:
    assert wake(spec(), began=NOW - 110) == pytest.approx(10 + A_MOMENT)


def test_a_look_that_is_long_stale_does_not_hide_when_another_one_will_be() -> None:
    assert passes(spec(), [NOW - 3600, NOW - 110]) == pytest.approx(10 + A_MOMENT)


def test_a_mirror_is_looked_at_when_a_hold_expires() -> None:
    assert wake(spec(), holds=[Hold("ci", "…", NOW + 7)]) == pytest.approx(7 + A_MOMENT)


@pytest.mark.parametrize("until", [NOW + 5, NOW + AHEAD + 5], ids=["its end", "a week before"])
def test_a_mirror_is_looked_at_when_an_acceptance_ends_and_a_week_before(until: float) -> None:
    accepted = Acceptance("data", "value", "understood", until=until)

    woken = wake(spec(), acceptances=[accepted])

    assert woken == pytest.approx(5 + A_MOMENT)
    difference = Difference("value", "1", "2")
    found = weighed(difference, "data", [accepted], NOW + woken)
    assert (found.ending is accepted) is found.is_accepted
    assert found.is_accepted is (until > NOW + 5)


def test_a_mirror_is_looked_at_when_its_drift_is_overdue() -> None:
    status = {"driftedSince": "2027-01-15T07:59:50Z"}

    assert wake(spec(maxDriftAge="15s"), status=status) == pytest.approx(5 + A_MOMENT)


def test_moments_that_are_over_wake_nobody() -> None:
    assert (
        wake(
            spec(),
            holds=[Hold("ci", "…", NOW - 7)],
            status={"driftedSince": "1970-01-01T00:00:00Z"},
        )
        == 30
    )


def test_drift_gets_overdue_in_time_though_nobody_can_look() -> None:
    status = MirrorStatus(drifted_since=rfc3339(NOW))

    waits = next_blind_pass(spec(maxDriftAge="1m"), status=status, now=NOW) - NOW

    assert waits == pytest.approx(60 + A_MOMENT)
    assert next_blind_pass(None, status=status, now=NOW) == NOW + STALLED_RETRY
    assert next_blind_pass(spec(), status=MirrorStatus(), now=NOW) == NOW + STALLED_RETRY
