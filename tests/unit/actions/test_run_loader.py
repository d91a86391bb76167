"""A loader on the way back: the former value is loaded once nothing else loads any more."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.actions.step import Arrived, Outcome, Task, Underway
from stagingmirror.errors import NotThere, StepFailed
from stagingmirror.sources.kubernetes.subjects import LOADER
from support.clock import NOW
from support.kinds.tools import Bench
from support.kubernetes.workloads import cron_job

LOADING = RunLoader("l", ("data",), "ml", "load", "load", "SNAPSHOT", "new", 60.0, "old")
NEVER_HAD_ANY = replace(LOADING, former=None)
CRON_JOB = "/apis/batch/v1/namespaces/ml/cronjobs/load"
JOBS = "/apis/batch/v1/namespaces/ml/jobs"
PODS = "/api/v1/namespaces/ml/pods"


class Loads(Bench):
    """A loader that was started forward; ``job`` is its Job's name."""

    def __init__(self) -> None:
        Bench.__init__(self)
        self.wire.put(CRON_JOB, cron_job("load", "ml", "x"))

    async def forward(self) -> Task:
        task = Task("r1", {}, {}, {}, 0.0, give_up=NOW + 1000)
        for _ in ("made", "let run"):
            task = await self.take(task)
        return task

    async def take(self, task: Task) -> Task:
        outcome = await LOADING.take(task, self.tools)
        return task if outcome.after is None else replace(task, after=outcome.after)

    @property
    def job(self) -> str:
        return self.jobs()[0]

    @property
    def body(self) -> dict[str, Any]:
        return self.wire.objects[f"{JOBS}/{self.job}"]

    def jobs(self) -> list[str]:
        return [path.rpartition("/")[2] for path in self.wire.objects if path.startswith(JOBS)]

    def pod(self, phase: str) -> None:
        metadata = {"labels": {"job-name": self.job}}
        self.wire.put(f"{PODS}/{self.job}-x", {"metadata": metadata, "status": {"phase": phase}})

    def fail_job(self) -> None:
        failed = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}
        self.wire.objects[f"{JOBS}/{self.job}"]["status"] = {"conditions": [failed]}

    async def back(self, task: Task, action: RunLoader = LOADING) -> tuple[Outcome, Task]:
        outcome = await action.roll_back(task, self.tools)
        return outcome, task if outcome.after is None else replace(task, after=outcome.after)


async def test_the_back_loader_waits_for_the_last_pod_of_the_forward_one() -> None:
    loads = Loads()
    task = await loads.forward()
    loads.pod("Running")
    first = loads.job

    outcome, task = await loads.back(task)

    assert loads.wire.calls[-1] == f"DELETE {JOBS}/{first} Foreground"
    assert outcome == Underway(f"waits for Job {first}, pod {first}-x to end")
    del loads.wire.objects[f"{JOBS}/{first}"]  # as somebody's deletion in the background does
    outcome, task = await loads.back(task)
    assert outcome == Underway(f"waits for pod {first}-x to end")
    assert loads.jobs() == []
    del loads.wire.objects[f"{PODS}/{first}-x"]
    outcome, task = await loads.back(task)
    assert outcome.message == f"Job {loads.job} is made"
    assert loads.job != first


async def test_a_job_that_failed_may_have_a_pod_that_still_writes() -> None:
    loads = Loads()
    task = await loads.forward()
    loads.pod("Running")
    loads.fail_job()

    outcome, _ = await loads.back(task)

    assert outcome == Underway(f"waits for pod {loads.job}-x to end")
    assert not [call for call in loads.wire.calls if call.startswith("DELETE")]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
async def test_pods_that_have_ended_are_not_waited_for(phase: str) -> None:
    loads = Loads()
    task = await loads.forward()
    loads.pod(phase)
    loads.fail_job()

    outcome, _ = await loads.back(task)

    assert outcome.message.endswith("is made")
    assert len(loads.jobs()) == 2


async def test_a_pod_that_never_ends_is_waited_for_no_longer_than_the_refresh_may_take() -> None:
    loads = Loads()
    task = await loads.forward()
    loads.pod("Running")
    loads.clock.now = task.give_up + 1

    with pytest.raises(StepFailed, match="has not ended, so the former value was not loaded"):
        await loads.back(task)

    assert len(loads.jobs()) == 1


