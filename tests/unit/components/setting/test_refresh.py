"""What brings staging's value where production's is."""

from dataclasses import replace

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.drift.facts import Seen
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.kubernetes.write.field_patch import Restart, SetAnnotation, SetVariable
from support.kinds.builders import (
    NOW,
    PRODUCTION,
    STAGING,
    World,
    config_map,
    environment,
    sides,
    workload,
)
from support.kinds.snapshots import (
    LOADER,
    NEW,
    OLD,
    TRAINER,
    VARIABLE,
    entry,
    loader,
    look,
    plan,
    snapshots,
    trainer,
)


def test_a_refresh_loads_writes_and_restarts_in_this_order() -> None:
    given = entry({"value": "masked/{value}"}, used_by=[TRAINER], load=LOADER)
    world = snapshots().add(trainer(PRODUCTION), trainer(STAGING), loader())

    load, write, restart = plan(world, given)

    assert isinstance(load, RunLoader)
    assert (load.namespace, load.cron_job, load.value, load.former, load.timeout) == (
        STAGING,
        "load",
        f"masked/{NEW}",
        OLD,
        90.0,
    )
    assert isinstance(write, SetConfigMapKey)
    assert (write.namespace, write.name, write.key, write.value) == (
        STAGING,
        "training-data",
        "snapshot",
        f"masked/{NEW}",
    )
    assert isinstance(restart, PatchWorkload)
    assert (restart.namespace, restart.name, restart.fields) == (STAGING, "trainer", (Restart(),))


def test_a_key_that_staging_does_not_have_yet_is_written() -> None:
    load, write = plan(snapshots(staging=None).add(loader()), entry(load=LOADER))

    assert isinstance(load, RunLoader)
    assert load.former is None
    assert isinstance(write, SetConfigMapKey)


def test_only_the_late_pods_are_restarted_where_the_value_is_right() -> None:
    world = snapshots(NEW, NEW, changed=NOW - 50).add(trainer(PRODUCTION), trainer(STAGING))

    (step,) = plan(world, entry(used_by=[TRAINER], load=LOADER))

    assert isinstance(step, PatchWorkload)
    assert step.fields == (Restart(),)


def test_a_cron_job_that_uses_the_value_is_not_restarted() -> None:
    job = {"kind": "CronJob", "name": "trainer"}
    jobs = [workload("trainer", side, "CronJob") for side in (PRODUCTION, STAGING)]

    steps = plan(snapshots().add(*jobs), entry(used_by=[job]))

    assert [type(step) for step in steps] == [SetConfigMapKey]


def test_a_variable_and_the_restart_of_its_own_workload_are_one_rollout() -> None:
    given = entry(place={"variable": VARIABLE}, used_by=[TRAINER])
    world = World().add(
        trainer(PRODUCTION, EMBEDDING_URL="new"), trainer(STAGING, EMBEDDING_URL="old")
    )

    (step,) = plan(world, given)

    assert isinstance(step, PatchWorkload)
    assert step.fields == (SetVariable("app", "EMBEDDING_URL", "new"),)


def test_an_annotation_is_set_and_its_users_restarted() -> None:
    place = {"annotation": {**TRAINER, "key": "example.com/snapshot"}}
    world = World().add(
        workload("trainer", annotations={"example.com/snapshot": NEW}),
        workload("trainer", STAGING),
    )

    (step,) = plan(world, entry(place=place, used_by=[TRAINER]))

    assert isinstance(step, PatchWorkload)
    assert step.fields == (SetAnnotation("example.com/snapshot", NEW), Restart())


@pytest.mark.parametrize("text", ["$(HOST)", "pa$$word"])
@pytest.mark.parametrize("by", ["variable", "loader"])
def test_what_kubernetes_would_expand_is_not_written_into_a_variable(text: str, by: str) -> None:
    if by == "variable":
        given = entry(place={"variable": VARIABLE})
        world = World().add(
            trainer(PRODUCTION, EMBEDDING_URL=text), trainer(STAGING, EMBEDDING_URL="old")
        )
    else:
        given, world = entry(load=LOADER), snapshots(text).add(loader())

    with pytest.raises(CannotRefresh) as refused:
        plan(world, given)

    assert refused.value.reason == "NotComparable"


