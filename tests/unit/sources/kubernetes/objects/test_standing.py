"""What stands while a controller catches up, and what never does."""

from dataclasses import replace

import pytest

from stagingmirror.drift.facts import Why
from stagingmirror.sources.kubernetes.objects.standing import LONGEST, Standing
from stagingmirror.sources.kubernetes.subjects import OWN, Workload, WorkloadSubject
from stagingmirror.view import Observed
from support.clock import Clock
from support.kinds.builders import NOW, PRODUCTION, ROLLING_OUT, container, pod, workload

SUBJECT = WorkloadSubject(OWN, "Deployment", PRODUCTION, "features")
APP = container()
SETTLED = replace(
    workload(containers={"app": APP}, pods=(pod(APP, digest="sha256:aa"),)),
    revision="1",
    template=1,
)
BEHIND = replace(SETTLED, pods=(), revision="", unsettled=ROLLING_OUT, catching_up=True)
IDLE = replace(SETTLED, pods=(), replicas=0, no_pods="it wants no pods")
WAKING = replace(SETTLED, pods=(pod(APP, ready=False, started=None),))


class Source:
    """Answers as the source does; ``began`` is when its watches were proven."""

    def __init__(self) -> None:
        self.clock = Clock(NOW)
        self.standing = Standing(self.clock)

    def answer(
        self, found: Workload | None, *, trouble: Why | None = None, kept: bool = True
    ) -> Observed[Workload]:
        return self.standing.answer(SUBJECT, found, began=self.clock(), trouble=trouble, kept=kept)


@pytest.mark.parametrize(
    ("before", "now"),
    [(SETTLED, BEHIND), (IDLE, WAKING), (SETTLED, WAKING)],
    ids=["catches up", "scaled from zero", "replaced"],
)
def test_what_was_settled_stands_and_grows_old(before: Workload, now: Workload) -> None:
    source = Source()
    source.answer(before)
    source.clock.now += 10

    first = source.answer(now)
    source.clock.now += 50
    later = source.answer(now)

    assert first.value is not None
    assert (first.value.pods, first.value.revision) == (before.pods, "1")
    assert first.value.unsettled is None
    assert first.trouble is not None
    assert (later.value, later.began) == (first.value, NOW + 10)


def test_nothing_stands_for_ever() -> None:
    source = Source()
    source.answer(SETTLED)
    source.answer(BEHIND)
    source.clock.now += LONGEST

    assert source.answer(BEHIND) == Observed(BEHIND, source.clock(), None)


def test_once_it_has_caught_up_it_is_as_it_is() -> None:
    source = Source()
    source.answer(SETTLED)
    source.answer(BEHIND)
    more = replace(SETTLED, pods=SETTLED.pods * 2)

    assert source.answer(more) == Observed(more, NOW, None)


@pytest.mark.parametrize(
    "now",
    [
        replace(BEHIND, template=2),
        replace(BEHIND, uid="made anew"),
        replace(SETTLED, unsettled=ROLLING_OUT),
        replace(SETTLED, pods=(pod(APP, ready=False),)),
        None,
    ],
    ids=["another template", "another object", "pods of another template", "not ready", "gone"],
)
def test_a_rollout_or_a_failure_is_told_at_once(now: Workload | None) -> None:
    source = Source()
    source.answer(SETTLED)

    assert source.answer(now) == Observed(now, NOW, None)


def test_after_a_rollout_the_former_pods_do_not_stand_again() -> None:
    source = Source()
    source.answer(SETTLED)
    source.answer(replace(SETTLED, unsettled=ROLLING_OUT))

    assert source.answer(BEHIND).value == BEHIND


@pytest.mark.parametrize("kept", [True, False])
def test_only_what_somebody_wants_is_kept(kept: bool) -> None:
    source = Source()
    source.answer(SETTLED, kept=kept)
    if kept:
        source.standing.forget(SUBJECT)

    assert source.answer(BEHIND).value == BEHIND


def test_that_the_watches_do_not_answer_is_the_greater_doubt() -> None:
    source, silent = Source(), Why("NotAnswered", "timed out.")
    source.answer(SETTLED)

    assert source.answer(BEHIND, trouble=silent).trouble == silent
