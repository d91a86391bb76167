"""Staging's masking job, run on a restored index before an alias may name it; then the index gets
the name that it is served by.
"""

from dataclasses import dataclass, fields
from functools import partial
from typing import ClassVar, Self

from stagingmirror.actions.copies.index_copy import IndexCopy
from stagingmirror.actions.job_run import JobRun
from stagingmirror.actions.step import Arrived, Json, Outcome, Task, Underway
from stagingmirror.actions.tools import Progressing, Tools
from stagingmirror.api.spec.environment.index_store import MaskingJob
from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.steps import Phase, Write
from stagingmirror.errors import NotAllowed, NotAnswered, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.write.loader_jobs import (
    Load,
    read_cron_job,
    rehearse,
    template_of,
)

_UNMASKED = "unmasked"
_TEMPLATE = "template"
# What the step notes: the version of the content before the job, and that the job has ended well.
_VERSION, _MASKED, _JOB = "version", "masked", "job"
# Noted where the store does not show a version.
_UNVERSIONED = "unversioned"


@dataclass(frozen=True, slots=True)
class MaskIndex(IndexCopy):
    """``namespace`` and what follows are of the environment's job, as it was planned."""

    phase: ClassVar[Phase] = "prepare"
    order: ClassVar[int] = 13
    visible: ClassVar[bool] = False
    masks: ClassVar[bool] = True

    namespace: str
    cron_job: str
    container: str
    variable: str
    timeout: float

    @classmethod
    def of(cls, copy: IndexCopy, step: str, job: MaskingJob) -> Self:
        """Of what another step restores."""
        shared = (each.name for each in fields(IndexCopy) if each.name != "id")
        return cls(
            id=step,
            namespace=job.namespace,
            cron_job=job.cron_job,
            container=job.container,
            variable=job.variable,
            timeout=seconds(job.timeout),
            **{name: getattr(copy, name) for name in shared},
        )

    def describe(self) -> str:
        return f"mask it by a Job of CronJob {self.namespace}/{self.cron_job}"

    def writes(self) -> tuple[Write, ...]:
        return ()  # the index and the Job have names of their own

    def grants(self) -> frozenset[Grant]:
        job = Grant("staging", "masking_job", f"{self.to_store}: {self._named}")
        return IndexCopy.grants(self) | {job}

    @property
    def _named(self) -> str:
        """As ``MaskingJob.named`` has it."""
        return f"{self.namespace}/{self.cron_job} {self.container} {self.variable}"

    def rollback_rank(self, loaded: frozenset[str]) -> int:
        return 4  # before what it runs on is removed

    async def survey(self, refresh: str, tools: Tools) -> Json:
        """Raises StepFailed where a team has the job's namespace, or the job is not there."""
        await self._refuse_of_a_team(tools)
        writer = self.writer(tools, proven=True)
        unmasked = self.unmasked_name(refresh, writer)
        cron_job = await read_cron_job(tools.writer, self._load(refresh, unmasked))
        return {
            _UNMASKED: unmasked,
            _TEMPLATE: template_of(cron_job),
            "index": self.final_name(refresh),
            "system": await writer.identity(),
        }

    @property
    def makes_the_same(self) -> bool:
        return True

    def basis(self, before: Json) -> str:
        return str(before.get(_TEMPLATE, ""))

    async def basis_now(self, tools: Tools) -> str:
        """Of a CronJob that is not there, or may not be read, the preflight tells."""
        try:
            return template_of(await read_cron_job(tools.writer, self._load("", "")))
        except (StepFailed, NotAllowed):
            return ""

    def is_slow(self, after: Json) -> bool:
        """Its Job runs, or cannot be begun since the store shows no writes."""
        return bool(after.keys() & {_UNVERSIONED, f"{_JOB}Began"}) and _MASKED not in after

    async def rehearse(self, task: Task, tools: Tools) -> None:
        await rehearse(tools.writer, self._load(task.refresh, str(task.before[_UNMASKED])))

    async def take(self, task: Task, tools: Tools) -> Outcome:
        if _MASKED not in task.after:
            return await self._mask(task, tools)
        result = tools.pool.poll((task.refresh, self.id), partial(self._publish, task, tools))
        if isinstance(result, str):
            name, after = self.noted(result)
            noted = {**task.after, **after}
            return Arrived(f"masked as {name}, counted and sampled", after=noted, produced=name)
        return Underway("masked; gets the name that it is served by")

    async def verify(self, task: Task, tools: Tools) -> Outcome:
        unmasked = str(task.before[_UNMASKED])
        if not await self.is_gone(unmasked, tools):
            raise StepFailed(
                Reason.NOT_MASKED,
                f"there is an index {unmasked} again; a pod of the masking job still writes.",
            )
        return await self.as_marked(str(task.before["index"]), tools)

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        """Ends the job first: its writes would make the index anew."""
        await tools.pool.stop((task.refresh, self.id))
        run = self._run(task)
        if await run.may_have_run(task, tools):
            if (noted := run.noted(task)) is not None:
                return Underway("waits for the masking job to end", after=noted)
            then = "it may write what is removed now"
            if (left := await run.ending(task, tools, then)) is not None:
                return left
        await self.undo(str(task.before["index"]), task, tools)
        return Arrived("removed from staging's store", after={})

    async def _mask(self, task: Task, tools: Tools) -> Outcome:
        unmasked = str(task.before[_UNMASKED])
        self.refuse_revoked(tools)
        await self._refuse_of_a_team(tools)
        if _VERSION not in task.after:
            writer = self.writer(tools, proven=True)
            await self.refuse_another_system(writer, task.before)
            version = await writer.version(unmasked)
            noted = {_UNVERSIONED: True} if version is None else {_VERSION: version}
            message = self._untold(unmasked) if version is None else "is to be masked"
            return Underway(message, after={**task.after, **noted})
        outcome = await self._run(task).go_on(task, tools)
        if isinstance(outcome, Underway):
            return outcome
        await self._refuse_unwritten(unmasked, task, tools)
        return Underway(outcome.message, after={**task.after, _MASKED: True})

    async def _refuse_unwritten(self, unmasked: str, task: Task, tools: Tools) -> None:
        """A job that got the wrong name ends well, too. Raises NotAnswered, so that it is tried
        again, where nothing shows whether it wrote.
        """
        version = await self.writer(tools, proven=True).version(unmasked)
        if version is None:
            raise NotAnswered(Reason.BUSY, self._untold(unmasked))
        if version == task.after[_VERSION]:
            raise StepFailed(
                Reason.NOT_MASKED,
                f"the Job of {self.namespace}/{self.cron_job} ended well and wrote nothing "
                f"into {unmasked}; does it use variable {self.variable}?",
            )

    def _untold(self, unmasked: str) -> str:
        return (
            f"index store {self.to_store} does not show now which writes {unmasked} has had, "
            "so that whether the masking job wrote would not be known"
        )

    async def _publish(self, task: Task, tools: Tools, progress: Progressing) -> str:
        """Give it its name, and mark what is in it now."""
        writer, new = self.writer(tools, proven=True), str(task.before["index"])
        await self.refuse_another_system(writer, task.before)
        async with tools.pool.room(
            f"{self.from_environment}/{self.from_store}",
            f"{self.to_environment}/{self.to_store}",
            task.mirror.partition("/")[0],
        ):
            self.refuse_revoked(tools)
            await writer.rename(str(task.before[_UNMASKED]), new, progress)
            self.refuse_revoked(tools)
            return await self.mark_as_read(new, task, tools)

    async def _refuse_of_a_team(self, tools: Tools) -> None:
        """Whoever may write there could have anything run on production's texts."""
        for each in await tools.writer.select(f"/apis/{API_VERSION}/mirrorenvironments"):
            spec = each.get("spec") or {}
            for field in ("namespaces", "usableFrom"):
                if self.namespace in (spec.get(field) or ()):
                    raise StepFailed(
                        Reason.NAMESPACE_OF_A_TEAM,
                        f"namespace {self.namespace} of the masking job is listed in {field} "
                        f"of environment {each['metadata']['name']}, and must be no team's.",
                    )

    def _run(self, task: Task) -> JobRun:
        reason = Reason.MASKING_FAILED
        load = self._load(task.refresh, str(task.before[_UNMASKED]))
        return JobRun(load, _JOB, failed=reason, late=reason)

    def _load(self, refresh: str, unmasked: str) -> Load:
        return Load(
            key=f"{refresh}/{self.id}",
            refresh=refresh,
            namespace=self.namespace,
            cron_job=self.cron_job,
            container=self.container,
            variable=self.variable,
            value=unmasked,
            timeout=self.timeout,
            labelled=False,
        )