def test_what_kubernetes_would_expand_is_written_where_it_does_not() -> None:
    (write,) = plan(snapshots("$(HOST)"), entry())

    assert isinstance(write, SetConfigMapKey)
    assert write.value == "$(HOST)"


@pytest.mark.parametrize("side", ["production", "staging"])
def test_what_is_not_readable_is_never_written(side: str) -> None:
    half = sides(
        environment(readable={}) if side == "production" else None,
        environment("Staging", readable={}) if side == "staging" else None,
    )

    with pytest.raises(CannotRefresh) as refused:
        plan(snapshots(), entry(), half)

    assert refused.value.reason == "NotReadable"
    assert refused.value.message == (
        f'ConfigMap training-data is not listed in readable.configMaps of environment "{side}"; '
        "its values are compared, but neither shown nor copied."
    )


@pytest.mark.parametrize(
    ("world", "missing"),
    [
        (snapshots(), "CronJob ml-staging/load"),
        (
            snapshots().add(workload("load", STAGING, "CronJob")),
            "container load of CronJob ml-staging/load",
        ),
        (
            World().add(config_map({"snapshot": NEW}), loader()),
            "ConfigMap ml-staging/training-data",
        ),
    ],
)
def test_what_a_refresh_uses_but_does_not_make_must_be_there(world: World, missing: str) -> None:
    with pytest.raises(CannotRefresh) as refused:
        plan(world, entry(load=LOADER))

    assert refused.value.reason == "NotThere"
    assert missing in refused.value.message


def test_an_immutable_config_map_is_left_with_what_to_do() -> None:
    world = snapshots()
    key = (STAGING, "training-data")
    world.config_maps[key] = replace(world.config_maps[key], immutable=True)

    with pytest.raises(CannotRefresh, match="set mode: Report") as refused:
        plan(world, entry())

    assert refused.value.reason == "Immutable"


def test_a_variable_that_stands_twice_is_compared_by_its_last_and_not_written() -> None:
    given = entry(place={"variable": VARIABLE})
    theirs, ours = (
        trainer(n, EMBEDDING_URL=value) for n, value in ((PRODUCTION, "b"), (STAGING, "a"))
    )
    twice = replace(ours.containers["app"], repeated=frozenset({"EMBEDDING_URL"}))
    world = World().add(theirs, replace(ours, containers={"app": twice}))

    with pytest.raises(CannotRefresh, match="more than once in env of container app") as refused:
        plan(world, given)

    assert refused.value.reason == "Ambiguous"


def test_a_missing_loader_is_told_before_it_is_needed() -> None:
    seen = look(snapshots(NEW, NEW), entry(load=LOADER), "staging")

    assert isinstance(seen, Seen)
    assert seen.findings == ("CronJob ml-staging/load is not there: a refresh cannot load.",)


def test_staging_may_have_its_value_in_another_place() -> None:
    given = entry({"variable": VARIABLE, "usedBy": []})
    world = World().add(config_map({"snapshot": NEW}), trainer(STAGING, EMBEDDING_URL=OLD))

    (step,) = plan(world, given)

    assert isinstance(step, PatchWorkload)
    assert step.fields == (SetVariable("app", "EMBEDDING_URL", NEW),)


@pytest.mark.parametrize("loads", ["", "BASH_ENV"])
def test_a_cron_job_that_is_not_labelled_for_the_variable_does_not_load(loads: str) -> None:
    world = snapshots().add(replace(loader(), loads=loads))

    with pytest.raises(CannotRefresh) as refused:
        plan(world, entry(load=LOADER))

    assert refused.value.reason == "NotALoader"
    assert "stagingmirror.dev/loader: SNAPSHOT" in refused.value.message
    seen = look(world, entry(load=LOADER), "staging")
    assert isinstance(seen, Seen)
    assert "does not carry the label" in seen.findings[0]
