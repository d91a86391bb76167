"""Contention is told where something was set back, and only there."""

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.step import Reverted, Task
from stagingmirror.api.spec.mirror import Track
from stagingmirror.drift.facts import Observations, Why
from stagingmirror.drift.verdict import Verdict
from stagingmirror.engine.context import Judged
from stagingmirror.engine.refresh.execute.contention import Contention, ContentionCheck
from stagingmirror.engine.refresh.record.applied import Applied
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.errors import ChangedUnderneath, NotAnswered
from support.kinds.observations import component, seen
from support.kinds.tools import Bench, tools_with
from support.mlflow.registries import connected, serving

SET = SetConfigMapKey("s", ("data",), "ml", "training-data", "snapshot", "new")
MOVE = MoveAlias("m", ("fraud",), "staging", "fraud-detector", "champion", "12")
PATH = "/api/v1/namespaces/ml/configmaps/training-data"
BEFORE = {"value": "old", "uid": "training-data"}
SET_BACK = "somebody changed snapshot of ConfigMap training-data after the refresh"


class Aftermath(Bench):
    """A refresh that wrote ``snapshot`` and succeeded; what it holds now is ``value``."""

    def __init__(self, value: str) -> None:
        Bench.__init__(self)
        self.body = self.wire.put(PATH, {"data": {"snapshot": value}})
        self.contention, self.known = Contention(self.tools), ContentionCheck()
        self.record = Record(
            id="r1",
            uid="u1",
            namespace="ml",
            name="fraud",
            environment="staging",
            production="production",
            generation=1,
            trigger="Manual",
            writer="w",
            started=0.0,
            timeout=60.0,
            rollout_timeout=60.0,
            entries=(Entry(SET, state="Verified", before=BEFORE),),
            applied={"data": Applied("mark", {})},
            rests_on=(),
            phase="Closed",
            result="Succeeded",
        )

    async def told(self, staging: str) -> str | None:
        """What is told where staging's look shows this value."""
        said = component("data", seen({"value": "new"}), seen({"value": staging}))
        found = await self.contention.find(
            self.record, [judged(said.observations, said.verdict)], self.known
        )
        return found[1] if found else None


def judged(observations: Observations, verdict: Verdict) -> Judged:
    place = {"configMap": {"name": "training-data", "key": "snapshot"}}
    track = Track.model_validate({"name": "data", "setting": {"production": place}})
    return Judged(track, observations, verdict)


async def test_a_value_that_is_what_it_was_is_contention() -> None:
    told = await Aftermath("old").told("old")

    assert told is not None
    assert told.startswith(SET_BACK)


async def test_an_ordinary_deploy_after_a_refresh_is_no_contention() -> None:
    assert await Aftermath("theirs").told("theirs") is None


async def test_what_was_not_answered_is_asked_again() -> None:
    after = Aftermath("old")
    after.wire.silent = NotAnswered("TimedOut", "no answer")
    assert await after.told("old") is None

    after.wire.silent = None

    assert (await after.told("old") or "").startswith(SET_BACK)


async def test_what_does_not_answer_already_holds_up_no_pass() -> None:
    after = Aftermath("old")
    said = component("data", seen({"value": "new"}), seen({"value": "old"}))
    staging = seen({"value": "old"}, trouble=Why("TimedOut", "no answer"))
    silent = judged(said.observations._replace(staging=staging), said.verdict)
    after.wire.silent = AssertionError("it was asked")

    assert await after.contention.find(after.record, [silent], after.known) is None

    after.wire.silent = None
    assert (await after.told("old") or "").startswith(SET_BACK)


async def test_what_was_told_stays_told_while_nobody_answers() -> None:
    after = Aftermath("old")
    told = await after.told("old")
    after.wire.silent = NotAnswered("TimedOut", "no answer")

    assert await after.told("older") == told


async def test_a_key_that_is_absent_as_before_was_set_back() -> None:
    after = Aftermath("old")
    del after.body["data"]["snapshot"]
    task = Task("r1", {"value": None, "uid": "training-data"}, {}, {}, 0.0)

    assert isinstance(await SET.verify(task, after.tools), Reverted)
    after.body["data"]["snapshot"] = "theirs"
    with pytest.raises(ChangedUnderneath, match="somebody changed snapshot"):
        await SET.verify(task, after.tools)


@pytest.mark.parametrize("former", ["11", None])
async def test_an_alias_is_set_back_only_to_what_it_named(former: str | None) -> None:
    names = former

    async def mlflow(request: web.Request) -> web.Response:
        aliases = [{"alias": "champion", "version": names}] if names else []
        found = {"name": "fraud-detector", "creation_timestamp": 1, "aliases": aliases}
        return web.json_response({"registered_model": found})

    task = Task("r1", {"version": former}, {}, {}, 0.0)
    async with serving(mlflow) as url, connected(url) as server:
        writer = Bench().tools.writer
        tools = tools_with(writer, lambda: 0.0, server=lambda _: server)

        assert isinstance(await MOVE.verify(task, tools), Reverted)
        names = "13"
        with pytest.raises(ChangedUnderneath, match="to version 13"):
            await MOVE.verify(task, tools)


async def test_all_fields_that_were_set_back_are_named_with_an_advice_for_who_did_it() -> None:
    after = Aftermath("old")
    names = [f"key-{number}" for number in range(7)]
    after.body["data"] |= dict.fromkeys(names, "old")
    owners = {"manager": "kubectl-client-side-apply", "operation": "Update"}
    fields: dict[str, Any] = {"f:data": {f"f:{name}": {} for name in names}}
    after.body["metadata"]["managedFields"] = [{**owners, "fieldsV1": fields}]
    steps = [replace(SET, id=name, key=name) for name in names]
    entries = tuple(Entry(each, state="Verified", before=BEFORE) for each in steps)
    after.record = replace(after.record, entries=entries)

    told = await after.told("old")

    assert told is not None
    for name in names[:5]:
        assert f"kubectl-client-side-apply changed {name} of ConfigMap training-data" in told
    assert "; and 2 more after the refresh; take the field out of the applied manifest" in told
    assert "argo" not in told
