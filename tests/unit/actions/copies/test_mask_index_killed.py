"""An index that is masked, whose process ends at any write to the store, or between any write to
Kubernetes and the note of it, and goes on in another process.
"""

import asyncio

import pytest

from stagingmirror.actions.step import Arrived
from stagingmirror.errors import ChangedUnderneath
from support.index.masking import Masking, masked_record, unmasked
from support.index.restoring import Bench, Record, another_process, bench, builds, served, staging
from support.mlflow.registries import serving
from support.objectstore.dying_s3 import Dying
from support.objectstore.fake_s3 import FakeS3

# The index, its manifest, its mark; the same under the other name, and the first of the two
# removed, before that mark; the pointer.
WRITES_OF_ALL = 10
# Until the job has ended: the version of the content, made, let run, ended.
PASSES = 4


async def interrupted(dying: Dying, made: Bench, masking: Masking) -> tuple[Record, Bench]:
    refresh = await masked_record(made, masking)
    going = asyncio.create_task(refresh.take(made))
    async with asyncio.timeout(20):
        await dying.reached.wait()
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    dying.at = 0
    return refresh, await another_process(made)


def started(at: int, done: bool) -> Dying:
    return Dying(objects=staging().objects, at=at, done=done)


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("at", range(1, WRITES_OF_ALL + 1))
async def test_a_refresh_that_ends_at_any_write_is_finished_and_masked(at: int, done: bool) -> None:
    dying = started(at, done)
    async with bench(dying) as made:
        refresh, after = await interrupted(dying, made, Masking(made))
        assert served(dying) == "b1" or at == WRITES_OF_ALL

        await refresh.take(after)
        await refresh.verify(after)

        assert served(dying) == refresh.before[1]["index"]
        assert builds(dying) == {"b1", served(dying)}
        assert unmasked(dying) == []
        await after.close()


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("at", range(1, WRITES_OF_ALL + 1))
async def test_a_refresh_that_ends_at_any_write_is_removed_by_the_next_process(
    at: int, done: bool
) -> None:
    dying = started(at, done)
    async with bench(dying) as made:
        refresh, after = await interrupted(dying, made, Masking(made))

        await refresh.roll_back(after)

        assert {k: v.strip() for k, v in dying.objects.items()} == staging().objects
        await after.close()


@pytest.mark.parametrize("lost", range(PASSES))
@pytest.mark.parametrize("back", [False, True], ids=["finished", "removed"])
async def test_a_pass_whose_outcome_is_lost_is_made_again_with_one_job(
    lost: int, back: bool
) -> None:
    async with bench(staging()) as made:
        before, masking = dict(made.destination.objects), Masking(made)
        refresh = await masked_record(made, masking)
        await refresh.until_arrived(0, refresh.steps[0].take, made)
        for _ in range(lost):
            outcome = await refresh.steps[1].take(refresh.task(1), made.tools)
            assert not isinstance(outcome, Arrived)
            refresh.after[1] = outcome.after or refresh.after.get(1, {})
            masking.play()
        await refresh.steps[1].take(refresh.task(1), made.tools)
        after = await another_process(made)

        if back:
            await refresh.roll_back(after)
            assert made.destination.objects == before
        else:
            await refresh.take(after)
            await refresh.verify(after)
            assert unmasked(made.destination) == []
        assert len(masking.ran) <= 1
        await after.close()


async def test_the_number_of_writes_is_the_one_that_is_tried() -> None:
    dying = started(0, False)
    async with bench(dying) as made:
        await (await masked_record(made, Masking(made))).take(made)

        assert dying.count == WRITES_OF_ALL


async def test_that_another_store_has_no_such_index_settles_nothing() -> None:
    async with bench(staging()) as made, serving(FakeS3().answer) as elsewhere:
        made.configure(copies="AfterJob")
        job = Masking(made)
        job.how = ""
        refresh = await masked_record(made, job)
        await refresh.waits_after(job.jobs, made)
        made.addresses = {**made.addresses, "staging": elsewhere}
        made.configure(copies="AfterJob")

        for at, step in enumerate(refresh.steps[:2]):
            for ask in step.is_settled, step.verify_rollback:
                with pytest.raises(ChangedUnderneath):
                    await ask(refresh.task(at), made.tools)
        assert unmasked(made.destination)
