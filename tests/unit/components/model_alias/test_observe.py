"""What really runs of a registered model, and everything that points elsewhere."""

from typing import Any

import pytest

from stagingmirror.drift.facts import Absent, Seen, Unseen, Why
from stagingmirror.drift.verdict import Drifted, InSync
from stagingmirror.sources.kubernetes.subjects import Variable
from support.kinds.builders import (
    NOW,
    World,
    container,
    environment,
    pod,
    sides,
    version,
)
from support.kinds.fraud import (
    BY_RESTART,
    BY_VARIABLE,
    ELEVEN,
    PRODUCTION,
    STAGING,
    TWELVE,
    batch,
    both,
    differing,
    entry,
    look,
    registries,
    server,
    verdict,
)


def values(seen: object) -> dict[str, str]:
    assert isinstance(seen, Seen), seen
    return {name: fact.value for name, fact in seen.facts.items()}


def test_without_loaded_by_only_the_alias_is_told_and_everything_is_declared() -> None:
    seen = look(registries(), entry())

    assert isinstance(seen, Seen)
    assert all(fact.declared for fact in seen.facts.values() if fact.compared)
    assert seen.facts["version"].declared
    assert seen.findings == (
        "production: the alias champion names version 12; what runs is not known (no loadedBy).",
    )


def test_the_version_that_runs_counts_not_the_one_that_the_alias_names() -> None:
    world = registries().add(server(PRODUCTION, "11"))

    seen = look(world, entry(BY_VARIABLE))

    assert isinstance(seen, Seen)
    assert values(seen)["version"] == "11"
    assert not seen.facts["version"].declared
    assert values(seen)["runId"] == "run-11"
    assert not seen.facts["contentHash"].declared
    assert "the alias champion names version 12, but other versions run" in seen.findings[0]


def test_a_difference_names_the_files() -> None:
    judged = verdict(both(server(PRODUCTION, "12"), server(STAGING, "7")), entry(BY_VARIABLE))

    assert isinstance(judged, Drifted)
    assert [each.fact for each in judged.differences] == [
        "contentHash",
        "contentHash/model.skops",
        "parameters.max_depth",
        "runId",
    ]


def test_equal_versions_are_in_sync_whatever_their_numbers() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "8"), alias="8")

    assert isinstance(verdict(world, entry(BY_VARIABLE)), InSync)


def test_stagings_alias_that_does_not_name_what_runs_is_drift() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "8"), alias="7")

    assert differing(world, entry(BY_VARIABLE)) == {"aliasNames"}


def test_a_workload_of_staging_that_runs_another_version_is_named() -> None:
    other = {**BY_VARIABLE, "name": "other"}
    world = both(server(PRODUCTION, "12"), server(STAGING, "8"), alias="8").add(
        server(PRODUCTION, "12", name="other"), server(STAGING, "7", name="other")
    )

    assert differing(world, entry(BY_VARIABLE, other)) == {"loadedBy.Deployment/other"}


def test_workloads_of_production_that_run_different_versions_are_no_answer() -> None:
    other = {**BY_VARIABLE, "name": "other"}
    world = registries().add(server(PRODUCTION, "12"), server(PRODUCTION, "11", name="other"))

    seen = look(world, entry(BY_VARIABLE, other))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "VersionsDiffer"
    assert "Deployment ml-prod/server version 12" in seen.why.message
    assert "Deployment ml-prod/other version 11" in seen.why.message


@pytest.mark.parametrize(
    ("workload", "reason"),
    [
        (server(PRODUCTION, "11", "12"), "PodsDiffer"),
        (server(PRODUCTION, "12", rolling_out=True), "RollingOut"),
        (server(PRODUCTION, pods=(pod(ready=False),)), "NothingRuns"),
        (server(PRODUCTION, "s3://bucket/model"), "NotComparable"),
        (server(PRODUCTION, "models:/fraud-detector/Production"), "NotComparable"),
        (server(PRODUCTION, "hunter2"), "NotComparable"),
    ],
)
def test_what_does_not_tell_one_version_is_no_answer(workload: Any, reason: str) -> None:
    seen = look(registries().add(workload), entry(BY_VARIABLE))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == reason
    assert "hunter2" not in seen.why.message


@pytest.mark.parametrize("source", ["secretKeyRef", "configMapKeyRef", "fieldRef"])
def test_a_variable_that_does_not_hold_its_value_is_not_comparable(source: Any) -> None:
    app = container(variables={"MODEL_VERSION": Variable(None, source)})
    world = registries().add(server(PRODUCTION, containers={"app": app}, pods=(pod(app),)))

    seen = look(world, entry(BY_VARIABLE))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotComparable"


def test_a_variable_that_no_admin_made_readable_is_not_told() -> None:
    around = sides(environment(readable={}))

    seen = look(registries().add(server(PRODUCTION, "12")), entry(BY_VARIABLE), around=around)

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotReadable"


@pytest.mark.parametrize("text", ["12", "012", " 12 ", "models:/fraud-detector/12"])
def test_a_version_is_read_as_a_number_or_a_uri(text: str) -> None:
    seen = look(registries().add(server(PRODUCTION, text)), entry(BY_VARIABLE))

    assert values(seen)["version"] == "12"


