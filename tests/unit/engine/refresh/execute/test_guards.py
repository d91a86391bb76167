"""A refresh is rolled back for what answers otherwise since, and for nothing else."""

from dataclasses import replace
from typing import Any, cast

import pytest

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Fact, Observation, Observations, Seen, Unseen, Why
from stagingmirror.drift.verdict import Held, InSync
from stagingmirror.engine.context import Context, Judged
from stagingmirror.engine.refresh.execute.guards import PATIENCE, guarded, guards_of
from stagingmirror.engine.refresh.execute.state import Arrivals
from stagingmirror.engine.refresh.execute.verification import Judgement
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.resources.mirror import MirrorKey
from support.kinds.builders import NOW, environment, sides
from support.kinds.records import a_record, an_entry
from support.parity.answers import SUBJECT
from support.parity.specs import parity
from support.resources.resources import mirror, setting

SILENT = Why("TimedOut", "no answer in time")
FEW = Why("TooFewSamples", "no sample could show it")
ARRIVED = Judgement()
EQUAL = {"structure": "same", "answers": "same", "logic.amount": "same", "data.amount": "same"}


class Probing:
    """Whether samples were sent since, and what was requested."""

    def __init__(self, *, done: bool = True) -> None:
        self.done = done
        self.since: list[float] = []

    def __call__(self, deep: str, key: Any, subjects: Any, since: float, observed: float) -> bool:
        assert (deep, subjects) == ("probe", frozenset({SUBJECT}))
        self.since.append(since)
        return self.done


def side(
    other: dict[str, str] | None = None,
    *,
    trouble: Why | None = None,
    doubted: frozenset[str] = frozenset(),
) -> Seen:
    """``other``: facts that are not as on the other side."""
    found = {
        name: Fact(text, doubt=FEW if name in doubted else None)
        for name, text in (EQUAL | (other or {})).items()
    }
    return Seen(facts=found, began=NOW, trouble=trouble)


def context(
    staging: Observation,
    *,
    production: Observation | None = None,
    accept: list[dict[str, Any]] | None = None,
    shared: list[dict[str, Any]] | None = None,
    held: bool = False,
    of: list[str] | None = None,
    now: float = NOW,
) -> Context:
    """A mirror with a setting and a featureParity of which staging shows this."""
    entry = parity(**({"of": of} if of else {}))
    body = mirror(track=[setting(), entry], accept=accept or [])
    spec = StagingMirrorSpec.model_validate(body["spec"])
    track = spec.track[1]
    observations = Observations(production or side(), staging)
    verdict = Held("ci", "a test") if held else InSync(4)
    return cast(
        "Context",
        _Context(
            spec=spec,
            sides=sides(environment(), environment("Staging", accept=shared or [])),
            components=(Judged(track, observations, cast("Any", verdict)),),
            parts={DeployKey("parity", "staging"): frozenset({SUBJECT})},
            now=now,
        ),
    )


