"""The operator as a process: a model that InferenceServices load from a bucket. Their definition,
the API server with its controllers and the store are real; KServe's controller, its webhook (the
init container stands in the template) and the nodes are played.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from support.controllers.crds import INFERENCE_SERVICE, install
from support.controllers.kserve import API, KServe, inference_service
from support.kubernetes.kubelet import Kubelet
from support.objectstore.worlds import SECRET, cleared, give, pass_a_second, refreshed
from support.operators.operator import OperatorProcess, World

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("object-stores")]

DAILY = {"schedule": "0 6 * * *", "settle": "0s"}


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, object_store: ObjectStore) -> Iterator[World]:
    install(control_plane.kube, INFERENCE_SERVICE)
    with World(control_plane) as world:
        sides = {
            "production": (PRODUCTION, object_store.reader, world.production),
            "staging": (STAGING, object_store.writer, world.staging),
        }
        for role, (bucket, account, space) in sides.items():
            give(world, account, role, f"{SECRET}-{role}")
            store = {
                "name": "models",
                "url": f"s3://{bucket}/kserve",
                "endpoint": object_store.url,
                "credentialsSecretRef": {"name": f"{SECRET}-{role}"},
                "readable": ["files/*", f"{world.staging}/fraud/ranker/*"],
            }
            world.environment(role, space, objectStores=[store])
        yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@dataclass(frozen=True, slots=True)
class Ranker:
    """InferenceServices of both sides, and the folders that they load."""

    world: World
    store: ObjectStore
    kserve: KServe
    mark: str

    @property
    def name(self) -> str:
        return f"ranker-{self.mark}"

    def folder(self, bucket: str) -> str:
        return f"s3://{bucket}/kserve/files/{self.mark}"

    def put(self, bucket: str, data: bytes) -> None:
        self.store.put(bucket, f"kserve/files/{self.mark}/w.bin", data)

    def deploy(self) -> None:
        for space, bucket in ((self.world.production, PRODUCTION), (self.world.staging, STAGING)):
            body = inference_service(self.name, space, uri=self.folder(bucket))
            self.world.kube.apply(body, manager="owner")
        loaded = {"kind": "InferenceService", "name": self.name}
        files = {"production": {"loadedBy": [loaded]}, "staging": {"store": "models"}}
        self.world.mirror(track=[{"name": "ranker", "modelFiles": files}], refresh=DAILY)
        self.world.until(lambda status: status.get("sync") == "Drifted", within=60)

    def declared(self) -> str:
        """Staging's storageUri."""
        at = "InferenceService", self.name, self.world.staging
        body = self.world.kube.get(API, *at)
        return str(body["spec"]["predictor"]["model"]["storageUri"])

    def fetched(self) -> set[str]:
        """What staging's pods that are not being deleted were made to fetch."""
        return {
            pod["spec"]["initContainers"][0]["args"][0]
            for pod in self.world.kube.list("v1", "Pod", self.world.staging)
            if pod["metadata"]["name"].startswith(self.name)
            and not pod["metadata"].get("deletionTimestamp")
        }


@pytest.fixture
def ranker(world: World, operator: OperatorProcess, object_store: ObjectStore) -> Iterator[Ranker]:
    """Production's files are newer than staging's."""
    spaces = (world.production, world.staging)
    with Kubelet(world.kube, spaces), KServe(world.kube, spaces) as kserve:
        made = Ranker(world, object_store, kserve, secrets.token_hex(3))
        made.put(PRODUCTION, f"new {made.mark}".encode())
        made.put(STAGING, b"old")
        pass_a_second()
        made.deploy()
        yield made
    cleared(world)


def test_it_is_compared_copied_followed_and_found_when_it_is_overwritten(ranker: Ranker) -> None:
    refreshed(ranker.world, "one")
    status = ranker.world.until_sync("InSync", within=90)

    component = status["components"][0]
    shown = component["staging"]["uri"]
    digest = component["production"]["contentHash"].removeprefix("sha256:")
    assert shown == f"s3://{STAGING}/kserve/{ranker.world.staging}/fraud/ranker/{digest[:12]}"
    assert ranker.declared() == f"{shown}/"
    assert ranker.fetched() == {f"{shown}/"}

    ranker.put(PRODUCTION, b"NEW")
    status = ranker.world.until_sync("Drifted", within=60)
    assert "restart it" in status["components"][0]["message"]


def test_a_model_that_kserve_cannot_load_is_rolled_back(ranker: Ranker) -> None:
    was, world, kserve = ranker.declared(), ranker.world, ranker.kserve
    kserve.sleeping = True
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": ranker.mark}}})
    until(lambda: ranker.declared() != was, within=90, what="the URI is not written")
    assert ranker.fetched() == {was}

    kserve.fails.add(world.staging)
    kserve.sleeping = False
    until(lambda: ranker.declared() == was, within=60, what="the URI is not restored")
    kserve.fails.clear()

    status = world.until(lambda status: bool(status.get("refreshes")), within=60)
    ended = status["refreshes"][0]
    assert (ended["result"], ended["reason"]) == ("RolledBack", "ModelNotLoaded"), ended
    until(lambda: ranker.fetched() == {was}, within=30, what="the former one is not loaded")
    body: Any = world.kube.get(API, "InferenceService", ranker.name, world.staging)
    assert "stagingmirror" not in {each["manager"] for each in body["metadata"]["managedFields"]}
