"""What of an InferenceService runs: the Deployment that serves its predictor alone."""

from typing import Any

import pytest

from stagingmirror.sources.kubernetes.objects import parse
from stagingmirror.sources.kubernetes.objects.stores import Stores
from support.kubernetes.cluster_bodies import (
    Body,
    container,
    deployment,
    inference_service,
    names,
    pod,
    pod_spec,
    replica_set,
    seen,
    served_by,
    why,
)

SPEC = pod_spec(container("registry/server:9"))


def raw(service: Body, name: str = "ranker-predictor", **how: Any) -> list[Body]:
    """A Deployment of its predictor with a pod."""
    made = served_by(service, deployment(name, spec=SPEC, **how))
    return [made, *under(made)]


def under(made: Body) -> list[Body]:
    between = replica_set(made)
    return [between, pod(between, f"{made['metadata']['name']}-a")]


def knative(revision: str, **how: Any) -> list[Body]:
    made = deployment(f"{revision}-deployment", spec=SPEC, **how)
    return [made, *under(made)]


def message(found: Any) -> str:
    assert found.unsettled is not None
    return str(found.unsettled.message)


class TestRawDeployment:
    def test_the_pods_of_the_predictors_deployment_count(self) -> None:
        service = inference_service()

        found = seen(service, *raw(service))

        assert (names(found), why(found)) == (["ranker-predictor-a"], None)
        assert found.containers["app"].image == "registry/server:9"
        assert (found.kind, found.name, found.revision) == (
            "InferenceService",
            "ranker",
            "ranker-predictor/1",
        )

    def test_its_transformer_and_what_others_made_are_no_part_of_it(self) -> None:
        service = inference_service()
        transformer = served_by(service, deployment("ranker-transformer"), "transformer")
        another = served_by(inference_service("other"), deployment("other-predictor"))

        found = seen(service, *raw(service), transformer, *under(transformer), another)

        assert names(found) == ["ranker-predictor-a"]

    def test_its_transformer_is_seen_as_the_deployment_that_it_is(self) -> None:
        service = inference_service()
        transformer = served_by(service, deployment("ranker-transformer", spec=SPEC), "transformer")

        found = seen(transformer, *under(transformer), service, *raw(service))

        assert (found.kind, names(found), why(found)) == (
            "Deployment",
            ["ranker-transformer-a"],
            None,
        )

    def test_two_that_serve_are_named(self) -> None:
        service = inference_service()

        found = seen(service, *raw(service), *raw(service, "ranker-predictor-canary"))

        assert why(found) == "RollingOut"
        assert "ranker-predictor, ranker-predictor-canary" in message(found)

    def test_without_a_deployment_nothing_is_settled(self) -> None:
        assert why(seen(inference_service())) == "RollingOut"

    @pytest.mark.parametrize("how", [{"pods": 2, "updated": 1}, {"generation": 2, "observed": 1}])
    def test_a_rollout_of_the_deployment_is_one_of_the_service(self, how: Body) -> None:
        service = inference_service()

        assert why(seen(service, *raw(service, **how))) == "RollingOut"

    @pytest.mark.parametrize(
        ("transition", "reason"),
        [
            ("InProgress", "RollingOut"),
            ("", "RollingOut"),
            ("BlockedByFailedLoad", "ModelNotLoaded"),
            ("InvalidSpec", "ModelNotLoaded"),
        ],
    )
    def test_a_model_that_is_not_loaded_is_no_proof_of_what_is_declared(
        self, transition: str, reason: str
    ) -> None:
        service = inference_service(transition=transition)

        assert why(seen(service, *raw(service))) == reason


class TestKnative:
    def test_the_pods_of_the_one_revision_with_traffic_count(self) -> None:
        service = inference_service(traffic={"ranker-00002": 100, "ranker-00001": 0})

        found = seen(service, *knative("ranker-00002"), *knative("ranker-00001"))

        assert (names(found), why(found)) == (["ranker-00002-deployment-a"], None)

    def test_two_revisions_with_traffic_are_named(self) -> None:
        service = inference_service(traffic={"ranker-00002": 10, "ranker-00001": 90})

        found = seen(service, *knative("ranker-00002"), *knative("ranker-00001"))

        assert why(found) == "RollingOut"
        assert "ranker-00002 10 %, ranker-00001 90 %" in message(found)

    def test_a_newer_revision_that_does_not_serve_yet_is_a_rollout(self) -> None:
        service = inference_service(
            traffic={"ranker-00001": 100}, newest="ranker-00002", ready="ranker-00001"
        )

        found = seen(service, *knative("ranker-00001"))

        assert why(found) == "RollingOut"
        assert "ranker-00002" in message(found)

    def test_the_latest_revision_is_the_one_that_is_ready(self) -> None:
        service = inference_service(traffic={"": 100}, newest="ranker-00001")

        assert why(seen(service, *knative("ranker-00001"))) is None

    def test_scaled_to_zero_its_template_is_what_is_declared(self) -> None:
        service = inference_service(traffic={"ranker-00001": 100}, transition="InProgress")
        made, *_ = knative("ranker-00001", replicas=0)

        found = seen(service, made)

        assert (why(found), found.pods, found.replicas) == (None, (), 0)
        assert found.containers["app"].image == "registry/server:9"

    def test_a_revision_without_a_deployment_proves_nothing(self) -> None:
        assert why(seen(inference_service(traffic={"ranker-00001": 100}))) == "RollingOut"


