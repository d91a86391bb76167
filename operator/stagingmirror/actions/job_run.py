"""One run of a CronJob's template, over passes: made, let run, followed to its end, ended."""

from dataclasses import dataclass

from stagingmirror.actions.step import Arrived, Json, Outcome, Task, Underway
from stagingmirror.actions.tools import Tools
from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.write.loader_jobs import (
    Load,
    end,
    exists,
    observe,
    release,
    start,
)

# Seconds after its own deadline until which a Job may be reported as failed.
GRACE = 60.0


@dataclass(frozen=True, slots=True)
class JobRun:
    """``note``: the key under which the step keeps the Job's uid; with ``Began`` when it was let
    run. ``found``: there is a Job, though its maker died before it could note it.
    """

    load: Load
    note: str
    failed: Reason
    late: Reason

    async def go_on(self, task: Task, tools: Tools) -> Outcome:
        """Arrived once it has ended well. Raises StepFailed."""
        load, note = self.load, self.note
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
            return self._still_running(float(began), tools)
        if ended.reason is not None:
            raise StepFailed(
                self.failed,
                f"Job {load.name} of {load.cron_job} failed ({ended.reason}); see its logs.",
            )
        return Arrived(f"Job {load.name} ended well")

    async def may_have_run(self, task: Task, tools: Tools) -> bool:
        """Whether it was made, as far as that was noted or is to be seen."""
        return bool(task.after.keys() & {self.note, "found"}) or await exists(
            tools.writer, self.load
        )

    def noted(self, task: Task) -> Json | None:
        """What to keep first, as once it has ended nothing else shows that there was one; None: it
        is kept.
        """
        is_noted = bool(task.after.keys() & {self.note, "found"})
        return None if is_noted else {**task.after, "found": True}

    async def ending(self, task: Task, tools: Tools, then: str) -> Underway | None:
        """End it, to its last pod; None: nothing of it runs any more. Raises StepFailed, with what
        was not done therefore, where it runs on.
        """
        left = ", ".join(await end(tools.writer, self.load))
        if not left:
            return None
        if tools.clock() > task.give_up:
            raise StepFailed(
                Reason.LOADER_STILL_RUNS,
                f"{left} has not ended, so {then}; see why, then refresh again.",
            )
        return Underway(f"waits for {left} to end")

    def _still_running(self, began: float, tools: Tools) -> Outcome:
        if tools.clock() > began + self.load.timeout + GRACE:
            raise StepFailed(
                self.late,
                f"Job {self.load.name} has not ended within {self.load.timeout:g} s; see its pods.",
            )
        return Underway(f"Job {self.load.name} runs")
