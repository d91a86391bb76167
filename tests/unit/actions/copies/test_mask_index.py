"""A restored index is masked before anything may name it, with stores and an API server on the
wire.
"""

from dataclasses import replace

import pytest

from stagingmirror.actions.step import Underway
from stagingmirror.engine.environments.former_stores import with_former_stores
from stagingmirror.errors import NotAnswered, StagingMirrorError
from stagingmirror.sources.index.files.writer import FilesWriter
from support.index.masking import (
    masked_record,
    masking,
    unmasked,
)
from support.index.restoring import (
    environment,
    served,
)


async def test_what_is_served_was_masked_and_nothing_unmasked_is_left() -> None:
    async with masking() as (made, job):
        refresh = await masked_record(made, job)
        await refresh.take(made)
        await refresh.verify(made)

        (ran,) = job.ran
        assert ran.startswith("smir-unmasked-")
        assert served(made.destination).startswith("b2-")
        assert unmasked(made.destination) == []


async def test_an_alias_names_nothing_before_the_job_has_ended() -> None:
    async with masking() as (made, job):
        job.how = ""
        refresh = await masked_record(made, job)
        await refresh.waits_after(job.jobs, made)

        assert len(job.jobs()) == 1
        assert served(made.destination) == "b1"
        assert all("b2-" not in key for key in made.destination.objects)


async def test_the_mark_holds_what_is_served_and_not_what_was_restored() -> None:
    async with masking() as (made, job):
        refresh = await masked_record(made, job)
        await refresh.take(made)
        writer = made.indexes.writer("staging", "vectors", proven=True)
        production = made.indexes.reader("production", "vectors")
        mark = (await writer.facts(served(made.destination))).mark

        assert mark is not None
        assert mark.masked
        assert mark.documents == 30
        theirs = await production.sample("b2", ("index.faiss",))
        ours = await writer.sample(served(made.destination), ("index.faiss",))
        assert theirs != ours
        assert mark.sample


async def test_an_index_that_is_edited_once_it_is_masked_is_not_verified() -> None:
    async with masking() as (made, job):
        refresh = await masked_record(made, job)
        await refresh.take(made)
        made.destination.objects[f"idx/{served(made.destination)}/index.faiss"] += b"x"
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.verify(made)

        assert raised.value.reason == "IndexDiffers"


async def test_a_pod_that_writes_the_unmasked_index_anew_is_found() -> None:
    async with masking() as (made, job):
        refresh = await masked_record(made, job)
        await refresh.take(made)
        made.destination.objects[f"idx/{job.ran[0]}/index.faiss"] = b"late"
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.verify(made)

        assert raised.value.reason == "NotMasked"


@pytest.mark.parametrize(
    ("how", "masks", "reason"),
    [
        ("Failed", True, "MaskingFailed"),
        ("Failed", False, "MaskingFailed"),
        ("Complete", False, "NotMasked"),
    ],
)
async def test_an_index_whose_job_failed_or_wrote_nothing_is_removed(
    how: str, masks: bool, reason: str
) -> None:
    async with masking() as (made, job):
        before = dict(made.destination.objects)
        job.how, job.masks = how, masks
        refresh = await masked_record(made, job)
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.take(made)
        assert raised.value.reason == reason
        assert raised.value.next.take == "roll back"

        await refresh.roll_back(made)

        assert made.destination.objects == before


@pytest.mark.parametrize("suspended", [False, True])
async def test_a_job_that_does_not_end_is_ended_and_its_index_removed(suspended: bool) -> None:
    async with masking() as (made, job):
        before, now = dict(made.destination.objects), made.tools.clock()
        job.how = ""
        refresh = await masked_record(made, job)
        await refresh.waits_after(job.jobs, made)
        (body,) = job.jobs()
        body["spec"]["suspend"] = suspended
        made.tools = replace(made.tools, clock=lambda: now + 200)
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.take(made)
        assert raised.value.reason == "MaskingFailed"

        await refresh.roll_back(made)

        assert job.jobs() == []
        assert made.destination.objects == before


async def test_what_is_removed_is_removed_after_the_last_pod_of_the_job() -> None:
    async with masking() as (made, job):
        job.how = ""
        refresh = await masked_record(made, job)
        await refresh.waits_after(job.jobs, made)
        (body,) = job.jobs()
        name = body["metadata"]["name"]
        pod = {"metadata": {"labels": {"job-name": name}}, "status": {"phase": "Running"}}
        made.wire.put(f"/api/v1/namespaces/ml-masking/pods/{name}-x", pod)

        outcome = await refresh.steps[1].roll_back(refresh.task(1), made.tools)
        assert isinstance(outcome, Underway)
        assert f"{name}-x" in outcome.message
        assert unmasked(made.destination)

        del made.wire.objects[f"/api/v1/namespaces/ml-masking/pods/{name}-x"]
        await refresh.roll_back(made)
        assert unmasked(made.destination) == []


@pytest.mark.parametrize("untold", [1, 2])
async def test_what_the_store_does_not_tell_once_is_not_taken_for_the_jobs_work(
    monkeypatch: pytest.MonkeyPatch, untold: int
) -> None:
    """Before the job, and after it."""
    async with masking() as (made, job):
        job.masks, tried, real = False, 0, FilesWriter.version

        async def version(self: FilesWriter, target: str) -> str | None:
            nonlocal tried
            tried += 1
            return None if tried == untold else await real(self, target)

        monkeypatch.setattr(FilesWriter, "version", version)
        refresh = await masked_record(made, job)
        if untold == 2:
            with pytest.raises(NotAnswered):
                await refresh.take(made)
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.take(made)

        assert raised.value.reason == "NotMasked"
        assert tried > untold


async def test_what_is_not_masked_is_removed_also_where_production_is_gone() -> None:
    async with masking() as (made, job):
        before = dict(made.destination.objects)
        job.how = "Failed"
        refresh = await masked_record(made, job)
        with pytest.raises(StagingMirrorError):
            await refresh.take(made)
        made.indexes.configure({"staging": environment("Staging", made.addresses["staging"])}, {})

        await refresh.roll_back(made)

        assert made.destination.objects == before


async def test_what_cannot_be_removed_is_named() -> None:
    async with masking() as (made, job):
        job.how = "Failed"
        refresh = await masked_record(made, job)
        with pytest.raises(StagingMirrorError):
            await refresh.take(made)
        made.configure(name="renamed")

        for number, index in ((0, job.ran[0]), (1, refresh.before[1]["index"])):
            with pytest.raises(StagingMirrorError) as raised:
                await refresh.steps[number].roll_back(refresh.task(number), made.tools)
            assert raised.value.reason == "NoIndexStore"
            assert index in raised.value.message


async def test_a_store_that_is_renamed_meanwhile_keeps_nothing_unmasked() -> None:
    async with masking() as (made, job):
        before = dict(made.destination.objects)
        job.how = "Failed"
        refresh = await masked_record(made, job)
        with pytest.raises(StagingMirrorError):
            await refresh.take(made)
        address = made.addresses["staging"]
        now, former = (environment("Staging", address, name=n) for n in ("renamed", "vectors"))
        made.indexes.configure(with_former_stores({"staging": now}, {"staging": former}), {})

        await refresh.roll_back(made)

        assert made.destination.objects == before
