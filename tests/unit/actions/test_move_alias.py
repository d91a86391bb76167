"""An alias is moved in the registry that was surveyed, and in no other."""

import pytest
from aiohttp import web

from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.step import Arrived, Task
from stagingmirror.errors import ChangedUnderneath, NotAnswered, Refused
from support.kinds.tools import Bench, tools_with
from support.mlflow.folding_mlflow import FoldingMlflow
from support.mlflow.registries import connected, serving

MOVE = MoveAlias("m", ("fraud",), "staging", "fraud-detector", "champion", "12")
UPPER = MoveAlias("a", ("one",), "staging", "fraud", "Champion", "3")
LOWER = MoveAlias("b", ("two",), "staging", "fraud", "champion", "4")


async def test_an_environment_that_leads_elsewhere_by_now_has_nothing_moved_there() -> None:
    names, writes = "11", list[str]()

    async def mlflow(request: web.Request) -> web.Response:
        if request.method != "GET":
            writes.append(request.path)
        aliases = [{"alias": "champion", "version": names}]
        found = {"name": "fraud-detector", "creation_timestamp": 1, "aliases": aliases}
        return web.json_response({"registered_model": found})

    async with (
        serving(mlflow) as url,
        connected(url) as ours,
        connected(url, workspace="team-b") as other,
    ):
        leads_to = ours
        writer = Bench().tools.writer
        tools = tools_with(writer, lambda: 0.0, server=lambda _: leads_to)
        task = Task("r1", await MOVE.survey("r1", tools), {}, {}, 0.0)
        leads_to = other

        for call in (MOVE.take, MOVE.verify):
            with pytest.raises(ChangedUnderneath, match="another registry"):
                await call(task, tools)
        names = "12"  # a version of that number is there as well
        with pytest.raises(ChangedUnderneath, match="another registry"):
            await MOVE.roll_back(task, tools)
        with pytest.raises(ChangedUnderneath):
            await MOVE.is_settled(task, tools)

    assert writes == []


async def test_a_rollback_waits_until_it_is_known_that_the_alias_is_not_productions() -> None:
    names, known = "12", False

    async def mlflow(request: web.Request) -> web.Response:
        nonlocal names
        if request.method == "POST":
            names = (await request.json())["version"]
        aliases = [{"alias": "champion", "version": names}]
        model = {"name": "fraud-detector", "creation_timestamp": 1, "aliases": aliases}
        version = {"name": "fraud-detector", "version": "11", "creation_timestamp": 1}
        return web.json_response({"registered_model": model, "model_version": version})

    async with serving(mlflow) as url, connected(url) as server:
        tools = tools_with(
            Bench().tools.writer,
            lambda: 0.0,
            server=lambda _: server,
            is_production=lambda place: False if known else None,
        )
        task = Task("r1", {"version": "11", "registry": list(server.registry)}, {}, {}, 0.0)

        with pytest.raises(NotAnswered, match="not proven yet"):
            await MOVE.roll_back(task, tools)
        assert names == "12"
        known = True
        await MOVE.roll_back(task, tools)

    assert names == "11"


async def test_the_second_of_two_new_spellings_overwrites_nothing_and_is_rolled_back_at_once() -> (
    None
):
    registry = FoldingMlflow("fraud", {})
    task = Task("r1", {"version": None}, {}, {}, 0.0)
    async with serving(registry.answer) as url, connected(url) as server:
        tools = tools_with(Bench().tools.writer, lambda: 0.0, server=lambda _: server)
        assert isinstance(await UPPER.take(task, tools), Arrived)

        with pytest.raises(Refused, match="'Champion'"):
            await LOWER.take(task, tools)
        assert isinstance(await LOWER.roll_back(task, tools), Arrived)
        assert isinstance(await LOWER.verify_rollback(task, tools), Arrived)
        assert registry.aliases == {"Champion": "3"}

        assert isinstance(await UPPER.roll_back(task, tools), Arrived)
        assert isinstance(await UPPER.verify_rollback(task, tools), Arrived)
        assert registry.aliases == {}
