"""An InferenceService is verified by the Deployment that serves alone, where it has the fields."""

from typing import Any

import pytest

from stagingmirror.errors import StepFailed
from stagingmirror.sources.kubernetes.write.field_patch import (
    Change,
    Restart,
    SetImage,
    SetStorageUri,
    SetVariable,
    path_of,
    read_field,
    target_of,
)
from stagingmirror.sources.kubernetes.write.json_patch import json_patch_for
from stagingmirror.sources.kubernetes.write.rollout_read import Rollout, read_rollout
from stagingmirror.sources.kubernetes.write.rollout_status import not_passed_on, pending
from support.controllers.kserve import API, CONTAINER, inference_service
from support.kinds.tools import Bench
from support.kubernetes.wire import patched
from support.kubernetes.workloads import deployment

PATH = f"/apis/{API}/namespaces/ml/inferenceservices/ranker"
DEPLOYMENTS = "/apis/apps/v1/namespaces/ml/deployments"
SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
VARIABLE = SetVariable(CONTAINER, "VERSION", "2")
KNATIVE = {
    "latestCreatedRevision": "ranker-00002",
    "latestReadyRevision": "ranker-00002",
    "traffic": [{"revisionName": "ranker-00002", "percent": 100}],
}


class Ranker(Bench):
    """InferenceService ``ranker`` that declares version 2, whose Deployment has ``given``."""

    def __init__(
        self, given: str = "2", *, predictor: Any = None, transition: str = "UpToDate"
    ) -> None:
        Bench.__init__(self)
        body = inference_service("ranker", "ml", image="x:2", variables={"VERSION": "2"})
        self.body = self.wire.put(PATH, body)
        self.body["status"] = {
            "components": {"predictor": predictor or {}},
            "modelStatus": {"transitionStatus": transition},
        }
        if predictor is None:
            self.deployment("ranker-predictor", given)
        for revision in ("ranker-00001", "ranker-00002"):
            self.deployment(f"{revision}-deployment", given if predictor else "1")

    def deployment(self, name: str, given: str, *, image: str = "x:2") -> Any:
        body = deployment(name, "ml", image, container=CONTAINER, variables={"VERSION": given})
        is_raw = name.startswith("ranker-predictor")
        labels = {"serving.kserve.io/inferenceservice": "ranker", "component": "predictor"}
        owner = {"uid": self.body["metadata"]["uid"], "controller": True}
        body["metadata"] |= {"generation": 1}
        if is_raw:
            body["metadata"] |= {"labels": labels, "ownerReferences": [owner]}
        counts = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
        body["status"] = {"observedGeneration": 1, **counts}
        return self.wire.put(f"{DEPLOYMENTS}/{name}", body)

    async def read(self) -> Rollout:
        return await read_rollout(self.tools.writer, "InferenceService", "ml", "ranker")

    async def pending(self) -> str | None:
        return pending(await self.read(), 9)

    async def not_passed_on(self) -> str | None:
        rollout = await self.read()
        change = Change(VARIABLE, None, target_of(VARIABLE, "2"))
        return not_passed_on(rollout, [change])


@pytest.mark.parametrize("predictor", [None, KNATIVE], ids=["standard", "knative"])
async def test_it_has_arrived_where_the_deployment_that_serves_has_the_fields(
    predictor: Any,
) -> None:
    ranker = Ranker(predictor=predictor)

    assert await ranker.not_passed_on() is None
    assert await ranker.pending() is None


@pytest.mark.parametrize("predictor", [None, KNATIVE], ids=["standard", "knative"])
async def test_a_whole_deployment_with_former_fields_proves_nothing(predictor: Any) -> None:
    ranker = Ranker("1", predictor=predictor)

    assert await ranker.pending() is None, "as far as controllers know"
    assert "variable VERSION of kserve-container" in (await ranker.not_passed_on() or "passed on")


async def test_a_variable_that_is_not_declared_any_more_is_gone_before_it_counts() -> None:
    ranker = Ranker()
    del ranker.body["spec"]["predictor"]["model"]["env"]

    assert await ranker.not_passed_on() is not None


@pytest.mark.parametrize(
    "predictor",
    [
        KNATIVE | {"latestCreatedRevision": "ranker-00003"},
        KNATIVE
        | {
            "traffic": [
                {"revisionName": "ranker-00002", "percent": 10},
                {"revisionName": "ranker-00001", "percent": 90},
            ]
        },
        KNATIVE | {"traffic": []},
    ],
    ids=["newer", "split", "none"],
)
async def test_only_the_newest_revision_with_all_traffic_counts(predictor: Any) -> None:
    assert "alone" in (await Ranker(predictor=predictor).pending() or "")


async def test_two_deployments_of_one_predictor_are_waited_for() -> None:
    ranker = Ranker()
    ranker.deployment("ranker-predictor-canary", "2")

    assert "alone" in (await ranker.pending() or "")


async def test_an_image_by_tag_is_the_digest_that_knative_made_of_it() -> None:
    ranker = Ranker(predictor=KNATIVE)
    ranker.deployment("ranker-00002-deployment", "2", image="x@sha256:aa")
    write = SetImage(CONTAINER, "x:2")

    assert not_passed_on(await ranker.read(), [Change(write, "x:1", "x:2")]) is None


