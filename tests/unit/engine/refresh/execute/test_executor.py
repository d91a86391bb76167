"""A refresh on its way: guarded by what was there when it began, told as what was really judged."""

import re
from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.api.spec.mirror import Track
from stagingmirror.drift.facts import Fact, Why
from stagingmirror.engine.context import Judged
from stagingmirror.engine.refresh.execute.executor import Executor
from stagingmirror.engine.refresh.execute.rollback import Rollback
from stagingmirror.engine.refresh.execute.state import Arrivals, Patience
from stagingmirror.engine.refresh.execute.verification import Judgement, judge_applied, track_mark
from stagingmirror.engine.refresh.record.applied import Applied
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.record.record_store import Records
from support.clock import NOW
from support.kinds.observations import component, seen
from support.kinds.records import a_record
from support.kinds.tools import Bench
from support.kubernetes.workloads import config_map, cron_job

LOAD = RunLoader("load", ("data",), "ml", "load", "load", "SNAPSHOT", "new", 60.0, "old")
SET = SetConfigMapKey("set", ("data",), "ml", "training-data", "snapshot", "new")
VALUE = "/api/v1/namespaces/ml/configmaps/training-data"
JOBS = "/apis/batch/v1/namespaces/ml/jobs"


def record(**fields: Any) -> Record:
    given = {"uid": "u1", "namespace": "ml", "started": NOW, "timeout": 600.0}
    return a_record(Entry(LOAD), Entry(SET), **{**given, "rollout_timeout": 60.0, **fields})


async def may_write(record: Record) -> Why | None:
    return None


class Refresh(Bench):
    """A refresh that runs staging's loader, then writes ``snapshot``; staging holds ``value``."""

    def __init__(self, value: str = "old") -> None:
        Bench.__init__(self)
        self.wire.put("/apis/batch/v1/namespaces/ml/cronjobs/load", cron_job("load", "ml", "x"))
        self.wire.put(VALUE, config_map("training-data", "ml", {"snapshot": value}))
        self.records = Records(
            self.tools.writer, namespace="operator", writer_name="w", clock=self.tools.clock
        )
        self.running = Executor(self.records, self.tools, lambda record, entry: None)
        self.returning = Rollback(self.records, self.tools)

    @property
    def data(self) -> dict[str, str]:
        return dict(self.wire.objects[VALUE]["data"])

    @property
    def writes(self) -> list[str]:
        """What was written to staging."""
        return [call for call in self.wire.calls if "/operator/" not in call]

    def jobs(self) -> list[str]:
        return [path for path in self.wire.objects if path.startswith(JOBS)]

    def end_jobs(self, how: str) -> None:
        for path in self.jobs():
            done = {"type": how, "status": "True"}
            self.wire.objects[path]["status"] = {"conditions": [done]}

    async def forward(self, record: Record) -> Record:
        return await self.running.forward(record, may_write, Patience())

    async def back(self, record: Record) -> Record:
        """To its end; every Job ends well."""
        while record.is_open:
            record = await self.returning.back(record)
            self.end_jobs("Complete")
        return record


async def test_what_is_there_is_read_for_every_step_before_the_first_is_taken() -> None:
    refresh = Refresh()
    begun = await refresh.records.begin(record())

    begun = await refresh.forward(begun)

    assert [entry.state for entry in begun.entries] == ["Started", "Pending"]
    assert begun.entries[1].before == {
        "uid": "training-data",
        "value": "old",
        "owner": None,
        "ours": None,
    }


async def test_a_change_while_a_loader_runs_stops_the_refresh() -> None:
    refresh = Refresh()
    begun = await refresh.forward(await refresh.records.begin(record()))
    refresh.wire.objects[VALUE]["data"]["snapshot"] = "theirs"
    refresh.end_jobs("Complete")

    while begun.phase == "Forward":
        begun = await refresh.forward(begun)

    assert begun.why is not None
    assert begun.why[0] == "ChangedUnderneath"
    assert refresh.data == {"snapshot": "theirs"}


async def test_a_change_between_judging_and_the_first_step_is_never_loaded_under() -> None:
    refresh = Refresh("younger")

    turned = await refresh.forward(await refresh.records.begin(record()))

    assert turned.why is not None
    assert turned.why[0] == "ChangedUnderneath"
    assert "changed after it was judged" in turned.why[1]
    assert (await refresh.back(turned)).result == "RolledBack"
    assert refresh.writes == []


async def test_what_cannot_be_taken_later_is_refused_before_anything_is_written() -> None:
    refresh = Refresh()
    refresh.wire.objects[VALUE]["immutable"] = True

    turned = await refresh.forward(await refresh.records.begin(record()))

    assert turned.why is not None
    assert turned.why[0] == "Immutable"
    assert refresh.writes == []


