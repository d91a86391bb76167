"""Whose acceptance counts, and for how long: the mirror's own first, then its environment's."""

import pytest

from stagingmirror.drift.accept import AHEAD, accepting
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Acceptance, Difference, Observations
from stagingmirror.drift.verdict import Accepted, Drifted, Verdict
from support.kinds.observations import NOW, STALE_AFTER, seen

DIFFERENCE = Difference("memory", "16Gi", "8Gi")
BOTH = Observations(seen({"memory": "16Gi", "cpu": "4"}), seen({"memory": "8Gi", "cpu": "2"}))
OWN = Acceptance("serving", "memory", "our nodes")
SHARED = Acceptance("serving", "mem*", "smaller nodes", environment="staging")
CPU = Acceptance("serving", "cpu", "slower")
DAY = 86_400.0


def judged(*acceptances: Acceptance, now: float = NOW) -> Verdict:
    both = Observations(*(seen(each.facts, age=NOW - now) for each in BOTH))  # type: ignore[union-attr]
    return judge("serving", both, acceptances=acceptances, now=now, stale_after=STALE_AFTER)


def test_an_environment_accepts_for_each_mirror_and_its_name_is_in_the_reason() -> None:
    verdict = judged(SHARED, CPU)

    assert isinstance(verdict, Accepted)
    assert verdict.reasons == ("slower", "environment staging: smaller nodes")


@pytest.mark.parametrize("order", [(OWN, SHARED), (SHARED, OWN)])
def test_a_mirrors_own_acceptance_of_a_fact_goes_first(order: tuple[Acceptance, ...]) -> None:
    assert accepting(DIFFERENCE, "serving", order, NOW) is OWN


@pytest.mark.parametrize(
    "own",
    [
        Acceptance("serving", "memory", "8Gi was measured", staging="4Gi"),
        Acceptance("serving", "*", "until the nodes are there", until=NOW),
    ],
    ids=["its values", "its end"],
)
def test_what_a_mirrors_own_acceptance_leaves_out_no_environment_accepts(own: Acceptance) -> None:
    assert accepting(DIFFERENCE, "serving", [own, SHARED], NOW) is None


def test_a_mirrors_own_acceptance_of_another_fact_leaves_the_environments_alone() -> None:
    assert accepting(DIFFERENCE, "serving", [CPU, SHARED], NOW) is SHARED


def until(end: float, fact: str = "memory", **more: str) -> Acceptance:
    return Acceptance("serving", fact, "smaller nodes", until=end, **more)


@pytest.mark.parametrize(
    ("ends_in", "is_accepted", "is_ending"),
    [
        (8 * DAY, True, False),
        (7 * DAY + 1, True, False),
        (7 * DAY, True, True),
        (1, True, True),
        (0, False, False),
        (-1, False, False),
    ],
)
def test_an_acceptance_is_reported_from_a_week_before_its_end_and_counts_until_then(
    ends_in: float, is_accepted: bool, is_ending: bool
) -> None:
    ends = until(NOW + ends_in)

    verdict = judged(ends, CPU)

    assert isinstance(verdict, Accepted | Drifted)
    assert isinstance(verdict, Accepted) is is_accepted
    assert verdict.ending == ((ends,) if is_ending else ())


def test_the_last_second_belongs_to_the_acceptance_and_the_moment_of_its_end_does_not() -> None:
    ends = until(NOW)

    assert isinstance(judged(ends, CPU, now=NOW - 0.001), Accepted)
    assert isinstance(judged(ends, CPU, now=NOW), Drifted)


def test_what_ended_last_is_known_of_the_difference_that_counts_now() -> None:
    verdict = judged(until(NOW - DAY), until(NOW - 1, "mem*"), until(NOW - 2 * DAY, "*y"), CPU)

    assert isinstance(verdict, Drifted)
    (difference,) = verdict.differences
    assert difference.acceptance == until(NOW - 1, "mem*")


def test_an_acceptance_that_never_covered_the_difference_has_not_ended_for_it() -> None:
    verdict = judged(Acceptance("serving", "memory", "r", staging="4Gi", until=NOW - 1), CPU)

    assert isinstance(verdict, Drifted)
    assert verdict.differences[0].acceptance is None


def test_nothing_ends_where_another_acceptance_goes_on() -> None:
    goes_on = Acceptance("serving", "mem*", "smaller nodes, for ever")

    for other in (goes_on, until(NOW + 8 * DAY, "mem*")):
        verdict = judged(until(NOW + DAY), other, CPU)
        assert isinstance(verdict, Accepted)
        assert verdict.ending == ()


def test_the_first_to_end_comes_first_and_what_accepts_nothing_now_is_left_out() -> None:
    later, sooner = until(NOW + AHEAD), until(NOW + DAY, "cpu")

    verdict = judged(later, sooner, until(NOW + 1, "gpu"))

    assert isinstance(verdict, Accepted)
    assert verdict.ending == (sooner, later)
