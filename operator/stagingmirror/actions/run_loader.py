"""Staging's own loader, run to its end: what a value names is there before the value is written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from stagingmirror.actions.job_run import JobRun
from stagingmirror.actions.step import (
    Arrived,
    ExecutableStep,
    Json,
    Outcome,
    Surveyed,
    Task,
    Underway,
    stored_bytes,
)
from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.track.setting import PLAIN
from stagingmirror.drift.facts import Why
from stagingmirror.drift.steps import Phase, Write
from stagingmirror.drift.wording import shown
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import Loader, LoaderVariable
from stagingmirror.sources.kubernetes.write.loader_jobs import Load, read_cron_job, rehearse
from stagingmirror.view import View

# Production's value is loaded whatever it holds, as an admin made it readable. Staging's former one
# is anybody's.
_PLAIN = re.compile(f"{PLAIN}*", re.ASCII)


@dataclass(frozen=True, slots=True)
class RunLoader(ExecutableStep):
    """``after`` holds the Jobs that were made: ``job`` and, where rolled back, ``backJob``; each
    with the time when it was let run (``jobBegan``); see ``JobRun``.
    """

    phase: ClassVar[Phase] = "prepare"
    order: ClassVar[int] = 20
    visible: ClassVar[bool] = True

    namespace: str
    cron_job: str
    container: str
    variable: str
    value: str
    timeout: float
    former: str | None
    """Staging's value now: a rollback runs the loader again with it. None: there was none."""

    def describe(self) -> str:
        return f"run a Job of CronJob {self.cron_job} with {self.variable}={shown(self.value)}"

    def writes(self) -> tuple[Write, ...]:
        place = LoaderVariable(self.namespace, self.cron_job, self.container, self.variable)
        return (Write(Loader(self.namespace, self.cron_job), None), Write(place, self.value))

    def rollback_rank(self, loaded: frozenset[str]) -> int:
        return 3

    def check(self, before: Json, others: Sequence[Surveyed]) -> Why | None:
        """A rollback loads what staging had when it was judged; where staging holds something else
        by now, that would be loaded under another name.
        """
        held = [
            value
            for step, found in others
            if set(self.components) & set(step.components)
            for value in step.replaced(self.value, found)
        ]
        if not held or self.former in held:
            return None
        return Why(
            Reason.CHANGED_UNDERNEATH,
            "staging's value was changed after it was judged; the next refresh starts from what it "
            "is now.",
        )

    def kept(self, view: View) -> int:
        return stored_bytes(self.value) + 2 * stored_bytes(self.former)

    async def survey(self, refresh: str, tools: Tools) -> Json:
        await read_cron_job(tools.writer, self._load(refresh, self.value, labelled=True))
        return {"former": self.former}

    async def rehearse(self, task: Task, tools: Tools) -> None:
        await rehearse(tools.writer, self._load(task.refresh, self.value, labelled=True))

    async def take(self, task: Task, tools: Tools) -> Outcome:
        load = self._load(task.refresh, self.value, labelled=True)
        return await _run("job", load).go_on(task, tools)

    async def verify(self, task: Task, tools: Tools) -> Outcome:
        return Arrived("the loader ended well")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        """Ends a run that still goes on, to its last pod: two loaders at once would mix what they
        load. Then loads what staging had, where it had anything.
        """
        forward = _run("job", self._load(task.refresh, self.value, labelled=False))
        if not await forward.may_have_run(task, tools):
            return Arrived("had not started")
        if (noted := forward.noted(task)) is not None:
            return Underway("waits for the loader to end", after=noted)
        then = "the former value was not loaded again"
        if "backJob" not in task.after and (left := await forward.ending(task, tools, then)):
            return left
        if self.former is None:
            kept = "staging had no value before, so what was loaded stays"
            return Arrived(kept, caveat=kept)
        if _PLAIN.fullmatch(self.former) is None:
            kept = (
                "staging's former value was not loaded again: it has other characters than "
                f"{PLAIN}, and whoever wrote it may not choose what a loader gets"
            )
            return Arrived(kept, caveat=kept)
        back = self._load(task.refresh, self.former, "-back", labelled=False)
        return await _run("backJob", back).go_on(task, tools)

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        loaded = "backJob" in task.after
        return Arrived("the former value is loaded" if loaded else "nothing was loaded again")

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        """Whether the loaded data are right cannot be observed."""
        return False

    def _load(self, refresh: str, value: str, suffix: str = "", *, labelled: bool) -> Load:
        return Load(
            key=f"{refresh}/{self.id}{suffix}",
            refresh=refresh,
            namespace=self.namespace,
            cron_job=self.cron_job,
            container=self.container,
            variable=self.variable,
            value=value,
            timeout=self.timeout,
            labelled=labelled,
        )


def _run(note: str, load: Load) -> JobRun:
    return JobRun(load, note, failed=Reason.LOADER_FAILED, late=Reason.LOADER_TIMEOUT)
