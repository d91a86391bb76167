"""Whether what pods were started with is what they run, and what an entry asks for."""

from dataclasses import replace

import pytest

from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.drift.facts import Absent, Observation, Seen, Unseen
from stagingmirror.sources.kubernetes.subjects import Variable
from stagingmirror.sources.kubernetes.write.field_patch import Restart
from stagingmirror.sources.mlflow.subjects import Renamed
from support.kinds.builders import NOW, World, container, content, environment, pod, sides, version
from support.kinds.fraud import (
    BY_VARIABLE,
    PRODUCTION,
    STAGING,
    TWELVE,
    both,
    differing,
    entry,
    look,
    plan,
    registries,
    server,
)

REBORN = NOW - 600


def proven_or_why(seen: Observation) -> str | None:
    """None: what it runs is proven; else the reason why nothing is seen."""
    if isinstance(seen, Unseen):
        return seen.why.reason
    assert isinstance(seen, Seen)
    assert not seen.facts["contentHash"].declared
    return None


@pytest.mark.parametrize(
    ("started", "model_created", "expected"),
    [
        (REBORN - 3600, REBORN, "NotYetRunning"),
        (REBORN - 31, REBORN - 90, "NotYetRunning"),
        (REBORN - 20, REBORN - 90, "ClockSkew"),
        (REBORN + 20, REBORN, "ClockSkew"),
        (REBORN + 40, REBORN, None),
        (REBORN + 20, REBORN - 90, None),
    ],
)
def test_a_pod_older_than_the_version_that_its_number_names_runs_a_former_one(
    started: float, model_created: float, expected: str | None
) -> None:
    app = container(variables={"MODEL_VERSION": "12"})
    running = server(PRODUCTION, "12", pods=(pod(app, started=started),))
    world = registries().register("production", version("12", files=TWELVE, created=REBORN))
    key = ("production", "fraud-detector", "champion")
    world.aliases[key] = replace(world.aliases[key], model_created=model_created)

    seen = look(world.add(running), entry(BY_VARIABLE))

    assert proven_or_why(seen) == expected


@pytest.mark.parametrize(
    ("started", "expected"),
    [
        (NOW - 800, "NotYetRunning"),
        (NOW - 645, "NotYetRunning"),
        (NOW - 605, "ClockSkew"),
        (NOW - 580, "ClockSkew"),
        (NOW - 560, None),
    ],
)
def test_a_number_is_that_of_the_model_that_had_the_name_when_a_pod_started(
    started: float, expected: str | None
) -> None:
    app = container(variables={"MODEL_VERSION": "12"})
    running = server(PRODUCTION, "12", pods=(pod(app, started=started),))
    world = registries()
    key = ("production", "fraud-detector", "champion")
    world.aliases[key] = replace(world.aliases[key], renamed=Renamed(NOW - 610, NOW - 600))

    seen = look(world.add(running), entry(BY_VARIABLE))

    assert proven_or_why(seen) == expected


def test_a_node_whose_clock_is_ahead_does_not_prove_that_a_pod_is_younger_than_its_version() -> (
    None
):
    app = container(variables={"MODEL_VERSION": "12"})
    older = replace(pod(app, started=REBORN - 3600 + 7200), created=REBORN - 3600)
    world = registries().register("production", version("12", files=TWELVE, created=REBORN))

    seen = look(world.add(server(PRODUCTION, "12", pods=(older,))), entry(BY_VARIABLE))

    assert isinstance(seen, Seen)
    assert seen.facts["contentHash"].declared


def test_the_measured_skew_of_the_registry_widens_the_margin() -> None:
    app = container(variables={"MODEL_VERSION": "12"})
    running = server(PRODUCTION, "12", pods=(pod(app, started=REBORN - 50),))
    late = version("12", files=TWELVE, created=REBORN, skew=20.0)

    seen = look(registries().register("production", late).add(running), entry(BY_VARIABLE))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "ClockSkew"


def test_what_a_version_in_a_variable_is_made_from_is_what_a_refresh_rests_on() -> None:
    text = Variable("12", "value", frozenset({"EMBEDDING_URL"}))
    app = container(variables={"MODEL_VERSION": text})
    running = server(PRODUCTION, containers={"app": app}, pods=(pod(app),))

    seen = look(registries().add(running), entry(BY_VARIABLE))

    assert isinstance(seen, Seen)
    assert seen.facts["version"].made_from == ("EMBEDDING_URL",)


def test_a_workload_of_staging_that_is_older_than_its_version_is_drift_and_is_restarted() -> None:
    reborn = version("8", files=TWELVE, created=NOW - 600)
    world = both(server(PRODUCTION, "12"), server(STAGING, "8"), alias="8")
    world.register("staging", reborn)

    assert differing(world, entry(BY_VARIABLE)) == {"loadedBy.Deployment/server"}
    (patch,) = plan(world, entry(BY_VARIABLE))
    assert isinstance(patch, PatchWorkload)
    assert patch.fields == (Restart(),)


@pytest.mark.parametrize(
    ("changed", "declared"), [(None, False), (NOW - 7200, False), (NOW - 600, True)]
)
def test_bytes_that_changed_under_a_running_version_are_not_proven_to_run(
    changed: float | None, declared: bool
) -> None:
    given = replace(content(TWELVE), changed=changed)
    world = registries().register("production", version("12", content=given))

    seen = look(world.add(server(PRODUCTION, "12")), entry(BY_VARIABLE))

    assert isinstance(seen, Seen)
    assert seen.facts["contentHash"].declared is declared
    assert (seen.facts["contentHash"].doubt is not None) is declared
    assert any("bytes of version 12 changed" in each for each in seen.findings) is declared


@pytest.mark.parametrize("tagged", [{}, {"date": ""}])
def test_a_snapshot_that_is_asked_for_and_production_does_not_have_is_said(
    tagged: dict[str, str],
) -> None:
    world = registries().register(
        "production", version("12", files=TWELVE, tags=tagged, dataset_inputs=("data@1",))
    )

    seen = look(world, entry(dataSnapshotTag="date"))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NothingToMirror"
    assert 'tag "date"' in seen.why.message


def test_a_snapshot_that_only_production_has_is_a_difference() -> None:
    tagged = version("12", files=TWELVE, tags={"date": "2026-11-20"})
    world = both(server(PRODUCTION, "12"), server(STAGING, "8"), alias="8")
    world.register("production", tagged)

    assert differing(world, entry(BY_VARIABLE, dataSnapshotTag="date")) == {"dataSnapshot"}


def test_what_is_not_there_names_the_workspace_that_was_asked() -> None:
    around = sides(environment(mlflow={"url": "http://mlflow:5000", "workspace": "team-a"}))

    seen = look(World(), entry(), around=around)

    assert isinstance(seen, Absent)
    assert 'in workspace "team-a"' in seen.what
