"""What was made in vain is not made again by the schedule."""

from dataclasses import replace

import pytest

from stagingmirror.drift.facts import Why
from stagingmirror.drift.plan import make
from stagingmirror.drift.verdict import Held, InSync, Unknown, Verdict
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.record.failure import Failure
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.start.admission import Occasion
from stagingmirror.engine.refresh.start.new_record import failed_before, new_record
from support.kinds.builders import NOW
from support.kinds.cases import STEP, context
from support.kinds.records import a_record
from support.kinds.tools import Bench

MANUAL = Occasion("Manual", NOW, "token")
SCHEDULED = Occasion("Schedule", NOW)
FAILED = Failure("why.", ("features",))


@pytest.mark.parametrize(
    ("occasion", "step", "left"),
    [
        (SCHEDULED, STEP.id, {"features": FAILED.left}),
        (SCHEDULED, "another", {}),
        (MANUAL, STEP.id, {}),
    ],
)
async def test_only_the_schedule_leaves_it_and_only_the_same_step(
    occasion: Occasion, step: str, left: dict[str, str]
) -> None:
    last, tools = a_record(failures={step: FAILED}), Bench().tools

    assert await failed_before(context(), occasion, last, tools) == left
    assert await failed_before(context(), occasion, None, tools) == {}


@pytest.mark.parametrize(
    ("failed", "given", "left"), [(7200.0, "2h", True), (7200.0, "1h", True), (7200.0, "3h", False)]
)
async def test_what_had_too_little_time_is_tried_again_where_it_has_more(
    failed: float, given: str, left: bool
) -> None:
    last = a_record(failures={STEP.id: replace(FAILED, timeout=failed)})
    found = await failed_before(context(refresh={"timeout": given}), SCHEDULED, last, Bench().tools)

    assert bool(found) == left


def begun(whole: Context, last: Record) -> Record:
    assert whole.spec.refresh is not None
    return new_record(whole, whole.spec.refresh, SCHEDULED, last)


@pytest.mark.parametrize(
    ("verdict", "kept"),
    [
        (Unknown(Why("NoAnswer", "no answer"), "production"), True),
        (Held("freeze", "release week", ()), True),
        (InSync(1), False),
    ],
)
def test_what_is_only_not_seen_or_held_is_not_forgotten_when_others_are_refreshed(
    verdict: Verdict, kept: bool
) -> None:
    last = a_record(failures={"gone": FAILED, "untracked": replace(FAILED, components=("x",))})

    assert set(begun(context(verdict=verdict, steps=()), last).failures) == (
        {"gone"} if kept else set()
    )


def test_another_step_in_its_place_forgets_it() -> None:
    whole = context()
    (proposed,) = (each.id for each in make(whole.proposals, {}).steps)
    last = a_record(failures={"of the snapshot before": FAILED, proposed: FAILED})

    assert set(begun(whole, last).failures) == {proposed}
