"""What is kept of Kubernetes' objects."""

import weakref
from datetime import UTC, datetime
from typing import Any

import pytest

from stagingmirror.sources.kubernetes.objects import entries, parse
from stagingmirror.sources.kubernetes.subjects import Variable
from support.kubernetes.cluster_bodies import (
    container,
    cron_job,
    deployment,
    job,
    pod,
    pod_spec,
    stateful_set,
)

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def test_a_status_that_only_got_a_new_version_is_no_news() -> None:
    before = parse.deployment(deployment(uid="u", version="1"))
    after = parse.deployment(deployment(uid="u", version="2"))

    assert before == after


def test_each_version_of_a_config_map_is_news_since_its_data_is_not_watched() -> None:
    def seen(version: str) -> entries.Versioned:
        metadata = {"uid": "u", "namespace": "ml", "name": "c", "resourceVersion": version}
        return parse.metadata_of({"metadata": metadata})

    assert seen("1") != seen("2")


@pytest.mark.parametrize(
    "how", [{"updated": 0}, {"generation": 2}, {"replicas": 3}, {"spec": pod_spec(container("b"))}]
)
def test_whatever_the_roll_up_needs_is_news(how: dict[str, Any]) -> None:
    assert parse.deployment(deployment(uid="u")) != parse.deployment(deployment(uid="u", **how))


def test_last_applied_configuration_is_dropped_and_other_annotations_are_kept() -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{…}", "team/data": "v3"}

    kept = parse.deployment(deployment(annotations=annotations)).annotations

    assert "kubectl.kubernetes.io/last-applied-configuration" not in kept
    assert kept["team/data"] == "v3"


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ({"name": "A", "value": "1"}, Variable("1")),
        ({"name": "A"}, Variable("")),
        ({"name": "A", "valueFrom": {"secretKeyRef": {}}}, Variable(None, "secretKeyRef")),
        ({"name": "A", "valueFrom": {"configMapKeyRef": {}}}, Variable(None, "configMapKeyRef")),
        ({"name": "A", "valueFrom": {"fieldRef": {}}}, Variable(None, "fieldRef")),
        ({"name": "A", "valueFrom": {"fileKeyRef": {}}}, Variable(None, "other")),
    ],
)
def test_a_variable_is_its_literal_value_or_where_it_comes_from(
    variable: dict[str, Any], expected: Variable
) -> None:
    body = deployment(spec=pod_spec(container(env=[variable])))

    assert parse.deployment(body).containers["app"].variables["A"] == expected


def test_of_a_variable_that_stands_twice_the_last_one_counts_and_it_is_known() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B"}, {"name": "A", "value": "2"}]

    found = parse.deployment(deployment(spec=pod_spec(container(env=env)))).containers["app"]

    assert found.variables["A"] == Variable("2")
    assert found.repeated == {"A"}


@pytest.mark.parametrize("rest", [{}, {"restartPolicy": "Always"}], ids=["init", "sidecar"])
def test_init_containers_are_containers(rest: dict[str, Any]) -> None:
    fetch = {"name": "fetch", "image": "fetch:1", "env": [{"name": "A", "value": "1"}], **rest}
    body = deployment(spec=pod_spec() | {"initContainers": [fetch]})

    assert parse.deployment(body).containers["fetch"].variables["A"] == Variable("1")


def test_a_pod_tells_when_any_of_its_containers_was_started_anew() -> None:
    body = pod(started="2025-01-01T00:00:00Z")
    again = {"name": "fetch", "state": {"terminated": {"startedAt": "2026-01-01T00:00:00Z"}}}
    body["status"]["initContainerStatuses"] = [again]

    found = parse.pod(body).pod

    assert found.restarted == NEW_YEAR
    assert found.started is not None
    assert found.started < NEW_YEAR


def test_variables_from_whole_config_maps_are_told_of() -> None:
    body = deployment(spec=pod_spec(container(envFrom=[{"configMapRef": {"name": "all"}}])))

    assert parse.deployment(body).containers["app"].env_from


def test_pods_of_one_template_share_their_containers() -> None:
    one, other = parse.pod(pod(name="a")), parse.pod(pod(name="b"))

    assert one.pod.containers is other.pod.containers


def test_a_pod_tells_what_runs_since_when() -> None:
    running = parse.pod(pod(image_id="r/app@sha256:ab", started="2026-01-01T00:00:00Z"))

    assert running.pod.image_ids == {"app": "r/app@sha256:ab"}
    assert running.pod.started == NEW_YEAR
    assert running.pod.ready


@pytest.mark.parametrize(
    "how", [{"ready": False}, {"ready": True, "terminating": True}, {"phase": "Failed", "ready": 0}]
)
def test_a_pod_is_not_ready(how: dict[str, Any]) -> None:
    assert not parse.pod(pod(**how)).pod.ready


def test_a_pod_that_succeeded_counts_as_ready_though_its_condition_says_no() -> None:
    assert parse.pod(pod(phase="Succeeded", ready=False)).pod.ready


def test_a_pod_that_has_not_started_reports_no_image() -> None:
    assert parse.pod(pod(image_id="")).pod.image_ids == {}


def test_a_job_matches_its_cron_job_only_where_it_runs_the_same() -> None:
    recipe = cron_job(spec=pod_spec(container(env=[{"name": "A", "value": "1"}])))
    same = job(recipe, spec=pod_spec(container(env=[{"name": "A", "value": "1"}])))
    other = job(recipe, spec=pod_spec(container(env=[{"name": "A", "value": "2"}])))

    current = parse.cron_job(recipe).current

    assert parse.job(same).template == current
    assert parse.job(other).template != current


