"""What brings production's model into staging."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.drift.facts import Absent, Fact, Seen
from stagingmirror.drift.steps import Produced
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.kubernetes.subjects import WorkloadField
from stagingmirror.sources.kubernetes.write.field_patch import Restart, SetVariable
from stagingmirror.sources.mlflow.subjects import RegistryAlias
from support.kinds.builders import NOW, container, proving, sides, version, workload
from support.kinds.fraud import (
    BY_RESTART,
    BY_VARIABLE,
    KIND,
    PRODUCTION,
    SHARED,
    STAGING,
    TWELVE,
    batch,
    both,
    entry,
    look,
    plan,
    registries,
    server,
)


def test_two_registries_copy_the_bytes_then_move_the_alias_then_patch() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "7"))

    copy, alias, patch = plan(world, entry(BY_VARIABLE))

    assert isinstance(copy, CopyModel)
    assert (copy.from_environment, copy.from_model, copy.from_version) == (
        "production",
        "fraud-detector",
        "12",
    )
    assert (copy.to_environment, copy.to_model) == ("staging", "fraud-detector")
    assert (copy.files, copy.size) == (2, len("twelve") + len("same"))
    assert isinstance(alias, MoveAlias)
    assert (alias.environment, alias.alias) == ("staging", "champion")
    assert alias.version == Produced(copy.id)
    assert isinstance(patch, PatchWorkload)
    assert (patch.namespace, patch.name) == (STAGING, "server")
    assert patch.fields == (SetVariable("app", "MODEL_VERSION", Produced(copy.id)),)


def test_a_uri_is_written_with_stagings_own_name_of_the_model() -> None:
    staging = {"model": "fraud-staging", "loadedBy": [{**BY_VARIABLE, "value": "URI"}]}
    world = (
        both(server(PRODUCTION, "12"), server(STAGING, "models:/fraud-staging/1"))
        .register("staging", version("1", "fraud-staging"))
        .alias("staging", "1", model="fraud-staging")
    )

    copy, _, patch = plan(world, entry(BY_VARIABLE, staging=staging))

    assert isinstance(patch, PatchWorkload)
    (write,) = patch.fields
    assert isinstance(write, SetVariable)
    assert write.value == Produced(copy.id, "models:/fraud-staging/{value}")


def test_one_registry_moves_the_alias_and_copies_nothing() -> None:
    given = entry(BY_VARIABLE, staging={"alias": "staging"})
    world = registries().add(server(PRODUCTION, "12"), server(STAGING, "11"))
    world.register("staging", version("11"), version("12"))
    world.alias("staging", "11", name="staging")

    alias, patch = plan(world, given, SHARED)

    assert isinstance(alias, MoveAlias)
    assert (alias.alias, alias.version) == ("staging", "12")
    assert isinstance(patch, PatchWorkload)
    assert patch.fields == (SetVariable("app", "MODEL_VERSION", "12"),)


def test_two_models_of_one_registry_need_a_copy_all_the_same() -> None:
    given = entry(staging={"model": "fraud-staging"})
    world = registries().register("staging", version("1", "fraud-staging", files={"m": "1"}))

    steps = plan(world.alias("staging", "1", model="fraud-staging"), given, SHARED)

    assert [type(step) for step in steps] == [CopyModel, MoveAlias]


def test_only_lagging_pods_need_no_copy() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "7"), alias="8")

    (patch,) = plan(world, entry(BY_VARIABLE))

    assert isinstance(patch, PatchWorkload)
    assert patch.fields == (SetVariable("app", "MODEL_VERSION", "8"),)


def test_only_a_lagging_alias_needs_no_copy_and_no_rollout() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "8"), alias="7")

    (alias,) = plan(world, entry(BY_VARIABLE))

    assert isinstance(alias, MoveAlias)
    assert alias.version == "8"


def test_equal_bytes_of_another_run_are_copied_for_their_provenance() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "8"), alias="8")
    world.register("staging", version("8", files=TWELVE, origin_run_id="other"))

    assert isinstance(plan(world, entry(BY_VARIABLE))[0], CopyModel)


def test_a_workload_that_reads_the_alias_is_restarted() -> None:
    world = registries().add(batch(PRODUCTION), batch(STAGING))

    _, _, patch = plan(world, entry(BY_RESTART))

    assert isinstance(patch, PatchWorkload)
    assert patch.fields == (Restart(),)


def test_only_late_pods_are_restarted_where_the_alias_is_right() -> None:
    world = registries().alias("staging", "8", moved=NOW - 10, unmoved=NOW - 40)

    (patch,) = plan(world.add(batch(PRODUCTION), batch(STAGING)), entry(BY_RESTART))

    assert isinstance(patch, PatchWorkload)
    assert patch.fields == (Restart(),)


def test_a_cron_job_that_reads_the_alias_is_not_restarted() -> None:
    job = {**BY_RESTART, "kind": "CronJob"}
    jobs = [workload("batch", side, "CronJob") for side in (PRODUCTION, STAGING)]

    steps = plan(registries().add(*jobs), entry(job))

    assert [type(step) for step in steps] == [CopyModel, MoveAlias]


def test_an_alias_that_staging_does_not_have_yet_is_made() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "7"))
    world.aliases.pop(("staging", "fraud-detector", "champion"))

    assert isinstance(look(world, entry(BY_VARIABLE), "staging"), Absent)
    assert [type(step) for step in plan(world, entry(BY_VARIABLE))] == [
        CopyModel,
        MoveAlias,
        PatchWorkload,
    ]


def test_a_variable_that_staging_does_not_have_yet_is_added() -> None:
    world = both(
        server(PRODUCTION, "12"), server(STAGING, containers={"app": container()}), alias="8"
    )

    (patch,) = plan(world, entry(BY_VARIABLE))

    assert isinstance(patch, PatchWorkload)
    assert patch.fields == (SetVariable("app", "MODEL_VERSION", "8"),)


@pytest.mark.parametrize(
    "there", [[], [server(STAGING, "7", containers={})]], ids=["no workload", "no container"]
)
def test_a_refresh_makes_neither_workloads_nor_containers(there: list[Any]) -> None:
    with pytest.raises(CannotRefresh) as refused:
        plan(registries().add(server(PRODUCTION, "12"), *there), entry(BY_VARIABLE))

    assert refused.value.reason == "NotThere"


def test_staging_that_was_not_seen_is_left_alone() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "7", "8"))

    with pytest.raises(CannotRefresh) as refused:
        plan(world, entry(BY_VARIABLE))

    assert refused.value.reason == "PodsDiffer"


def test_bytes_that_changed_after_they_were_judged_are_not_copied() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "7"))
    production = look(world, entry(BY_VARIABLE))
    assert isinstance(production, Seen)
    judged = replace(production, facts={**production.facts, "contentHash": Fact("sha256:other")})

    staging = look(world, entry(BY_VARIABLE), "staging")

    with pytest.raises(CannotRefresh) as refused:
        KIND.plan(entry(BY_VARIABLE), sides(), judged, staging, world)

    assert refused.value.reason == "ChangedUnderneath"


def test_a_namespace_of_loaded_by_must_be_listed() -> None:
    elsewhere = {**BY_VARIABLE, "namespace": "kube-system"}

    why = KIND.problems(entry(elsewhere), sides(), proving(False))

    assert why is not None
    assert why.reason == "NamespaceNotListed"


def test_it_writes_stagings_alias_and_variables_and_names_productions_alias() -> None:
    given = entry(BY_VARIABLE, BY_RESTART, staging={"alias": "live"})

    assert KIND.writes(given, sides()) == {
        RegistryAlias("staging", "fraud-detector", "live"),
        WorkloadField("Deployment", STAGING, "server", "variable MODEL_VERSION of app"),
    }
    assert KIND.production_places(given, sides()) == {
        RegistryAlias("production", "fraud-detector", "champion")
    }