@pytest.mark.parametrize(
    ("transition", "failed"),
    [("InProgress", False), ("BlockedByFailedLoad", True), ("InvalidSpec", True)],
)
async def test_a_model_that_is_not_loaded_is_awaited_or_has_failed(
    transition: str, failed: bool
) -> None:
    ranker = Ranker(transition=transition)

    if failed:
        with pytest.raises(StepFailed) as refused:
            await ranker.pending()
        assert refused.value.reason == "ModelNotLoaded"
    else:
        assert "has not loaded its model yet" in (await ranker.pending() or "")


async def test_scaled_to_zero_it_has_arrived_with_the_template() -> None:
    ranker = Ranker(predictor=KNATIVE, transition="InProgress")
    body = ranker.deployment("ranker-00002-deployment", "2")
    body["spec"]["replicas"] = 0
    body["status"] = {"observedGeneration": 1}

    assert await ranker.pending() is None


@pytest.mark.parametrize("part", ["model", "sklearn", "triton"])
def test_the_fields_of_its_model_are_those_of_its_container(part: str) -> None:
    body = inference_service("ranker", "ml", variables={"A": "1"})
    predictor = body["spec"]["predictor"]
    predictor[part] = predictor.pop("model")
    body["metadata"] |= {"uid": "u", "resourceVersion": "1"}
    writes = (SetImage(CONTAINER, "x:2"), SetVariable(CONTAINER, "A", "2"), Restart())
    forth = [
        Change(
            each,
            read_field(body, "InferenceService", each),
            target_of(each, getattr(each, "value", "r")),
        )
        for each in writes
    ]

    after = patched(body, json_patch_for(body, "InferenceService", forth))

    assert after["spec"]["predictor"][part]["image"] == "x:2"
    assert after["spec"]["predictor"][part]["env"] == [{"name": "A", "value": "2"}]
    assert after["spec"]["predictor"]["annotations"] == {"stagingmirror.dev/restarted-at": "r"}
    back = [Change(each.write, each.target, each.former) for each in forth]
    assert patched(after, json_patch_for(after, "InferenceService", back)) == body
    assert path_of(body, "InferenceService", writes[0]) == (
        "f:spec",
        "f:predictor",
        f"f:{part}",
        "f:image",
    )


OURS = "s3://staging/ml/ranker/0123456789ab"
URI = SetStorageUri(OURS)


def predicting(**predictor: Any) -> Any:
    body = inference_service("ranker", "ml")
    body["metadata"] |= {"uid": "u", "resourceVersion": "1"}
    body["spec"]["predictor"] = predictor
    return body


@pytest.mark.parametrize(
    ("predictor", "path"),
    [
        ({"model": {"storageUri": "s3://a"}}, ("f:model", "f:storageUri")),
        ({"sklearn": {"storageUri": "s3://a"}}, ("f:sklearn", "f:storageUri")),
        ({"model": {}, "storageUris": [{"uri": "s3://a", "mountPath": "/m"}]}, ("f:storageUris",)),
    ],
)
def test_the_one_storage_uri_is_written_where_it_stands_and_rolled_back(
    predictor: Any, path: tuple[str, ...]
) -> None:
    before = predicting(**predictor)
    former = read_field(before, "InferenceService", URI)
    assert former == "s3://a"

    after = patched(before, json_patch_for(before, "InferenceService", [Change(URI, former, OURS)]))

    assert read_field(after, "InferenceService", URI) == OURS
    back = json_patch_for(after, "InferenceService", [Change(URI, OURS, former)])
    assert patched(after, back) == before
    assert path_of(before, "InferenceService", URI) == ("f:spec", "f:predictor", *path)


@pytest.mark.parametrize(
    "predictor",
    [
        {"model": {}},
        {"model": {"storage": {"key": "k", "path": "p"}}},
        {"model": {"storageUri": "s3://a"}, "storageUris": [{"uri": "s3://b"}]},
        {"storageUris": [{"uri": "s3://a"}, {"uri": "s3://b"}]},
        {"containers": [{"name": CONTAINER, "env": [{"name": "STORAGE_URI", "value": "s3://a"}]}]},
    ],
    ids=["none", "keyed", "both", "two", "variable"],
)
def test_what_is_not_one_storage_uri_is_not_written(predictor: Any) -> None:
    with pytest.raises(StepFailed) as refused:
        json_patch_for(predicting(**predictor), "InferenceService", [Change(URI, None, "s3://new")])

    assert refused.value.reason == "NotComparable"


@pytest.mark.parametrize(("given", "passed_on"), [(OURS, True), ("s3://models/ranker", False)])
@pytest.mark.parametrize("annotated", [True, False])
async def test_a_storage_uri_has_arrived_where_pods_are_made_to_fetch_it(
    given: str, passed_on: bool, annotated: bool
) -> None:
    ranker = Ranker()
    ranker.body["spec"]["predictor"]["model"]["storageUri"] = OURS
    template = ranker.deployment("ranker-predictor", "2")["spec"]["template"]
    if annotated:
        template["metadata"]["annotations"] = {SOURCE: given}
    else:
        args = [given, "/mnt/models"]
        template["spec"]["initContainers"] = [{"name": "storage-initializer", "args": args}]

    awaited = not_passed_on(await ranker.read(), [Change(URI, "s3://models/ranker", OURS)])

    assert (awaited is None) == passed_on, awaited


def test_a_custom_predictor_has_its_own_containers() -> None:
    body = inference_service("ranker", "ml")
    container = {"name": "server", "image": "x:1"}
    body["spec"]["predictor"] = {"containers": [{"name": "side", "image": "s"}, container]}

    assert read_field(body, "InferenceService", SetImage("server", "")) == "x:1"
