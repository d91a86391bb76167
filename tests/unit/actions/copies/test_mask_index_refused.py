"""What keeps a masking job from being run, with stores and an API server on the wire."""

from dataclasses import replace

import pytest

from stagingmirror.errors import StagingMirrorError
from support.index.masking import CRON_JOB, ENVIRONMENTS, JOBS, masked_record, masking, unmasked
from support.index.restoring import FIRST, builds, writes_to


async def test_a_job_that_is_not_there_is_found_before_anything_is_written() -> None:
    async with masking() as (made, job):
        del made.wire.objects[CRON_JOB]
        with pytest.raises(StagingMirrorError) as raised:
            await masked_record(made, job)

        assert raised.value.reason == "NotThere"
        assert writes_to(made.destination) == []
        assert made.wire.calls == []


async def test_a_job_that_vanishes_while_the_index_is_restored_removes_it() -> None:
    async with masking() as (made, job):
        before = dict(made.destination.objects)
        refresh = await masked_record(made, job)
        del made.wire.objects[CRON_JOB]
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.take(made)
        assert raised.value.reason == "NotThere"

        await refresh.roll_back(made)

        assert made.destination.objects == before


@pytest.mark.parametrize("field", ["namespaces", "usableFrom"])
async def test_a_job_in_the_namespace_of_a_team_is_refused_whichever_environment_lists_it(
    field: str,
) -> None:
    async with masking() as (made, job):
        made.wire.put(f"{ENVIRONMENTS}/another", {"spec": {field: ["ml-masking"]}})
        with pytest.raises(StagingMirrorError) as raised:
            await masked_record(made, job)

        assert raised.value.reason == "NamespaceOfATeam"
        assert writes_to(made.destination) == []


async def test_a_namespace_that_a_team_gets_while_the_index_is_restored_starts_no_job() -> None:
    async with masking() as (made, job):
        refresh = await masked_record(made, job)
        made.wire.put(f"{ENVIRONMENTS}/another", {"spec": {"usableFrom": ["ml-masking"]}})
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.take(made)

        assert raised.value.reason == "NamespaceOfATeam"
        assert job.jobs() == []


async def test_copies_that_may_only_be_masked_are_not_begun_without() -> None:
    async with masking() as (made, _):
        step = await made.step(masked=False)
        before = await step.survey("r1", made.tools)
        with pytest.raises(StagingMirrorError) as raised:
            await step.copy(replace(FIRST, before=before), made.tools, lambda done, total: None)

        assert raised.value.reason == "EnvironmentRevoked"
        assert writes_to(made.destination) == []


async def test_a_job_runs_on_what_may_be_copied_without_one_as_well() -> None:
    async with masking(copies="Allowed") as (made, job):
        refresh = await masked_record(made, job)
        await refresh.take(made)

        assert len(job.ran) == 1
        assert unmasked(made.destination) == []


async def test_copies_that_are_withdrawn_start_no_job() -> None:
    async with masking() as (made, job):
        refresh = await masked_record(made, job)
        refresh.steps, steps = refresh.steps[:1], refresh.steps
        await refresh.take(made)
        refresh.steps = steps
        made.configure(copies="Never")
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.take(made)

        assert raised.value.reason == "EnvironmentRevoked"
        assert not [each for each in made.wire.calls if each.startswith(f"POST {JOBS}")]
        assert builds(made.destination) == {"b1", refresh.before[0]["index"]}
