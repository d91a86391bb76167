"""The operator as a process: production's index is a folder in a bucket, and staging follows it."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from stagingmirror.api.types.base import API_VERSION
from support.index.files.served_builds import DAILY, MaskingJob, Products, runs
from support.index.files_ground import faiss_file
from support.index.ground import PLANTED
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.rights import MASKING, bind
from support.kubernetes.workloads import deployment
from support.objectstore.worlds import SECRET, cleared, give, refreshed
from support.operators.operator import OperatorProcess, World
from support.operators.rigs import make_namespace

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]

SERVER = "registry.example/search@sha256:" + "a" * 64


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, object_store: ObjectStore) -> Iterator[World]:
    with World(control_plane) as world:
        give(world, object_store.reader)
        give(world, object_store.writer, "staging", f"{SECRET}-staging")
        masking = make_namespace(world.kube, "masking")
        bind(world.kube, world.namespace, masking, MASKING)
        job = {"namespace": masking, "cronJob": "mask", "container": "load", "variable": "INDEX"}
        sides: dict[str, Any] = {"production": (PRODUCTION, SECRET), "staging": (STAGING, "")}
        for side, (bucket, secret) in sides.items():
            store = {
                "name": "models",
                "url": f"s3://{bucket}",
                "endpoint": object_store.url,
                "credentialsSecretRef": {"name": secret or f"{SECRET}-staging"},
            }
            index = {
                "name": "vectors",
                "type": "Files",
                "objectStore": "models",
                "prefix": "indexes",
                "aliases": ["products-*"],
                "content": {"interval": "1m"},
                **({"copies": "Allowed"} if side == "production" else {"keep": 0}),
            }
            masked = {
                **index,
                "name": "masked",
                "aliases": ["masked-*"],
                **({"copies": "AfterJob"} if side == "production" else {"maskingJob": job}),
            }
            given: dict[str, Any] = {"objectStores": [store], "indexStores": [index, masked]}
            world.environment(side, getattr(world, side), **given)
        yield world
        world.kube.delete("v1", "Namespace", masking)


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def products(
    world: World, operator: OperatorProcess, object_store: ObjectStore, request: Any
) -> Iterator[Products]:
    name = getattr(request, "param", "products")
    made = Products(world, object_store, f"{name}-{secrets.token_hex(3)}")
    for bucket, build, documents in (
        (PRODUCTION, f"{made.alias}.b2", 40),
        (STAGING, f"{made.alias}.b1", 30),
    ):
        made.build(bucket, build, documents)
        made.point(bucket, build)
    yield made
    cleared(world)


def test_staging_follows_productions_build_and_an_edit_of_its_copy_is_found_and_mended(
    world: World, products: Products, operator: OperatorProcess
) -> None:
    search = {"kind": "Deployment", "name": "search-api"}
    with Kubelet(world.kube, [world.production, world.staging]):
        world.kube.apply(deployment("search-api", world.staging, SERVER), manager="owner")
        products.track(usedBy=[search])
        status = world.until(lambda status: status.get("sync") == "Drifted", within=60)
        assert "no refresh made index" in status["components"][0]["message"]

        refreshed(world, f"one-{products.alias}")
        status = world.until_sync("InSync", within=90)

        served = products.served()
        assert served.startswith(f"{products.alias}.b2-")
        (component,) = status["components"]
        assert component["staging"]["snapshot"] == component["production"]["snapshot"]
        assert component["staging"]["documentCount"] == "40"

        data = faiss_file(40, text="somebody was here")
        products.store.put(STAGING, f"indexes/{served}/index.faiss", data)
        status = world.until_sync("Drifted", within=60)
        assert {each["fact"] for each in status["components"][0]["differences"]} == {
            "contentSample"
        }

        refreshed(world, f"two-{products.alias}")
        world.until_sync("InSync", within=90)
        until(
            lambda: served not in products.there(),
            within=60,
            what="the former index is not removed",
        )

    assert products.served().startswith(f"{products.alias}.b2-")
    assert {products.served(), f"{products.alias}.b1"} <= products.there()
    assert PLANTED not in json.dumps(world.read())
    assert PLANTED not in operator.log


@contextmanager
def _renamed(world: World, store: str, name: str) -> Iterator[None]:
    """An entry of staging's indexStores."""
    environment = world.environments["staging"]
    found = world.kube.get(API_VERSION, "MirrorEnvironment", environment)["spec"]["indexStores"]
    for stores in (
        [each | ({"name": name} if each["name"] == store else {}) for each in found],
        found,
    ):
        spec = {"spec": {"indexStores": stores}}
        world.kube.patch(API_VERSION, "MirrorEnvironment", environment, None, spec)
        if stores is not found:
            yield


