"""The record survives being written and read, and what is damaged is never taken for one."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.drift.facts import Fact
from stagingmirror.drift.steps import Produced
from stagingmirror.engine.refresh.execute.rollback import in_rollback_order
from stagingmirror.engine.refresh.record.applied import Applied
from stagingmirror.engine.refresh.record.record import (
    Entry,
    Record,
    State,
    UnreadableRecord,
    from_json,
    to_json,
)
from stagingmirror.engine.refresh.start.status import ended_refresh, open_refresh
from stagingmirror.sources.kubernetes.write.field_patch import SetImage, SetVariable
from support.kinds.records import a_record

COPY = CopyModel("copy", ("fraud",), "production", "m", "12", "staging", "m", "tree", 4, 90, (), ())
LOAD = RunLoader("load", ("data",), "ml", "load", "load", "SNAPSHOT", "new", 60.0, "old")
SET = SetConfigMapKey("set", ("data",), "ml", "training-data", "snapshot", "new")
MOVE = MoveAlias("move", ("fraud",), "staging", "m", "champion", Produced("copy"))
SERVER = PatchWorkload(
    "server",
    ("fraud", "image"),
    "Deployment",
    "ml",
    "server",
    (SetImage("app", "x@sha256:2"), SetVariable("app", "MODEL_VERSION", Produced("copy"))),
)
TRAINER = PatchWorkload("trainer", ("data",), "Deployment", "ml", "trainer", ())
PENDING: tuple[State, ...] = ("Pending",) * 6
ALL: tuple[ExecutableStep, ...] = (COPY, LOAD, SET, MOVE, SERVER, TRAINER)


def record(*states: State, **fields: Any) -> Record:
    entries = (
        Entry(step, state=state, before={"entries": [{"name": "V", "valueFrom": {}}, None]})
        for step, state in zip(ALL, states or PENDING, strict=True)
    )
    given: dict[str, Any] = {
        "uid": "u1",
        "namespace": "ml",
        "generation": 3,
        "started": 1000.0,
        "applied": {"fraud": Applied("mark", {"digest": Fact("sha256:2", expected="sha256:3")})},
        "why": ("Held", "ci holds staging."),
    }
    return a_record(*entries, **{**given, **fields})


def test_what_is_written_is_read_again_whole() -> None:
    written = record("Taken", "Taken", "Started", "Pending", "Pending", "Pending")

    assert from_json(to_json(written)) == written


@pytest.mark.parametrize(
    "damage",
    [
        {"format": 1},
        {"phase": "Elsewhere"},
        {"entries": [{"step": {"step": "Unheard"}, "state": "Pending"}]},
        {"entries": [{"state": "Pending"}]},
        {"applied": {"fraud": 1}},
        {"entries": None},
    ],
)
def test_a_damaged_record_is_no_record(damage: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        from_json({**to_json(record()), **damage})


def test_a_copy_is_invisible_and_whatever_else_was_begun_is_writing() -> None:
    copying = record("Started", "Pending", "Pending", "Pending", "Pending", "Pending")
    loading = record("Taken", "Started", "Pending", "Pending", "Pending", "Pending")
    switching = record("Taken", "Taken", "Started", "Pending", "Pending", "Pending")

    assert not copying.is_writing
    assert loading.is_writing
    assert switching.is_writing
    assert not replace(switching, phase="Closed").is_writing


def test_the_in_rollback_order_restarts_last_what_must_read_the_former_value() -> None:
    taken = record(*(("Taken",) * 6))

    order = [entry.step.id for entry in in_rollback_order(taken.entries)]

    assert order == ["copy", "move", "set", "server", "load", "trainer"]


def test_without_a_loader_all_workloads_follow_the_stores() -> None:
    entries = record("Taken", "Pending", "Taken", "Taken", "Taken", "Taken").entries

    order = [entry.step.id for entry in in_rollback_order(entries) if entry.state == "Taken"]

    assert order == ["copy", "move", "set", "trainer", "server"]


def test_a_status_shows_steps_in_words_and_nothing_of_former_values() -> None:
    shown = open_refresh(record("Taken", "Taken", "Started", "Pending", "Pending", "Pending"))

    assert shown.phase == "Switch"
    assert [step["state"] for step in shown.steps][:3] == ["Taken", "Taken", "Started"]
    assert "valueFrom" not in str(shown)


def test_an_ended_refresh_tells_its_result_and_its_components() -> None:
    ended = replace(record(), phase="Closed", result="RolledBack", message="m", ended=1010.0)

    shown = ended_refresh(ended)

    assert (shown.result, shown.reason) == ("RolledBack", "Held")
    assert shown.components == ("fraud", "data", "image")
    assert shown.generation == ended.generation
