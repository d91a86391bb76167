"""What was made in vain is not made again by the schedule."""

import pytest

from stagingmirror.engine.refresh.start.admission import Occasion
from stagingmirror.engine.refresh.start.new_record import rewritten_before
from support.kinds.builders import NOW
from support.kinds.cases import STEP, context
from support.kinds.records import a_record

MANUAL = Occasion("Manual", NOW, "token")
SCHEDULED = Occasion("Schedule", NOW)


@pytest.mark.parametrize(
    ("occasion", "step", "left"),
    [
        (SCHEDULED, STEP.id, {"features": "why"}),
        (SCHEDULED, "another", {}),
        (MANUAL, STEP.id, {}),
    ],
)
def test_only_the_schedule_leaves_it_and_only_the_same_step(
    occasion: Occasion, step: str, left: dict[str, str]
) -> None:
    last = a_record(rewritten={step: "why"})

    assert rewritten_before(context(), occasion, last) == left
    assert rewritten_before(context(), occasion, None) == {}