async def test_a_job_whose_maker_died_is_known_to_have_run_once_it_has_ended() -> None:
    loads = Loads()
    await loads.forward()
    nobody_noted_it = Task("r1", {}, {}, {}, 0.0)

    _, task = await loads.back(nobody_noted_it)
    _, task = await loads.back(task)
    del loads.wire.objects[f"{JOBS}/{loads.job}"]
    outcome, _ = await loads.back(task)

    assert outcome.message.endswith("is made")


async def test_a_loader_that_never_started_is_not_run_back() -> None:
    loads = Loads()

    outcome, _ = await loads.back(Task("r1", {}, {}, {}, 0.0))

    assert outcome == Arrived("had not started")
    assert loads.jobs() == []


async def test_what_cannot_be_loaded_back_is_said() -> None:
    loads = Loads()
    task = await loads.forward()
    loads.fail_job()

    outcome, task = await loads.back(task, NEVER_HAD_ANY)

    assert isinstance(outcome, Arrived)
    assert outcome.caveat == "staging had no value before, so what was loaded stays"
    assert (await NEVER_HAD_ANY.verify_rollback(task, loads.tools)).message == (
        "nothing was loaded again"
    )


NOTHING = Task("r1", {}, {}, {}, 0.0, give_up=NOW + 1000)


async def test_a_job_runs_only_once_the_record_knows_it() -> None:
    loads = Loads()

    made = await loads.take(NOTHING)
    assert loads.body["spec"]["suspend"] is True
    running = await loads.take(made)

    assert loads.body["spec"]["suspend"] is False
    assert (made.after.keys(), running.after.keys()) == ({"job"}, {"job", "jobBegan"})


async def test_a_job_of_a_paused_leader_that_comes_late_never_runs_and_goes() -> None:
    loads = Loads()
    outcome, _ = await loads.back(NOTHING)
    assert outcome == Arrived("had not started")

    await loads.take(NOTHING)  # the request of a process that was stopped right before it

    assert loads.body["spec"]["suspend"] is True
    late, next_refresh = loads.job, replace(NOTHING, refresh="r2")
    await loads.take(next_refresh)
    assert late not in loads.jobs()
    assert len(loads.jobs()) == 1


async def test_a_job_that_was_ended_meanwhile_is_not_let_run() -> None:
    loads = Loads()
    made = await loads.take(NOTHING)
    await loads.back(made)
    del loads.wire.objects[f"{JOBS}/{loads.job}"]

    with pytest.raises(NotThere):
        await loads.take(made)


async def test_a_job_whose_value_admission_changed_never_runs() -> None:
    loads = Loads()
    loads.wire.admit = lambda body: body["spec"]["template"]["spec"]["containers"][0].update(
        env=[{"name": "SNAPSHOT", "value": "pinned"}]
    )

    for attempt in (LOADING.rehearse, LOADING.take):
        with pytest.raises(StepFailed, match="admission") as refused:
            await attempt(NOTHING, loads.tools)
        assert refused.value.reason == "RewrittenByAdmission"

    assert loads.jobs() == []


@pytest.mark.parametrize("labels", [{}, {LOADER: "BASH_ENV"}, {"other": "SNAPSHOT"}])
async def test_a_cron_job_without_the_label_for_this_variable_is_no_loader(
    labels: dict[str, str],
) -> None:
    loads = Loads()
    cron = cron_job("load", "ml", "x")
    cron["metadata"]["labels"] = labels
    loads.wire.put(CRON_JOB, cron)

    for call in (
        LOADING.survey("r1", loads.tools),
        LOADING.take(Task("r1", {}, {}, {}, 0.0), loads.tools),
    ):
        with pytest.raises(StepFailed) as refused:
            await call
        assert refused.value.reason == "NotALoader"
    assert loads.jobs() == []


async def test_a_label_that_was_withdrawn_does_not_keep_the_former_value_from_being_loaded() -> (
    None
):
    loads = Loads()
    task = await loads.forward()
    loads.fail_job()
    del loads.wire.objects[CRON_JOB]["metadata"]["labels"]

    outcome, _ = await loads.back(task)

    assert outcome.message.endswith("is made")


@pytest.mark.parametrize("text", ["$(id)", "a b", "x;y", "2026\n", "'", "é"])
async def test_a_former_value_that_is_no_plain_name_is_not_given_to_a_loader(text: str) -> None:
    loads = Loads()
    task = await loads.forward()
    loads.fail_job()

    outcome, _ = await loads.back(task, replace(LOADING, former=text))

    assert isinstance(outcome, Arrived)
    assert "was not loaded again" in str(outcome.caveat)
    assert len(loads.jobs()) == 1
