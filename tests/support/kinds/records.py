"""Records of refreshes, with everything irrelevant hidden."""

from dataclasses import replace
from typing import Any

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.engine.refresh.record.record import Entry, Record, State
from support.kinds.builders import NOW

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