def test_another_model_in_the_uri_is_compared_by_its_bytes_and_told() -> None:
    world = registries().register("production", version("3", "other", files=ELEVEN))

    seen = look(world.add(server(PRODUCTION, "models:/other/3")), entry(BY_VARIABLE))

    assert values(seen)["model"] == "other"
    assert isinstance(seen, Seen)
    assert "names another registered model: other" in seen.findings[0]


def test_an_alias_in_the_uri_is_a_finding_since_it_can_change_under_its_name() -> None:
    world = registries().add(server(PRODUCTION, "models:/fraud-detector@champion"))

    seen = look(world, entry(BY_VARIABLE))

    assert isinstance(seen, Seen)
    assert seen.facts["contentHash"].declared
    assert "can change under its name" in seen.findings[0]


def test_without_any_pod_the_templates_version_is_declared() -> None:
    seen = look(registries().add(server(PRODUCTION)), entry(BY_VARIABLE))

    assert isinstance(seen, Seen)
    assert seen.facts["contentHash"].declared


def test_a_workload_that_started_after_the_alias_moved_is_proven_to_run_the_version() -> None:
    world = registries().alias("production", "12", moved=NOW - 500, unmoved=NOW - 530)

    seen = look(world.add(batch(PRODUCTION)), entry(BY_RESTART))

    assert isinstance(seen, Seen)
    assert not seen.facts["contentHash"].declared


@pytest.mark.parametrize(
    "span", [{"moved": NOW - 10}, {"moved": NOW - 10, "unmoved": NOW - 40}], ids=str
)
def test_staging_that_started_before_the_alias_moved_is_never_in_sync(span: Any) -> None:
    world = registries().alias("staging", "8", **span).add(batch(PRODUCTION), batch(STAGING))

    assert differing(world, entry(BY_RESTART)) == {"loadedBy.Deployment/batch"}


def test_staging_that_started_before_its_version_was_there_is_never_in_sync() -> None:
    world = registries("8").register("staging", version("8", files=TWELVE, created=NOW - 10))

    late = differing(world.add(batch(PRODUCTION), batch(STAGING)), entry(BY_RESTART))

    assert late == {"loadedBy.Deployment/batch"}


def test_a_version_made_in_the_midst_of_the_move_was_not_loaded_before() -> None:
    world = registries().register("staging", version("8", files=TWELVE, created=NOW - 80))
    world.alias("staging", "8", moved=NOW - 5, unmoved=NOW - 200)

    late = differing(
        world.add(batch(PRODUCTION), batch(STAGING, started=NOW - 150)), entry(BY_RESTART)
    )

    assert late == {"loadedBy.Deployment/batch"}


def test_a_start_in_the_midst_of_the_move_proves_nothing() -> None:
    world = registries().alias("staging", "8", moved=NOW - 10, unmoved=NOW - 40)

    judged = verdict(
        world.add(batch(PRODUCTION), batch(STAGING, started=NOW - 20)), entry(BY_RESTART)
    )

    assert isinstance(judged, InSync)
    assert judged.declared


def test_production_that_started_before_its_alias_moved_runs_what_nobody_can_tell() -> None:
    world = registries().alias("production", "12", moved=NOW - 10)

    seen = look(world.add(batch(PRODUCTION)), entry(BY_RESTART))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotYetRunning"


@pytest.mark.parametrize(
    ("world", "what"),
    [
        (World(), 'alias "champion" of registered model "fraud-detector"'),
        (registries(), "Deployment ml-prod/server"),
        (
            registries().add(server(PRODUCTION, "12", containers={})),
            "container app of Deployment ml-prod/server",
        ),
        (
            registries().add(server(PRODUCTION, containers={"app": container()})),
            "variable MODEL_VERSION of container app of Deployment ml-prod/server",
        ),
        (registries().add(server(PRODUCTION, "99")), "version 99 of registered model"),
    ],
)
def test_what_is_missing_is_named(world: World, what: str) -> None:
    seen = look(world, entry(BY_VARIABLE))

    assert isinstance(seen, Absent)
    assert what in seen.what


def test_bytes_that_were_not_read_are_no_answer() -> None:
    why = Why("TooLarge", "version 12 has 60 GiB, more than maxBytes.")
    world = registries().register("production", version("12", content=Unseen(why, NOW - 5)))

    seen = look(world.add(server(PRODUCTION, "12")), entry(BY_VARIABLE))

    assert isinstance(seen, Unseen)
    assert seen.why == why


def test_a_container_with_whole_config_maps_may_have_the_variable_after_all() -> None:
    app = container(env_from=True)
    world = registries().add(server(PRODUCTION, containers={"app": app}, pods=(pod(app),)))

    seen = look(world, entry(BY_VARIABLE))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotComparable"


def test_staging_may_call_everything_otherwise() -> None:
    staging = {
        "model": "fraud-staging",
        "alias": "live",
        "loadedBy": [{**BY_VARIABLE, "name": "s"}],
    }
    given = entry(BY_VARIABLE, staging=staging)
    world = (
        registries()
        .register("staging", version("3", "fraud-staging", files=TWELVE))
        .alias("staging", "3", model="fraud-staging", name="live")
        .add(server(PRODUCTION, "12"), server(STAGING, "3", name="s"))
    )

    assert isinstance(verdict(world, given, sides(staging=environment("Staging"))), InSync)
