"""A masking job that failed is run again once it is another, or by request.

That another snapshot, or another maskingJob of the environment, makes another step, is a test of
the plan.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from stagingmirror.actions.copies.mask_index import MaskIndex
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.engine.refresh.record.record import Record, from_json, to_json
from stagingmirror.engine.refresh.start.admission import Occasion
from stagingmirror.engine.refresh.start.new_record import failed_before
from stagingmirror.errors import NotAllowed, NotAnswered
from support.index.masking import CRON_JOB, JOB, SWITCH_MASKED, Masking, unmasked
from support.index.restoring import Bench, bench, staging
from support.kinds.builders import NOW
from support.kinds.cases import context
from support.kinds.records import SET, ended
from support.objectstore.fake_s3 import error

SCHEDULED, MANUAL = Occasion("Schedule", NOW), Occasion("Manual", NOW, "token")
Change = Callable[["Failing"], None]


@dataclass
class Failing:
    """Staging's masking job, which fails, and the steps that it is one of."""

    made: Bench
    job: Masking
    steps: tuple[ExecutableStep, ...]

    async def refreshed(self, **more: Any) -> Record:
        """As another process reads it."""
        closed = await ended(
            self.made.tools, self.made.wire, *self.steps, SET, between=self.job.play, **more
        )
        return from_json(to_json(closed))

    async def left(self, last: Record, occasion: Occasion = SCHEDULED) -> str:
        """Why the refresh after it leaves the index; empty: it does not."""
        tracked = tuple(replace(each, components=("features",)) for each in self.steps)
        now = context(steps=tracked, refresh={"timeout": "1s"})
        found = await failed_before(now, occasion, last, self.made.tools)
        return found.get("features", "")


@asynccontextmanager
async def failing(how: str = "Failed") -> AsyncIterator[Failing]:
    async with bench(staging()) as made:
        made.configure(copies="AfterJob")
        job = Masking(made, how=how)
        restore = await made.step(masked=True)
        mask = MaskIndex.of(restore, "mask", JOB)
        yield Failing(made, job, (restore, mask, SWITCH_MASKED))


async def test_a_job_that_failed_is_told_once_and_its_index_left_by_the_schedule() -> None:
    async with failing() as world:
        closed = await world.refreshed()
        why = await world.left(closed)

        assert closed.why is not None
        assert (closed.result, closed.why[0]) == ("RolledBack", "MaskingFailed")
        assert "BackoffLimitExceeded" in why
        assert "a refresh that is requested" in why
        assert await world.left(closed, MANUAL) == ""


@pytest.mark.parametrize(
    "what",
    [
        "wrote nothing",
        "made it empty",
        "made it unreadable",
        "left too little time",
        "cannot be seen",
    ],
)
async def test_neither_is_what_did_not_mask_run_again(what: str) -> None:
    async with failing("Complete") as world:
        given = {}
        if what == "wrote nothing":
            world.job.masks = False
        elif what == "made it empty":
            world.job.documents, world.job.declares = 0, True
        elif what == "made it unreadable":
            world.job.documents = 0
        else:
            world.job.how, given = "", {"lasting": 1.0}
            world.made.destination.tagged = what != "cannot be seen"
        closed = await world.refreshed(**given)

        assert closed.why is not None
        assert (closed.result, closed.why[0] == "Timeout") == ("RolledBack", bool(given))
        assert unmasked(world.made.destination) == []
        assert await world.left(closed)


async def test_a_restore_that_had_too_little_time_is_tried_again() -> None:
    async with failing() as world:
        world.made.source.instead = lambda request: (
            error(503, "SlowDown") if request.path.endswith(".faiss") else None
        )
        closed = await world.refreshed(lasting=0.7)

        assert closed.why is not None
        assert closed.why[0] == "Timeout"
        assert await world.left(closed) == ""


def an_image(world: Failing) -> None:
    """Somebody mends the job."""
    job = world.made.wire.objects[CRON_JOB]["spec"]["jobTemplate"]["spec"]
    job["template"]["spec"]["containers"][0]["image"] = "mask:2"


def a_schedule(world: Failing) -> None:
    world.made.wire.objects[CRON_JOB]["spec"]["schedule"] = "@yearly"


def none(world: Failing) -> None:
    """The preflight tells that it is gone."""
    del world.made.wire.objects[CRON_JOB]


def no_right(world: Failing) -> None:
    world.made.wire.silent = NotAllowed("Forbidden", "no")


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (an_image, True),
        (none, True),
        (no_right, True),
        (a_schedule, False),
        (lambda _: None, False),
    ],
)
async def test_what_the_cronjob_makes_now_is_what_counts(change: Change, again: bool) -> None:
    async with failing() as world:
        closed = await world.refreshed()
        change(world)

        assert (await world.left(closed) == "") == again


async def test_nothing_is_begun_while_the_job_cannot_be_read() -> None:
    async with failing() as world:
        closed = await world.refreshed()
        world.made.wire.silent = NotAnswered("NoAnswer", "no")

        with pytest.raises(NotAnswered):
            await world.left(closed)
