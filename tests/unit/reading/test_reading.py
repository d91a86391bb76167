"""How kinds read the view: ages, doubts, and what pods prove."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.api.spec.references import WorkloadReference
from stagingmirror.drift.facts import Absent, Unseen, Why
from stagingmirror.errors import CannotRefresh
from stagingmirror.reading.images import Reference, digest_of
from stagingmirror.reading.patches import needed, patches
from stagingmirror.reading.places import workload_of
from stagingmirror.reading.reading import Ended, Reading
from stagingmirror.reading.running import pods_that_count, pods_that_ran, variable_of
from stagingmirror.sources.kubernetes.subjects import (
    OWN,
    ConfigMapSubject,
    Variable,
    WorkloadSubject,
)
from stagingmirror.sources.kubernetes.write.field_patch import Restart, SetVariable
from support.kinds.builders import (
    DIGEST_A,
    NOW,
    PRODUCTION,
    STAGING,
    World,
    config_map,
    container,
    pod,
    sides,
    workload,
)


def reading(world: World | None = None) -> Reading:
    return Reading(world or World(), NOW)


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest"),
    [
        ("features", "features", None, None),
        ("features:1.2", "features", "1.2", None),
        ("host:5000/team/features", "host:5000/team/features", None, None),
        ("host:5000/features:1.2", "host:5000/features", "1.2", None),
        (f"host:5000/features@{DIGEST_A}", "host:5000/features", None, DIGEST_A),
        (f"features:1.2@{DIGEST_A}", "features", "1.2", DIGEST_A),
    ],
)
def test_an_image_reference_is_taken_apart_and_put_together_again(
    text: str, repository: str, tag: str | None, digest: str | None
) -> None:
    reference = Reference.parse(text)

    assert reference == Reference(repository, tag, digest)
    assert str(reference) == text


@given(st.text())
def test_any_text_of_a_template_can_be_taken_apart(text: str) -> None:
    Reference.parse(text)
    digest_of(text)


@pytest.mark.parametrize(
    ("image_id", "digest"),
    [
        (f"registry.example/features@{DIGEST_A}", (DIGEST_A, True)),
        (f"docker-pullable://features@{DIGEST_A}", (DIGEST_A, True)),
        (DIGEST_A, (DIGEST_A, False)),
        (f"docker://{DIGEST_A}", (DIGEST_A, False)),
        ("", None),
        ("features:1.2", None),
        ("features@", None),
    ],
)
def test_a_node_reports_a_digest_in_several_forms(
    image_id: str, digest: tuple[str, bool] | None
) -> None:
    assert digest_of(image_id) == digest


def test_an_observation_is_as_old_as_its_oldest_look() -> None:
    world = World().add(workload(), config_map({"snapshot": "1"}))
    world.older["features"] = NOW - 90
    look = reading(world)

    look.get(WorkloadSubject(OWN, "Deployment", PRODUCTION, "features"))
    look.get(ConfigMapSubject(OWN, PRODUCTION, "training-data"))

    assert look.seen({}).began == NOW - 90


def test_doubt_about_an_older_answer_is_kept() -> None:
    world = World().add(workload())
    world.trouble = Why("NotAnswered", "timed out.")
    look = reading(world)

    look.get(WorkloadSubject(OWN, "Deployment", PRODUCTION, "features"))

    assert look.seen({}).trouble == world.trouble
    assert look.absent("it").observation == Absent("it", world.began, world.trouble)


def test_what_never_answered_is_unseen_and_what_is_proven_gone_is_absent() -> None:
    world = World()
    with pytest.raises(Ended) as gone:
        reading(world).get(WorkloadSubject(OWN, "Deployment", PRODUCTION, "features"))
    world.silent.add("features")
    with pytest.raises(Ended) as silent:
        reading(world).get(WorkloadSubject(OWN, "Deployment", PRODUCTION, "features"))

    assert gone.value.observation == Absent("Deployment ml-prod/features", world.began)
    assert isinstance(silent.value.observation, Unseen)


def test_only_ready_pods_that_do_not_end_prove_what_runs() -> None:
    good = pod(container())
    pods = (good, pod(container(), ready=False), pod(container(), terminating=True))

    assert pods_that_count(reading(), workload(pods=pods)) == (good,)


def test_pods_of_which_none_is_ready_prove_nothing() -> None:
    with pytest.raises(Ended) as ended:
        pods_that_count(reading(), workload(pods=(pod(ready=False),)))

    assert ended.value.why.reason == "NothingRuns"


def test_of_a_cron_jobs_finished_pods_those_count_in_which_the_container_ran() -> None:
    ran, never_started = (pod(container(), digest=d, ready=False) for d in ("sha256:aa", None))
    job = workload(kind="CronJob", pods=(ran, never_started))

    assert pods_that_ran(reading(), job, "app") == (ran,)


def test_a_cron_job_whose_container_never_started_proves_nothing() -> None:
    pinned = container("registry.example/app@sha256:aa", {"V": "1"})
    job = workload(kind="CronJob", containers={"app": pinned}, pods=(pod(pinned, ready=False),) * 2)

    for look in (
        lambda: pods_that_ran(reading(), job, "app"),
        lambda: variable_of(reading(), job, "app", "V"),
    ):
        with pytest.raises(Ended) as ended:
            look()
        assert ended.value.why.reason == "NothingRuns"


def test_a_pod_of_a_job_whose_container_never_ran_proves_nothing() -> None:
    died = pod(container(variables={"V": "1"}), ready=False)
    ran = pod(container(variables={"V": "1"}), ready=False, digest="sha256:aa")

    template = {"app": container(variables={"V": "1"})}
    failed = workload(kind="CronJob", containers=template, pods=(died,))

    with pytest.raises(Ended) as ended:
        variable_of(reading(), failed, "app", "V")
    assert isinstance(ended.value.observation, Unseen)
    assert ended.value.observation.why.reason == "NothingRuns"
    assert pods_that_ran(reading(), workload(kind="CronJob", pods=(died, ran)), "app") == (ran,)


def test_a_variable_is_what_the_pods_were_started_with_not_what_the_template_says() -> None:
    running = workload(
        containers={"app": container(variables={"V": "new"})},
        pods=(pod(container(variables={"V": "old"})),),
    )

    ran = variable_of(reading(), running, "app", "V")

    assert (ran.variable.value, ran.declared) == ("old", False)


def test_without_any_pod_the_template_only_declares_a_variable() -> None:
    idle = workload(containers={"app": container(variables={"V": "new"})})

    ran = variable_of(reading(), idle, "app", "V")

    assert (ran.variable.value, ran.declared) == ("new", True)


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        (
            workload(
                containers={"app": container()},
                pods=(pod(container(variables={"V": "1"})), pod(container(variables={"V": "2"}))),
            ),
            "PodsDiffer",
        ),
        (workload(containers={"app": container()}, rolling_out=True), "RollingOut"),
        (workload(containers={"app": container(env_from=True)}), "NotComparable"),
        (workload(containers={"app": container()}), "NotThere"),
        (workload(), "NotThere"),
    ],
)
def test_a_variable_that_is_not_one_value_is_told_as_what_it_is(
    spoiled: object, reason: str
) -> None:
    with pytest.raises(Ended) as ended:
        variable_of(reading(), spoiled, "app", "V")  # type: ignore[arg-type]  # a table of them

    assert ended.value.why.reason == reason


def test_a_reference_of_staging_never_leaves_the_mirrors_namespace() -> None:
    reference = WorkloadReference(kind="Deployment", name="features", namespace="ml-prod-eu")

    assert workload_of(reference, sides().production).namespace == "ml-prod-eu"
    assert workload_of(reference, sides().staging).namespace == STAGING


def test_all_fields_of_a_workload_are_one_patch() -> None:
    one, two = (WorkloadSubject(OWN, "Deployment", STAGING, name) for name in ("a", "b"))
    write = SetVariable("app", "V", "1")

    steps = patches("c", [(one, write), (two, Restart()), (one, Restart()), (one, write)])

    assert [(step.name, step.fields) for step in steps] == [
        ("a", (write, Restart())),
        ("b", (Restart(),)),
    ]
    assert len({step.id for step in steps}) == 2


def test_what_is_needed_and_not_there_is_named_with_the_remedy() -> None:
    with pytest.raises(CannotRefresh) as refused:
        needed(lambda: reading().get(WorkloadSubject(OWN, "CronJob", STAGING, "load")))

    assert refused.value.reason == "NotThere"
    assert "CronJob ml-staging/load is not there" in refused.value.message


def test_a_variable_of_a_secret_keeps_its_source() -> None:
    secret = Variable(None, "secretKeyRef")
    running = workload(
        containers={"app": container(variables={"V": secret})},
        pods=(pod(container(variables={"V": secret})),),
    )

    assert variable_of(reading(), running, "app", "V").variable == secret
