"""Whether a tick or somebody who asks starts a refresh, waits, or is refused and told."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.drift.facts import Absent, Fact, Hold, Observation, Seen, Unseen, Why
from stagingmirror.drift.plan import Proposal, make
from stagingmirror.drift.steps import Left
from stagingmirror.drift.verdict import Unknown
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.start.admission import (
    Decision,
    Occasion,
    Skip,
    Start,
    Wait,
    decide,
)
from stagingmirror.engine.refresh.start.quiet_period import LASTING, QuietPeriod
from support.kinds.builders import NOW
from support.kinds.cases import STEP, context

QUIET: Mapping[str, Any] = {"settle": "0s"}
FOR_NOW = (Left("model", "not proven to be two registries", passes=True),)
FACTS = {"digest": Fact("sha256:2")}


def tick(
    made: Context,
    *,
    age: float = 60.0,
    calm: float | None = 1e6,
    queued: bool = False,
    waited: str | None = None,
    missed_deadline_reason: str = "no operator ran",
    token: str | None = None,
) -> Decision:
    still = {} if calm is None else {each.track.name: made.now - calm for each in made.components}
    occasion = Occasion("Schedule" if token is None else "Manual", made.now - age, token)
    return decide(
        made,
        occasion,
        quiet=still,
        queued=queued,
        waited=waited,
        missed_deadline_reason=missed_deadline_reason,
    )


def by_hand(made: Context, *, age: float = 1.0, calm: float = 0.0) -> Decision:
    return tick(made, age=age, calm=calm, token="token")


def test_a_tick_starts_once_production_was_calm_for_settle() -> None:
    made = context(refresh={"settle": "5m"})

    assert isinstance(tick(made, calm=299.0), Wait)
    assert isinstance(tick(made, calm=301.0), Start)


def test_by_hand_it_does_not_wait_for_settle() -> None:
    assert isinstance(by_hand(context(refresh={"settle": "5m"})), Start)


@pytest.mark.parametrize(
    "production",
    [
        Unseen(Why("RollingOut", "pods disagree"), NOW - 1),
        Seen(FACTS, NOW - 1, trouble=Why("ClusterNotAnswering", "timed out")),
        Seen(FACTS, NOW - 10_000),
    ],
)
def test_what_is_not_seen_whole_is_waited_for_also_by_hand(production: Observation) -> None:
    made = context(refresh=QUIET, production=production)

    assert isinstance(tick(made), Wait)
    assert isinstance(by_hand(made), Wait)


def test_two_requests_of_one_second_are_two() -> None:
    assert Occasion("Manual", NOW + 0.1, "a").id != Occasion("Manual", NOW + 0.9, "b").id
    assert Occasion("Schedule", NOW).id == f"schedule-{NOW:.0f}"


def test_past_its_deadline_a_tick_is_skipped_with_what_hindered_it_not_with_what_is_now() -> None:
    made = context(refresh=QUIET, production=Unseen(Why("RollingOut", "pods disagree"), NOW - 1))

    decision = tick(made, age=3601.0, missed_deadline_reason="its own refresh ran.")

    assert isinstance(decision, Skip)
    assert decision.message == ("it could not start within startingDeadline: its own refresh ran.")


def test_a_tick_that_waits_is_looked_at_when_production_was_calm_enough_or_its_time_is_over() -> (
    None
):
    made = context(refresh={"settle": "5m", "startingDeadline": "10m"})

    calm_soon, over_soon = tick(made, calm=100.0), tick(made, age=595.0, calm=100.0)

    assert isinstance(calm_soon, Wait)
    assert calm_soon.again_in == pytest.approx(200.0)
    assert isinstance(over_soon, Wait)
    assert over_soon.again_in == pytest.approx(5.0, abs=0.1)


def test_a_tick_of_a_long_downtime_is_skipped_though_nothing_speaks_against_it() -> None:
    decision = tick(context(refresh=QUIET), age=3601.0)

    assert isinstance(decision, Skip)
    assert decision.reason == "DeadlineMissed"


def test_queueing_is_not_missing() -> None:
    assert isinstance(tick(context(refresh=QUIET), age=3601.0, queued=True), Start)


def test_a_hold_of_the_whole_mirror_refuses_and_one_of_a_component_does_not() -> None:
    whole = Hold("ci", "candidate 14", NOW + 60)
    single = Hold("ci", "candidate 14", NOW + 60, frozenset({"other"}))

    refused = tick(context(refresh=QUIET, holds=(whole,)))

    assert isinstance(refused, Skip)
    assert "candidate 14" in refused.message
    assert isinstance(by_hand(context(refresh=QUIET, holds=(whole,))), Skip)
    assert isinstance(tick(context(refresh=QUIET, holds=(single,))), Start)


def test_a_suspended_mirror_and_one_that_only_watches_refuse_with_the_remedy() -> None:
    suspended = by_hand(context(refresh={"suspend": True}))
    watching = by_hand(context(writes=False))

    assert isinstance(suspended, Skip)
    assert "spec.refresh.suspend" in suspended.message
    assert isinstance(watching, Skip)
    assert "add spec.refresh" in watching.message


def test_what_is_left_only_for_now_is_waited_for_until_the_deadline() -> None:
    made = context(refresh=QUIET, steps=(), left=FOR_NOW)

    decision = by_hand(made)

    assert isinstance(decision, Wait)
    assert "not proven to be two registries" in decision.message
    assert isinstance(by_hand(made, age=1e6), Skip)


def test_others_wait_for_what_is_left_only_for_now_and_go_on_without_it_at_the_deadline() -> None:
    made = context(refresh=QUIET, left=FOR_NOW)

    for decision in (tick(made), by_hand(made)):
        assert isinstance(decision, Wait)
        assert decision.message == "model: not proven to be two registries"
    late = tick(made, age=3601.0, waited="model: not proven to be two registries")
    assert isinstance(late, Start)
    assert late.without == {"model": "model: not proven to be two registries"}


def test_a_plan_without_steps_says_what_is_left_and_why() -> None:
    left = (Left("features", "mode Report."), Left("model", "mode Report"))
    decision = tick(context(refresh=QUIET, steps=(), left=left))

    assert isinstance(decision, Skip)
    assert decision.result == "NothingToDo"
    assert decision.message == "features: mode Report; model: mode Report"


ROLLING = Unknown(Why("RollingOut", "pods disagree."), "staging")


def test_without_a_step_what_is_not_known_in_staging_is_waited_for_and_never_nothing_to_do() -> (
    None
):
    made = context(refresh=QUIET, steps=(), verdict=ROLLING)

    for decision in (tick(made), by_hand(made)):
        assert isinstance(decision, Wait)
        assert decision.message == "features is not known in staging (pods disagree)"


def test_what_stays_unknown_until_the_deadline_or_its_turn_is_skipped_and_told() -> None:
    made = context(refresh=QUIET, steps=(), verdict=ROLLING)

    late = tick(
        made, age=3601.0, missed_deadline_reason="features is not known in staging (pods disagree)"
    )
    queued = tick(made, age=3601.0, queued=True)

    assert isinstance(late, Skip)
    assert (late.reason, late.result) == ("DeadlineMissed", "Skipped")
    assert isinstance(queued, Skip)
    assert (queued.reason, queued.result) == ("NotKnown", "Skipped")
    assert queued.message == "features is not known in staging (pods disagree)."


def test_what_can_be_refreshed_does_not_wait_for_what_is_not_known_or_only_told() -> None:
    assert isinstance(tick(context(refresh=QUIET, verdict=ROLLING)), Start)

    told = tick(context(refresh=QUIET, steps=(), verdict=ROLLING, mode="Report"))

    assert isinstance(told, Skip)
    assert told.result == "NothingToDo"


@pytest.mark.parametrize(
    "production",
    [
        Absent("Deployment features", NOW - 1),
        Unseen(Why("NotComparable", "the value comes from elsewhere"), NOW - 1),
        Unseen(Why("TooLarge", "more than maxBytes"), NOW - 1),
        *(Unseen(Why(reason, "mend it"), NOW - 1) for reason in (*LASTING, "NotOffered")),
    ],
)
def test_what_does_not_pass_by_itself_is_waited_for_by_nobody(production: Observation) -> None:
    made = two(production)

    assert isinstance(tick(made), Start)
    assert isinstance(by_hand(made), Start)
    alone = tick(context(refresh=QUIET, steps=(), production=production))
    assert isinstance(alone, Skip)
    assert alone.reason == "NotKnown"


@pytest.mark.parametrize("reason", ["RollingOut", "NotComparable", "Unreachable"])
def test_what_is_only_reported_hinders_nothing(reason: str) -> None:
    reported = two(Unseen(Why(reason, "not seen"), NOW - 1), mode="Report")

    assert isinstance(tick(reported), Start)
    assert isinstance(by_hand(reported), Start)


def test_one_that_is_not_seen_by_the_deadline_is_left_and_the_rest_goes_on() -> None:
    made = two(Unseen(Why("RollingOut", "pods disagree"), NOW - 1))
    before = tick(made, age=3599.0)

    after = tick(made, age=3601.0, waited="production's features is not seen (pods disagree)")

    assert isinstance(before, Wait)
    assert isinstance(after, Start)
    assert set(after.without) == {"features"}
    assert [step.components for step in made.leaving(after.without).plan.steps] == [("other",)]


def test_one_that_never_rests_is_left_at_the_deadline_and_the_rest_goes_on() -> None:
    made = two(Seen(FACTS, NOW - 1), refresh={"settle": "5m"})
    quiet = {"features": NOW - 10, "other": NOW - 1e6}

    def at(age: float, waited: str | None) -> Decision:
        return decide(
            made,
            Occasion("Schedule", made.now - age),
            quiet=quiet,
            queued=False,
            waited=waited,
            missed_deadline_reason="no operator ran",
        )

    assert isinstance(at(60.0, None), Wait)
    assert at(3601.0, "it changes") == Start(
        {"features": "production's features must be seen without a change for 300 s first"}
    )
    assert isinstance(at(3601.0, None), Skip), "nobody waited: no operator ran"


def two(
    production: Observation, *, mode: str | None = None, refresh: Mapping[str, Any] = QUIET
) -> Context:
    """Component ``features`` as given, and ``other``, which drifted and can be refreshed."""
    made = context(refresh=refresh, production=production, mode=mode)
    other = replace(STEP, id="other", components=("other",), name="other")
    track = made.spec.track[0].model_copy(update={"name": "other"})
    seen = context().components[0]
    judged = replace(seen, track=track)
    proposals = (*made.proposals, Proposal("other", "Refresh", judged.verdict, (other,)))
    return replace(
        made,
        components=(*made.components, judged),
        proposals=proposals,
        plan=make(proposals, {}),
    )


def test_calm_counts_from_the_first_look_and_ends_with_a_change_or_a_gap() -> None:
    stillness = QuietPeriod()

    def since(now: float, production: Observation | None = None) -> Mapping[str, float]:
        made = context(now=now, production=production)
        return stillness.since(made)

    assert since(NOW) == {"features": NOW}
    assert since(NOW + 50) == {"features": NOW}
    assert since(NOW + 60, Unseen(Why("RollingOut", "x"), NOW + 60)) == {}
    assert since(NOW + 70) == {"features": NOW + 70}
    changed = Seen({"digest": Fact("sha256:3")}, NOW + 80)
    assert since(NOW + 80, changed) == {"features": NOW + 80}
