"""Nothing is written to production, nor by a process that does not lead, whatever it is asked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.step import Task
from stagingmirror.actions.tools import Pool
from stagingmirror.drift.places import Place
from stagingmirror.drift.steps import Produced
from stagingmirror.errors import NeedsHuman, NotAnswered, NotLeading, StepFailed
from stagingmirror.sources.kubernetes.write.writer import MERGE, Writer
from stagingmirror.sources.mlflow.subjects import RegistryAlias
from support.kinds.tools import tools_with

MOVE = MoveAlias(
    "m", ("fraud",), "staging", "fraud-detector", "champion", Produced("copy", "v{value}")
)


COPY = CopyModel(
    "c",
    ("fraud",),
    "production",
    "fraud-detector",
    "12",
    "staging",
    "fraud-detector",
    "sha256:x",
    1,
    9,
    (),
    (),
)


class Asked:
    """Remembers what would have gone over the wire."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def request(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        self.calls.append(method)
        return {"kind": "Status"}

    async def pages(self, path: str, **more: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"metadata": {}, "items": []}


def writer(asked: Asked, *, leading: bool = True) -> Writer:
    return Writer(
        asked,
        productions=lambda: frozenset({"ml-prod"}),
        unproven=frozenset,
        is_elsewhere=lambda *_: None,
        leading=lambda: leading,
    )


async def every_write(writer: Writer, namespace: str) -> list[type[BaseException]]:
    """What each way of writing into this namespace raises."""
    path = f"/api/v1/namespaces/{namespace}/configmaps/x"
    writes = (
        writer.create(namespace, path, {}),
        writer.patch(namespace, path, {}, MERGE),
        writer.replace(namespace, path, {}),
        writer.delete(namespace, path, "uid"),
    )
    raised: list[type[BaseException]] = []
    for write in writes:
        try:
            await write
        except (NeedsHuman, NotAnswered, NotLeading) as error:
            raised.append(type(error))
    return raised


async def test_no_way_of_writing_reaches_a_production_namespace() -> None:
    asked = Asked()

    assert await every_write(writer(asked), "ml-prod") == [NeedsHuman] * 4
    assert asked.calls == []


async def test_a_namespace_that_may_be_productions_is_written_when_it_is_known_not_to_be() -> None:
    asked, unproven = Asked(), {"ml-staging"}
    one = Writer(
        asked,
        productions=frozenset,
        unproven=lambda: frozenset(unproven),
        is_elsewhere=lambda *_: None,
        leading=lambda: True,
    )

    assert await every_write(one, "ml-staging") == [NotAnswered] * 4
    assert asked.calls == []

    unproven.clear()
    assert await every_write(one, "ml-staging") == []


async def test_who_does_not_lead_writes_nowhere() -> None:
    asked = Asked()

    assert await every_write(writer(asked, leading=False), "ml-staging") == [NotLeading] * 4
    assert asked.calls == []


async def test_staging_is_written_by_the_leader() -> None:
    asked = Asked()

    assert await every_write(writer(asked), "ml-staging") == []
    assert asked.calls == ["POST", "PATCH", "PUT", "DELETE"]


async def test_an_alias_that_is_productions_is_never_even_asked_for() -> None:
    def is_production(place: Place) -> bool:
        return place == RegistryAlias("staging", "fraud-detector", "champion")

    tools = tools_with(writer(Asked()), lambda: 0.0, is_production=is_production)

    with pytest.raises(StepFailed, match="never moved"):
        await MOVE.survey("r1", tools)


async def test_an_alias_that_may_be_productions_is_tried_again_and_not_left_half_way() -> None:
    tools = tools_with(writer(Asked()), lambda: 0.0, is_production=lambda place: None)

    with pytest.raises(NotAnswered, match="not proven yet") as raised:
        await MOVE.survey("r1", tools)

    assert (raised.value.next.take, raised.value.next.rollback) == ("retry", "retry")


@pytest.mark.parametrize(("may", "error"), [(None, NotAnswered), (False, StepFailed)])
async def test_a_copy_into_what_may_be_productions_registry_asks_no_server(
    may: bool | None, error: type[Exception]
) -> None:
    tools = tools_with(writer(Asked()), lambda: 0.0, may_copy=lambda source, destination: may)
    task = Task("r1", {}, {}, {}, 0.0)

    async def until_it_ends() -> None:
        while True:
            await COPY.take(task, tools)
            await asyncio.sleep(0)

    with pytest.raises(error, match="not proven"):
        await until_it_ends()


def test_what_an_earlier_step_made_is_written_in_its_form() -> None:
    task = Task("r1", {}, {}, {"copy": "8"}, 0.0)

    assert task.text(MOVE.version) == "v8"
    assert task.text("7") == "7"


async def test_long_work_is_looked_at_and_told_once() -> None:
    pool, works = Pool(), 0

    async def work(progress: Any) -> str:
        nonlocal works
        works += 1
        progress(3, 9)
        return "8"

    key = ("r1", "copy")
    assert pool.poll(key, work) == (0, 0)
    result: object = ()
    while not isinstance(result, str):
        await asyncio.sleep(0)
        result = pool.poll(key, work)

    assert (result, works) == ("8", 1)
    await pool.close()
