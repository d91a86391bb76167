"""What cannot be refreshed is found before the first write, left and said; the rest goes on."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.drift.steps import Left
from stagingmirror.engine.refresh.execute.executor import Executor
from stagingmirror.engine.refresh.execute.rollback import Rollback
from stagingmirror.engine.refresh.execute.state import PATIENCE, SILENCE, Arrivals
from stagingmirror.engine.refresh.execute.verification import Judgement
from stagingmirror.engine.refresh.record.record import from_json, to_json
from stagingmirror.errors import NotAllowed, NotAnswered, Refused
from stagingmirror.sources.kubernetes.write.field_patch import SetImage, SetVariable
from support.kinds.tools import tools_with
from support.sandbox.forward import PATH, Refresh, key, patch


class Recent:
    """An MLflow that has logged models."""

    async def call(self, method: str, path: str, **request: Any) -> None:
        """Any answer will do."""


async def test_one_that_cannot_be_written_is_left_and_seventeen_others_are_refreshed() -> None:
    names = [f"c{number}" for number in range(18)]
    refresh = Refresh({name: (key(name),) for name in names})
    refresh.wire.objects[PATH.format("c7")]["immutable"] = True

    record = await refresh.forward(passes=40)

    assert record.phase == "Verify"
    assert {name for name in names if refresh.value(name) == "new"} == {*names} - {"c7"}
    assert [left.component for left in record.left_out] == ["c7"]
    assert "immutable" in record.left_out[0].why
    closed = await refresh.executor.verify(record, Judgement(), Arrivals())
    assert closed.result == "Succeeded"
    assert closed.message.startswith("17 of 17 applied and verified in 0 s; left as they are: c7 (")


async def test_a_component_is_left_whole_and_nothing_of_it_is_written() -> None:
    other = SetConfigMapKey("k2", ("a",), "ml", "not-there", "snapshot", "new")
    refresh = Refresh({"a": (key("a"), other), "b": (key("b"),)})

    record = await refresh.forward()

    assert (refresh.value("a"), refresh.value("b")) == ("old", "new")
    assert [left.component for left in record.left_out] == ["a"]
    assert set(record.applied) == {"b"}


@pytest.mark.parametrize("refusal", ["AdmissionDenied", "QuotaExceeded", "Invalid"])
async def test_what_a_dry_run_refuses_is_never_written(refusal: str) -> None:
    refresh = Refresh({"a": (key("a"),), "b": (key("b"),)})
    refresh.wire.refused = {PATH.format("a"): Refused(refusal, "no.")}

    record = await refresh.forward()

    assert record.phase == "Verify"
    assert refresh.writes == [f"PATCH {PATH.format('b')}"]
    assert record.left_out == (Left("a", f"{refresh.begun.entries[0].step.describe()}: no."),)


async def test_a_webhook_without_a_dry_run_is_no_refusal() -> None:
    refresh = Refresh({"a": (key("a"),)})
    refresh.wire.refused = {PATH.format("a"): Refused("DryRunNotSupported", "no dry run.")}

    record = await refresh.forward()

    assert (record.phase, refresh.value("a")) == ("Verify", "new")


async def test_a_right_that_is_missing_is_waited_for_a_while_and_then_left() -> None:
    refresh = Refresh({"a": (key("a"),), "b": (key("b"),)})
    refresh.wire.refused = {PATH.format("a"): NotAllowed("Forbidden", "not permitted.")}

    patient = await refresh.forward()
    assert (patient.phase, refresh.writes) == ("Forward", [])
    refresh.clock.now += PATIENCE
    record = await refresh.forward()

    assert refresh.writes == [f"PATCH {PATH.format('b')}"]
    assert [left.component for left in record.left_out] == ["a"]


async def test_of_a_shared_patch_only_the_part_that_is_refused_is_left() -> None:
    refresh = Refresh(
        {
            "a": (patch("a", SetVariable("app", "A", "2")),),
            "b": (patch("b", SetVariable("app", "B", "2"), SetImage("gone", "x")),),
        }
    )

    record = await refresh.forward()

    assert record.phase == "Verify"
    assert refresh.variables()["A"] == "2"
    assert [left.component for left in record.left_out] == ["b"]
    assert record.entries[0].step.components == ("a",)
    assert from_json(to_json(record)) == record


async def test_where_nothing_is_left_to_do_it_fails_and_says_that_nothing_was_written() -> None:
    refresh = Refresh({"a": (key("a"),)})
    del refresh.wire.objects[PATH.format("a")]

    record = await refresh.forward()
    while record.is_open:
        record = await Rollback(refresh.records, refresh.tools).back(record)

    assert (record.result, refresh.writes) == ("RolledBack", [])
    assert record.message.endswith("Nothing had been written.")


COPY = CopyModel("copy", ("b",), "production", "m", "12", "staging", "m", "sha256:x", 1, 9, (), ())


async def test_a_copy_that_fails_leaves_its_component_and_nobody_else_waits() -> None:
    refresh = Refresh({"a": (key("a"),), "b": (COPY, key("b"))})
    # Nothing proves that staging's registry is another than production's.
    tools = tools_with(refresh.tools.writer, refresh.clock, server=lambda name: Recent())
    refresh.executor = Executor(refresh.records, tools, lambda record, entry: None)

    record = await refresh.forward(passes=1)
    while record.phase == "Forward":
        record = await refresh.forward(passes=1)
        await asyncio.sleep(0)

    assert (refresh.value("a"), refresh.value("b")) == ("new", "old")
    assert [left.component for left in record.left_out] == ["b"]
    assert "not proven" in record.left_out[0].why


async def test_once_something_was_written_all_arrives_or_all_is_rolled_back() -> None:
    refresh = Refresh({"a": (key("a"),), "b": (key("b"),)})
    record = await refresh.forward(passes=1)
    refresh.wire.objects[PATH.format("b")]["data"]["snapshot"] = "theirs"

    record = await refresh.forward()
    while record.is_open:
        record = await Rollback(refresh.records, refresh.tools).back(record)

    assert record.result == "RolledBack"
    assert (refresh.value("a"), refresh.value("b")) == ("old", "theirs")


async def test_what_names_a_component_that_cannot_be_written_is_left_with_it() -> None:
    refresh = Refresh({"a": (key("a"),), "b": (key("b"),), "c": (key("c"),)})
    refresh.begun = replace(refresh.begun, companions={"b": ("a",)})
    refresh.wire.objects[PATH.format("a")]["immutable"] = True

    record = await refresh.forward()

    assert [refresh.value(name) for name in ("a", "b", "c")] == ["old", "old", "new"]
    assert {left.component: left.why for left in record.left_out}["b"] == (
        "left with a, which it names in with"
    )


async def test_a_system_that_does_not_answer_holds_the_others_up_for_a_minute() -> None:
    refresh = Refresh({"a": (key("a"),), "b": (key("b"),)})
    refresh.wire.refused = {PATH.format("a"): NotAnswered("TimedOut", "no answer.")}

    waiting = await refresh.forward()
    assert (waiting.phase, waiting.message, refresh.writes) == ("Forward", "no answer.", [])
    refresh.clock.now += SILENCE
    record = await refresh.forward()

    assert (refresh.value("a"), refresh.value("b")) == ("old", "new")
    assert [left.component for left in record.left_out] == ["a"]


async def test_where_nothing_answers_it_is_waited_for_until_the_timeout() -> None:
    refresh = Refresh({"a": (key("a"),)})
    refresh.wire.refused = {PATH.format("a"): NotAnswered("TimedOut", "no answer.")}
    await refresh.forward()
    refresh.clock.now += SILENCE - 1.0
    assert (await refresh.forward()).phase == "Forward"

    refresh.clock.now += refresh.begun.timeout
    turned = await refresh.forward()

    assert turned.why is not None
    assert turned.why[0] == "Timeout"


def rewrites(refresh: Refresh, name: str) -> None:
    """A webhook that has no dry run makes something else of this ConfigMap's value."""

    def admit(body: dict[str, Any]) -> None:
        metadata, ours = body["metadata"], list[dict[str, Any]]()
        if metadata["name"] == name and body["data"]["snapshot"] == "new":
            body["data"]["snapshot"] = "theirs"
            fields: dict[str, Any] = {"f:data": {"f:snapshot": {}}}
            ours = [{"manager": "stagingmirror", "operation": "Update", "fieldsV1": fields}]
        metadata["managedFields"] = ours

    refresh.wire.admit = admit
    refresh.wire.refused = {PATH.format(name): Refused("DryRunNotSupported", "no dry run.")}


@pytest.mark.parametrize(("names", "rewritten"), [("a", "a"), ("ab", "a"), ("ab", "b")])
async def test_a_write_that_admission_rewrote_is_taken_back(names: str, rewritten: str) -> None:
    refresh = Refresh({name: (key(name),) for name in names})
    rewrites(refresh, rewritten)

    record = await refresh.forward()
    assert record.phase == "RollBack"
    while record.is_open:
        record = await Rollback(refresh.records, refresh.tools).back(record)

    assert {refresh.value(name) for name in names} == {"old"}
    assert record.result == "RolledBack"
    assert "Nothing had been written" not in record.message