@pytest.mark.parametrize(
    ("former", "told"),
    [
        ("old", "Everything was rolled back."),
        (
            None,
            "Everything was rolled back, but: run a Job of CronJob load with SNAPSHOT=new "
            "(staging had no value before, so what was loaded stays)",
        ),
    ],
)
async def test_a_put_back_says_what_is_not_as_it_was(former: str | None, told: str) -> None:
    refresh = Refresh()
    if former is None:
        refresh.wire.objects[VALUE]["data"] = {}
    begun = record(entries=(Entry(replace(LOAD, former=former)), Entry(SET)))
    begun = await refresh.forward(await refresh.records.begin(begun))
    refresh.end_jobs("Failed")
    while begun.phase == "Forward":
        begun = await refresh.forward(begun)

    closed = await refresh.back(begun)

    assert closed.result == "RolledBack"
    assert closed.message.endswith(told)


async def test_success_counts_what_was_compared_and_names_the_rest() -> None:
    refresh, track = Refresh("new"), setting("kept")
    facts = {"value": Fact("new")}
    applied = {
        "kept": Applied(track_mark(track), facts),
        "edited": Applied("another form", facts),
        "gone": Applied("another form", facts),
    }
    verified = record(entries=(), applied=applied, phase="Verify", last_write=900.0)
    said = component("kept", seen(facts), seen(facts))
    components = [
        Judged(each, said.observations, said.verdict) for each in (track, setting("edited"))
    ]
    judgement = judge_applied(verified, components, acceptances=(), grace=15.0, now=NOW)
    assert judgement == Judgement(unjudged=("edited", "gone"))

    closed = await refresh.running.verify(
        await refresh.records.begin(verified), judgement, Arrivals()
    )

    assert closed.message == (
        "1 of 3 applied and verified in 0 s; applied, but not compared, for spec changed "
        "meanwhile: edited, gone"
    )


async def test_success_names_the_guard_that_was_not_compared() -> None:
    refresh = Refresh("new")
    verified = record(entries=(), applied={}, phase="Verify", last_write=900.0)

    closed = await refresh.running.verify(
        await refresh.records.begin(verified),
        Judgement(uncompared=("parity (no answer in time)",)),
        Arrivals(),
    )

    assert closed.result == "Succeeded"
    assert closed.message.endswith(
        "not compared since, so that it guarded nothing: parity (no answer in time)"
    )


async def test_what_nothing_runs_is_applied_and_not_called_verified() -> None:
    refresh, track = Refresh("new"), setting("idle")
    facts = {"value": Fact("new", declared=True)}
    applied = {"idle": Applied(track_mark(track), facts)}
    verified = record(entries=(), applied=applied, phase="Verify", last_write=900.0)
    said = component("idle", seen(facts), seen(facts))
    judged = Judged(track, said.observations, said.verdict)
    judgement = judge_applied(verified, [judged], acceptances=(), grace=15.0, now=NOW)

    closed = await refresh.running.verify(
        await refresh.records.begin(verified), judgement, Arrivals()
    )

    assert closed.result == "Succeeded"
    assert closed.message.startswith("0 of 1 applied and verified")
    assert closed.message.endswith("applied, but nothing that runs proves it: idle")


def setting(name: str) -> Track:
    place = {"configMap": {"name": "training-data", "key": "snapshot"}}
    return Track.model_validate({"name": name, "setting": {"production": place}})


@pytest.mark.parametrize("former", ["a" * 700_000, "ä" * 350_000, '"' * 350_000])
async def test_what_could_not_be_kept_ends_the_refresh_before_anything_is_written(
    former: str,
) -> None:
    refresh = Refresh(former)
    load = replace(LOAD, former=former)
    begun = await refresh.records.begin(replace(record(), entries=(Entry(load), Entry(SET))))

    turned = await refresh.forward(begun)

    assert turned.why is not None
    assert turned.why[0] == "TooLarge"
    assert re.search(r"has 2[0-9]{6} bytes, and it can keep 983040", turned.why[1])
    assert (await refresh.back(turned)).result == "RolledBack"
    assert refresh.writes == []


async def test_a_config_map_that_would_be_too_large_is_refused_before_anything_is_written() -> None:
    refresh = Refresh()
    refresh.wire.objects[VALUE]["data"]["other"] = "a" * 1_000_000
    refresh.wire.objects[VALUE]["binaryData"] = {"more": "QUFB" * 20_000}

    turned = await refresh.forward(await refresh.records.begin(record()))

    assert turned.why is not None
    assert turned.why[0] == "TooLarge"
    assert "ConfigMap training-data would have 1060003 bytes, and can have 1048576" in turned.why[1]
    assert refresh.writes == []
