"""Steps as JSON, for every step of the registry: what was written is what is read, or it is
refused.
"""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror import actions
from stagingmirror.actions.codec import step_from_json, step_to_json, step_types
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.drift.merge import named
from stagingmirror.drift.steps import Phase, Write

st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
steps = st.one_of([st.from_type(each) for each in step_types().values()])
every = pytest.mark.parametrize("step_type", step_types().values(), ids=str)


def test_the_registry_has_the_steps_of_all_modules() -> None:
    declares = re.compile(
        r"^class (\w+)\((?:ExecutableStep|Copying|IndexCopy)(?:, \w+)?\):", re.MULTILINE
    )
    steps_in_files = {
        found
        for file in Path(str(actions.__file__)).parent.rglob("*.py")
        for found in declares.findall(file.read_text())
    } - {"Copying", "IndexCopy"}

    assert step_types().keys() == steps_in_files
    assert steps_in_files >= {
        "CopyModel",
        "MoveAlias",
        "PatchWorkload",
        "RunLoader",
        "SetConfigMapKey",
    }


@given(steps)
def test_every_step_survives_json(step: ExecutableStep) -> None:
    assert step_from_json(json.loads(json.dumps(step_to_json(step)))) == step


@given(steps)
def test_every_step_has_one_line_and_writes_to_places(step: ExecutableStep) -> None:
    assert step.describe()
    assert all(isinstance(write, Write) for write in step.writes())


@every
def test_every_step_declares_its_phase_order_and_visibility(
    step_type: type[ExecutableStep],
) -> None:
    assert step_type.phase in get_args(Phase)
    assert isinstance(step_type.order, int)
    assert isinstance(step_type.visible, bool)


def test_all_prepare_steps_run_before_all_switch_steps() -> None:
    orders: dict[str, list[int]] = {"prepare": [], "switch": []}
    for each in step_types().values():
        orders[each.phase].append(each.order)

    assert max(orders["prepare"]) < min(orders["switch"])


@given(steps)
def test_the_id_of_a_step_follows_from_its_content_alone(step: ExecutableStep) -> None:
    (once,) = named([step])
    (again,) = named([step.with_ids({})])

    assert once.id == again.id
    assert once.id.startswith(type(step).__name__)


MOVE = step_to_json(MoveAlias("a", ("b",), "c", "d", "e", "f"))
PATCH = step_to_json(PatchWorkload("a", ("b",), "Deployment", "c", "d", ()))


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        [],
        {"step": "DropDatabase"},
        {"step": ["MoveAlias"]},
        {"step": "MoveAlias", "id": "a"},
        {**MOVE, "version": 7},
        {**MOVE, "version": {"producedBy": 1}},
        {**PATCH, "kind": "Secret"},
        {**PATCH, "fields": ["x"]},
        {**PATCH, "fields": [{"type": "delete"}]},
    ],
)
def test_what_is_no_step_is_refused_and_never_guessed(damaged: Any) -> None:
    with pytest.raises(ValueError, match=r"step|validation error"):
        step_from_json(damaged)