@pytest.mark.parametrize(
    ("spec", "status", "annotations", "reason", "said"),
    [
        ({}, {"deploymentMode": "ModelMesh"}, {}, "NotComparable", "ModelMesh"),
        ({"workerSpec": {"pipelineParallelSize": 2}}, {}, {}, "NotComparable", "workerSpec"),
        ({}, {}, {"serving.kserve.io/stop": "true"}, "NothingRuns", "stopped"),
    ],
)
def test_what_no_deployment_alone_serves_says_why(
    spec: Body, status: Body, annotations: Body, reason: str, said: str
) -> None:
    service = inference_service()
    service["spec"]["predictor"] |= spec
    service["status"] |= status
    service["metadata"]["annotations"] = annotations

    found = seen(service)

    assert why(found) == reason
    assert said in message(found)


@pytest.mark.parametrize(
    ("predictor", "uris", "keyed"),
    [
        ({"model": {"storageUri": "s3://a"}}, ("s3://a",), False),
        ({"sklearn": {"storageUri": "s3://a"}}, ("s3://a",), False),
        (
            {"model": {}, "storageUris": [{"uri": "s3://a"}, {"uri": "s3://b"}]},
            ("s3://a", "s3://b"),
            False,
        ),
        ({"model": {"storage": {"key": "k", "path": "p"}}}, (), True),
        ({"model": {"storageUri": "s3://a", "storage": {"key": "k"}}}, ("s3://a",), False),
        (
            {
                "containers": [
                    {
                        "name": "kserve-container",
                        "env": [{"name": "STORAGE_URI", "value": "s3://a"}],
                    }
                ]
            },
            ("s3://a",),
            False,
        ),
        (
            {"containers": [{"name": "side", "env": [{"name": "STORAGE_URI", "value": "x"}]}]},
            (),
            False,
        ),
        ({"model": {}}, (), False),
    ],
)
def test_where_its_model_is_declared_to_be(
    predictor: Body, uris: tuple[str, ...], keyed: bool
) -> None:
    service = inference_service()
    service["spec"]["predictor"] = predictor

    storage = seen(service, *raw(service)).storage

    assert storage is not None
    assert (storage.uris, storage.keyed) == (uris, keyed)
    assert bool(storage.field) == (len(uris) == 1 and "containers" not in predictor)


def test_what_its_pods_are_made_to_fetch_and_fetched() -> None:
    service = inference_service()
    made, between, running = raw(service)
    source = "internal.serving.kserve.io/storage-initializer-sourceuri"
    made["spec"]["template"].setdefault("metadata", {})["annotations"] = {source: "s3://new"}
    args = ["s3://a", "/mnt/a", "s3://b", "/mnt/b"]
    running["spec"] = pod_spec(container("registry/server:9")) | {
        "initContainers": [{"name": "storage-initializer", "args": args}]
    }

    found = seen(service, made, between, running)

    assert found.storage is not None
    assert found.storage.given == ("s3://new",)
    (pod_seen,) = found.pods
    assert pod_seen.containers["storage-initializer"].fetches == ("s3://a", "s3://b")


def test_a_change_below_is_one_of_the_service() -> None:
    stores = Stores()
    plain = parse.inference_service(inference_service("plain", uid="u"))
    by_revision = parse.inference_service(inference_service("kn", traffic={"kn-1": 100}))
    for each in (plain, by_revision):
        stores.declared["InferenceService"].put(each)
    service = inference_service(uid="u")

    made = parse.deployment(served_by(service, deployment("plain-predictor")))
    assert stores.referring(made) == (plain,)
    assert stores.referring(parse.deployment(deployment("kn-1-deployment"))) == (by_revision,)
    assert stores.referring(parse.deployment(deployment("web"))) == ()


@pytest.mark.parametrize(
    "status",
    [
        {"components": "none"},
        {"components": {"predictor": {"traffic": [{"percent": "all"}]}}},
        {"modelStatus": "fine"},
    ],
)
def test_a_status_that_has_not_its_shape_is_not_settled_and_no_error(status: Body) -> None:
    service = inference_service()
    service["status"] |= status

    assert why(seen(service, *raw(service))) is not None