def test_a_job_made_by_hand_from_a_cron_job_belongs_to_it_too() -> None:
    recipe = cron_job(uid="recipe")
    body = job(recipe)
    del body["metadata"]["ownerReferences"][0]["controller"]

    assert parse.job(body).owner == "recipe"


def test_a_failed_job_is_finished_and_a_suspended_one_is_not() -> None:
    failed, suspended = job(), job()
    failed["status"]["conditions"] = [
        {"type": "FailureTarget", "status": "True", "lastTransitionTime": "2025-01-01T00:00:00Z"},
        {"type": "Failed", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"},
    ]
    suspended["status"]["conditions"] = [{"type": "Suspended", "status": "True"}]

    assert parse.job(failed).finished == NEW_YEAR
    assert parse.job(suspended).finished is None


def test_a_stateful_set_has_its_template_by_its_revision_hash() -> None:
    assert parse.stateful_set(stateful_set(revision="db-7f")).current == "db-7f"


def managed(time: str, *keys: str) -> dict[str, Any]:
    return {"time": time, "fieldsV1": {"f:data": {".": {}} | {f"f:{key}": {} for key in keys}}}


def test_a_key_was_changed_when_any_manager_wrote_it_last() -> None:
    body = {
        "metadata": {
            "namespace": "ml",
            "name": "c",
            "resourceVersion": "1",
            "managedFields": [
                managed("2026-01-01T00:00:00Z", "a", "b"),
                managed("2025-01-01T00:00:00Z", "b"),
                {"fieldsV1": {"f:data": {"f:c": {}}}},
            ],
        },
        "data": {"a": "1", "b": "2", "c": "3"},
    }

    changed = parse.config_map(body).changed

    assert changed == {"a": NEW_YEAR, "b": NEW_YEAR}


def test_a_config_map_without_managed_fields_does_not_know_when_it_changed() -> None:
    body = {"metadata": {"namespace": "ml", "name": "c", "resourceVersion": "1"}}

    assert parse.config_map(body).changed == {}


def test_what_the_node_reports_of_an_init_container_is_known_too() -> None:
    sidecar = container("proxy@sha256:bb", name="proxy", restartPolicy="Always")
    body = pod(spec=pod_spec() | {"initContainers": [sidecar]})
    body["status"]["initContainerStatuses"] = [{"name": "proxy", "imageID": "proxy@sha256:bb"}]

    seen = parse.pod(body).pod

    assert set(seen.containers) == {"app", "proxy"}
    assert seen.image_ids["proxy"] == "proxy@sha256:bb"


def test_variables_are_kept_as_the_container_gets_them() -> None:
    env = [
        {"name": "HOST", "value": "db"},
        {"name": "URL", "value": "http://$(HOST)/$$(HOST)"},
        {"name": "EARLY", "value": "$(LATE)"},
        {"name": "LATE", "value": "1"},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {}}},
        {"name": "DSN", "value": "$(PASSWORD)@$(HOST)"},
    ]

    kept = parse.deployment(deployment(spec=pod_spec(container(env=env)))).containers["app"]

    assert kept.variables["URL"] == Variable("http://db/$(HOST)", "value", frozenset({"HOST"}))
    assert kept.variables["EARLY"] == Variable(None, "reference")
    assert kept.variables["DSN"] == Variable(None, "reference")


def test_of_a_variable_that_stands_twice_the_last_one_counts_and_may_refer_to_the_first() -> None:
    env = [{"name": "PATH", "value": "/a"}, {"name": "PATH", "value": "$(PATH):/b"}]

    kept = parse.deployment(deployment(spec=pod_spec(container(env=env)))).containers["app"]

    assert dict(kept.variables) == {"PATH": Variable("/a:/b", "value", frozenset({"PATH"}))}


@pytest.mark.parametrize(
    "env",
    [
        [{"name": "A", "value": "x" * 131_073}],
        [{"name": "B", "value": "x" * 65_536}, {"name": "A", "value": "$(B)$(B)!"}],
    ],
)
def test_a_variable_with_which_no_program_could_start_is_not_kept(env: list[Any]) -> None:
    kept = parse.deployment(deployment(spec=pod_spec(container(env=env)))).containers["app"]

    assert kept.variables["A"] == Variable(None, "tooLong")


def test_a_template_is_news_where_the_text_of_a_variable_changed_and_not_where_it_is_the_same() -> (
    None
):
    def seen(text: str) -> entries.Declared:
        env = [{"name": "A", "value": text}]
        return parse.deployment(deployment(uid="u", spec=pod_spec(container(env=env))))

    assert seen("$(B)") == seen("$(B)")
    assert seen("$(B)") != seen("$(C)")


def test_containers_of_a_template_that_is_gone_are_kept_nowhere() -> None:
    kept = parse.pod(pod(spec=pod_spec(container("gone:1"))))
    left = weakref.ref(kept.pod.containers)

    del kept

    assert left() is None


def test_keys_of_binary_data_are_there_and_not_read() -> None:
    body = {
        "metadata": {"namespace": "ml", "name": "c", "resourceVersion": "1"},
        "binaryData": {"vocabulary": "AAE="},
    }

    seen = parse.config_map(body)

    assert seen.data == {}
    assert seen.binary == {"vocabulary"}


@pytest.mark.parametrize("version", [None, "", "new", [], "1.5"])
def test_an_object_whose_version_is_no_number_is_none(version: Any) -> None:
    body = deployment()
    body["metadata"]["resourceVersion"] = version

    for parsed in (parse.deployment, parse.metadata_of):
        with pytest.raises((ValueError, TypeError)):
            parsed(body)
