"""Records of refreshes, with everything irrelevant hidden."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.facts import Why
from stagingmirror.engine.refresh.execute.executor import Executor
from stagingmirror.engine.refresh.execute.rollback import Rollback
from stagingmirror.engine.refresh.execute.state import Patience
from stagingmirror.engine.refresh.record.record import Entry, Record, State
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.errors import NotAnswered
from support.kinds.builders import NOW
from support.kubernetes.wire import Wire

SET = SetConfigMapKey("set", ("data",), "ml-staging", "training-data", "snapshot", "new")
BEFORE = {"uid": "uid-of-training-data", "value": "old", "owner": None, "ours": None}


def a_record(*entries: Entry, **fields: Any) -> Record:
    """An open one of mirror ``ml-staging/fraud`` that has begun at NOW."""
    whole: dict[str, Any] = {
        "id": "r1",
        "uid": "uid-1",
        "namespace": "ml-staging",
        "name": "fraud",
        "environment": "staging",
        "production": "production",
        "generation": 1,
        "trigger": "Manual",
        "writer": "operator/1",
        "started": NOW,
        "timeout": 60.0,
        "rollout_timeout": 30.0,
        "entries": entries or (an_entry("Pending"),),
        "applied": {},
        "rests_on": (),
    }
    return Record(**{**whole, **fields})


def an_entry(state: State, step: ExecutableStep = SET, **fields: Any) -> Entry:
    before = None if state == "Pending" else BEFORE
    return replace(Entry(step, state=state, before=before), **fields)


async def may_write(record: Record) -> Why | None:
    return None


async def ended(
    tools: Tools,
    wire: Wire,
    *steps: ExecutableStep,
    between: Callable[[], None] = lambda: None,
    lasting: float = 60.0,
) -> Record:
    """A refresh of these steps, at its end or where it begins to verify. ``between`` is called
    after each pass; ``lasting``: its timeout in seconds.
    """
    wire.put(
        "/api/v1/namespaces/ml-staging/configmaps/training-data",
        {"metadata": {"name": "training-data"}, "data": {"snapshot": "old"}},
    )
    records = Records(tools.writer, namespace="operator", writer_name="w", clock=tools.clock)
    running = Executor(records, tools, lambda record, entry: None)
    begun = a_record(*map(Entry, steps), started=tools.clock(), timeout=lasting)
    begun = await records.begin(begun)
    async with asyncio.timeout(20):
        while begun.phase == "Forward":
            with suppress(NotAnswered):  # a later pass retries
                begun = await running.forward(begun, may_write, Patience())
            between()
            await asyncio.sleep(0.01)
        while begun.phase == "RollBack":
            begun = await Rollback(records, tools).back(begun)
            between()
    return begun