def _request(world: World, token: str) -> None:
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": token}}})


def _ticked(status: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in status.get("refreshes") or () if each["trigger"] == "Schedule"]


@pytest.mark.parametrize("products", ["masked"], indirect=True)
def test_what_staging_serves_was_masked_and_what_could_not_be_is_removed(
    world: World, products: Products, operator: OperatorProcess
) -> None:
    job = MaskingJob(world)
    job.offer()
    products.track("masked")
    world.until(lambda status: status.get("sync") == "Drifted", within=60)

    _request(world, f"fails-{products.alias}")
    index, pod = job.started()
    assert index.startswith("smir-unmasked-")
    assert products.served() == f"{products.alias}.b1"
    job.ends(pod, "Failed")
    status = world.until(lambda status: bool(status.get("refreshes")), within=60)
    assert status["refreshes"][-1]["result"] == "RolledBack"
    assert "MaskingFailed" in str(status)
    assert products.unmasked() == []
    assert products.served() == f"{products.alias}.b1"

    world.change({"spec": {"refresh": {"schedule": "* * * * *"}}})
    ticked = world.until(_ticked, within=90)
    assert [each["result"] for each in _ticked(ticked)] == ["NothingToDo"]
    assert f"CronJob {job.namespace}/mask: Job" in _ticked(ticked)[0]["message"]
    assert "a refresh that is requested does" in _ticked(ticked)[0]["message"]
    assert not [each for each in world.kube.list("v1", "Pod", job.namespace) if runs(each)]
    world.change({"spec": {"refresh": DAILY}})

    _request(world, f"masks-{products.alias}")
    index, pod = job.started()
    products.mask(index, 40)
    job.ends(pod, "Succeeded")
    status = world.until_sync("InSync", within=90)

    served = products.served()
    assert served.startswith(f"{products.alias}.b2-")
    assert products.unmasked() == []
    data = bytes(products.store.bucket(STAGING).get(f"indexes/{served}/index.faiss").bytes())
    assert PLANTED.encode() not in data
    assert b"masked" in data
    (component,) = status["components"]
    assert component["staging"]["snapshot"] == component["production"]["snapshot"]
    assert PLANTED not in json.dumps(world.read()) + operator.log


@pytest.mark.parametrize("products", ["masked"], indirect=True)
def test_a_store_that_is_renamed_in_mid_refresh_keeps_nothing_that_is_not_masked(
    world: World, products: Products
) -> None:
    job = MaskingJob(world)
    job.offer()
    products.track("masked")
    world.until(lambda status: status.get("sync") == "Drifted", within=60)
    _request(world, f"renamed-{products.alias}")
    index, pod = job.started()
    assert products.unmasked()

    with _renamed(world, "masked", "masked-anew"):
        until(lambda: not products.unmasked(), within=60, what=f"{index} is not removed")
        status = world.until(lambda status: bool(status.get("refreshes")), within=60)

    (ended,) = status["refreshes"]
    assert (ended["result"], ended["reason"]) == ("RolledBack", "EnvironmentRevoked")
    assert products.served() == f"{products.alias}.b1"
    assert pod not in {e["metadata"]["name"] for e in world.kube.list("v1", "Pod", job.namespace)}