class _Context:
    """As much of a Context as guards read."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__ |= fields
        self.mirror = type("M", (), {"key": MirrorKey("ml-staging", "fraud")})


def record(before: Context, **fields: Any) -> Record:
    """Of a refresh of the setting that was planned when this was seen."""
    applied: Any = {"training-data": None}
    guards = guards_of(before, frozenset(applied))
    return a_record(an_entry("Taken"), guards=guards, applied=applied, last_write=NOW, **fields)


def ended(before: Context, after: Context, since: float | None = NOW + 5) -> Judgement:
    return guarded(ARRIVED, after, record(before), Probing(), since)


@pytest.mark.parametrize("fact", ["structure", "logic.amount"])
def test_what_is_made_otherwise_since_rolls_back(fact: str) -> None:
    found = ended(context(side()), context(side({fact: "12 of 300 differ"})))

    assert found.failed == f"parity: {fact} differs since this refresh"
    assert found.failing == ("parity",)


@pytest.mark.parametrize("fact", ["answers", "data.amount", "values.amount", "latency.p95"])
def test_refusals_data_values_and_latency_roll_nothing_back(fact: str) -> None:
    now = context(side({fact: "other"}), production=side({fact: "as production's"}))

    assert ended(context(side()), now) == ARRIVED


def test_what_differed_before_rolls_nothing_back_and_what_is_new_beside_it_does() -> None:
    before = context(side({"structure": "a is missing"}))

    assert ended(before, context(side({"structure": "a and b are missing"}))) == ARRIVED
    both = context(side({"structure": "a is missing", "logic.amount": "12 of 300 differ"}))
    assert ended(before, both).failed == "parity: logic.amount differs since this refresh"


def test_what_nobody_could_tell_before_rolls_nothing_back() -> None:
    """Of stale data no sample shows its logic; a refresh of the data shows what was there."""
    before = context(side(doubted=frozenset({"logic.amount"})))

    assert ended(before, context(side({"logic.amount": "12 of 300 differ"}))) == ARRIVED
    other = context(side({"structure": "a is missing"}))
    assert ended(before, other).failed == "parity: structure differs since this refresh"


def test_what_may_have_differed_among_those_not_listed_rolls_nothing_back() -> None:
    """Which features are listed goes by how many samples differ, and so changes."""
    before = context(
        side({"logic.(others)": "5 other features differ"}),
        production=side({"logic.(others)": "no difference"}),
    )

    assert ended(before, context(side({"logic.amount": "12 of 300 differ"}))) == ARRIVED
    other = context(side({"structure": "a is missing"}))
    assert ended(before, other).failed == "parity: structure differs since this refresh"


def without_events(amount: str, doubted: frozenset[str] = frozenset()) -> Seen:
    """Neither side gave a time of any event: only that values differ is known."""
    found = side({"values.amount": amount}, doubted=doubted)
    kept = {k: v for k, v in found.facts.items() if not k.startswith(("logic.", "data."))}
    return replace(found, facts=kept)


def test_values_that_differed_before_may_have_been_logic_that_differs_now() -> None:
    """A refresh that brings times of events shows what was there, and is kept."""
    production = without_events("no difference")
    after = context(side({"logic.amount": "12 of 300 differ"}))

    differed = context(without_events("12 of 300 differ"), production=production)
    doubted = context(
        without_events("no difference", frozenset({"values.amount"})), production=production
    )
    equal = context(without_events("no difference"), production=production)

    assert ended(differed, after) == ended(doubted, after) == ARRIVED
    assert ended(equal, after).failed == "parity: logic.amount differs since this refresh"


def test_logic_that_was_equal_before_beside_other_values_rolls_back() -> None:
    """Events of some samples had a time, and of these the logic was known."""
    before = context(
        side({"values.amount": "2 of 300 differ"}),
        production=side({"values.amount": "no difference"}),
    )

    found = ended(before, context(side({"logic.amount": "12 of 300 differ"})))

    assert found.failed == "parity: logic.amount differs since this refresh"


@pytest.mark.parametrize("unseen", ["production", "staging"])
def test_what_cannot_be_seen_before_or_after_rolls_nothing_back(unseen: str) -> None:
    hidden = Unseen(SILENT, NOW)
    other = side({"structure": "other"})
    blind = context(hidden) if unseen == "staging" else context(other, production=hidden)

    assert ended(blind, context(other)) == ARRIVED
    since = ended(context(side()), blind)
    assert since == Judgement(uncompared=("parity (no answer in time)",))


def test_what_was_seen_before_the_newest_probe_failed_rolls_nothing_back() -> None:
    """It may be of the time in which pods were replaced."""
    found = ended(context(side()), context(side({"structure": "other"}, trouble=SILENT)))

    assert found == Judgement(uncompared=("parity (no answer in time)",))


def test_what_is_accepted_rolls_nothing_back() -> None:
    accept = [{"component": "parity", "fact": "logic.*", "reason": "known"}]

    after = context(side({"logic.amount": "other"}), accept=accept)

    assert ended(context(side()), after) == ARRIVED


def test_what_stagings_environment_accepts_rolls_nothing_back() -> None:
    shared = [{"kind": "featureParity", "fact": "logic.*", "reason": "known"}]
    after = context(side({"logic.amount": "other"}), shared=shared)
    other = context(side({"structure": "other"}), shared=shared)

    assert ended(context(side()), after).failed is None
    assert ended(context(side()), other).failed is not None


def test_an_acceptance_that_ends_in_the_refresh_rolls_nothing_back() -> None:
    until = rfc3339(NOW + 30)
    accept = [{"component": "parity", "fact": "structure", "reason": "known", "until": until}]
    before = context(side({"structure": "other"}), accept=accept)
    after = context(side({"structure": "other"}), accept=accept, now=NOW + 60)

    assert ended(before, after) == ARRIVED


def test_what_is_held_before_or_after_guards_nothing() -> None:
    other = side({"structure": "other"})

    assert ended(context(side(), held=True), context(other)) == ARRIVED
    assert ended(context(side()), context(other, held=True)) == ARRIVED


def test_an_entry_that_was_edited_meanwhile_guards_nothing() -> None:
    assert (
        ended(context(side()), context(side({"structure": "other"}), of=["training-data"]))
        == ARRIVED
    )


def test_features_guard_only_refreshes_of_what_they_are_made_of() -> None:
    before = context(side(), of=["training-data"])

    assert guards_of(before, frozenset({"training-data"})).keys() == {"parity"}
    assert not guards_of(before, frozenset({"model"}))


def test_samples_are_sent_once_all_steps_have_arrived_and_count_from_then_on() -> None:
    """What was sent before a rollout is complete was answered by former pods."""
    before, after = context(side()), context(side({"structure": "other"}))
    probing = Probing(done=False)
    of = record(before)

    early = guarded(ARRIVED, after, of, probing, None)
    waiting = guarded(ARRIVED, after, of, probing, NOW + 40)

    assert early.waiting == waiting.waiting == "waits for parity to be compared again"
    assert probing.since == [NOW + 40]


def test_nothing_is_sent_while_something_else_is_waited_for_or_has_failed() -> None:
    for judgement in (Judgement(waiting="a rollout"), Judgement(failed="it differs")):
        probing = Probing()

        found = guarded(judgement, context(side()), record(context(side())), probing, NOW)

        assert found is judgement
        assert not probing.since


@pytest.mark.parametrize("timeout", [10 * PATIENCE, 60.0])
def test_a_guard_that_is_not_answered_in_time_rolls_nothing_back(timeout: float) -> None:
    before = context(side())
    of, probing = record(before, timeout=timeout), Probing(done=False)
    soon = context(side({"structure": "other"}), now=NOW + 50)
    late = context(side({"structure": "other"}), now=NOW + min(PATIENCE + 6, 0.95 * timeout))

    assert guarded(ARRIVED, soon, of, probing, NOW + 5).waiting is not None
    found = guarded(ARRIVED, late, of, probing, NOW + 5)
    assert found == Judgement(uncompared=("parity (no samples could be sent again in time)",))


def test_arrivals_are_complete_from_when_the_last_step_has_arrived() -> None:
    arrivals, of = Arrivals(), record(context(side()))

    assert arrivals.complete_since(of, NOW) is None
    arrivals.of(of).add("set")
    assert arrivals.complete_since(of, NOW + 1) == NOW + 1
    assert arrivals.complete_since(of, NOW + 2) == NOW + 1
    arrivals.of(of).discard("set")
    assert arrivals.complete_since(of, NOW + 3) is None
    arrivals.of(of).add("set")
    assert arrivals.complete_since(of, NOW + 4) == NOW + 4
