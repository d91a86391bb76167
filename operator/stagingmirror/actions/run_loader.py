"""Staging's own loader, run to its end: what a value names is there before the value is written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

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
from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import Loader, LoaderVariable
from stagingmirror.sources.kubernetes.write.loader_jobs import (
    Load,
    end,
    exists,
    observe,
    read_cron_job,
    rehearse,
    release,
    start,
)
from stagingmirror.view import View

# Seconds after its own deadline until which a Job may be reported as failed.
GRACE = 60.0

# Production's value is loaded whatever it holds, as an admin made it readable. Staging's former one
# is anybody's.
_PLAIN = re.compile(f"{PLAIN}*", re.ASCII)


@dataclass(frozen=True, slots=True)
class RunLoader(ExecutableStep):
    """``after`` holds the Jobs that were made: ``job`` and, where rolled back, ``backJob``; each
    with the time when it was let run (``jobBegan``).
    ``found``: there is a Job, though its maker died before it could note it.
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
        return await self._run("job", load, task, tools)

    async def verify(self, task: Task, tools: Tools) -> Outcome:
        return Arrived("the loader ended well")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        """Ends a run that still goes on, to its last pod: two loaders at once would mix what they
        load. Then loads what staging had, where it had anything.
        """
        forward = self._load(task.refresh, self.value, labelled=False)
        if not task.after.keys() & {"job", "found"}:
            if not await exists(tools.writer, forward):
                return Arrived("had not started")
            # Noted first: once it has ended, nothing else shows that there was one.
            return Underway("waits for the loader to end", after={**task.after, "found": True})
        if "backJob" not in task.after and (left := await end(tools.writer, forward)):
            return self._ending(", ".join(left), task, tools)
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
        return await self._run("backJob", back, task, tools)

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        loaded = "backJob" in task.after
        return Arrived("the former value is loaded" if loaded else "nothing was loaded again")

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        """Whether the loaded data are right cannot be observed."""
        return False

    def _ending(self, left: str, task: Task, tools: Tools) -> Outcome:
        if tools.clock() > task.give_up:
            raise StepFailed(
                Reason.LOADER_STILL_RUNS,
                f"{left} has not ended, so the former value was not loaded again; see why, then "
                "refresh again.",
            )
        return Underway(f"waits for {left} to end")

    async def _run(self, note: str, load: Load, task: Task, tools: Tools) -> Outcome:
        uid, began = task.after.get(note), task.after.get(f"{note}Began")
        if uid is None:
            # Keeping this in the record proves that no other process has taken it over.
            uid = await start(tools.writer, load)
            return Underway(f"Job {load.name} is made", after={**task.after, note: uid})
        if began is None:
            await release(tools.writer, load, uid)
            after = {**task.after, f"{note}Began": tools.clock()}
            return Underway(f"Job {load.name} started", after=after)
        ended = await observe(tools.writer, load, uid)
        if ended is None:
            return self._still_running(float(began), load, tools)
        if ended.reason is not None:
            raise StepFailed(
                Reason.LOADER_FAILED,
                f"Job {load.name} of {load.cron_job} failed ({ended.reason}); see its logs.",
            )
        return Arrived(f"Job {load.name} ended well")

    def _still_running(self, began: float, load: Load, tools: Tools) -> Outcome:
        if tools.clock() > began + load.timeout + GRACE:
            raise StepFailed(
                Reason.LOADER_TIMEOUT,
                f"Job {load.name} has not ended within {load.timeout:g} s; see its pods.",
            )
        return Underway(f"Job {load.name} runs")

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
