"""The operator as a process: production's MLflow keeps its models in a bucket, staging's serves its
own. The model is compared, and copied.
"""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from rig.models import client_of
from rig.run import until
from rig.stores.account import Account
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import cron_job
from support.objectstore.deployed_ranker import DAILY, Ranker, stores_of_files
from support.objectstore.worlds import cleared, give, pass_a_second, refreshed
from support.operators.operator import OperatorProcess, World, condition

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("object-stores")]

FILES = {"MLmodel": b"flavors: {}\n", "weights.bin": b"w" * 2_000_000}


@pytest.fixture(scope="module")
def world(
    control_plane: ControlPlane,
    mlflow_production: MlflowServer,
    mlflow_staging: MlflowServer,
    object_store: ObjectStore,
) -> Iterator[World]:
    servers = {"production": {"url": mlflow_production.url}, "staging": {"url": mlflow_staging.url}}
    with World(control_plane, mlflow=servers) as world:
        offered = {"readable": {"models": ["*"], "parameters": ["*"], "tags": ["*"]}}
        stores = stores_of_files(world, object_store)
        for role, space in (("production", world.production), ("staging", world.staging)):
            spec: dict[str, Any] = {"mlflow": servers[role], "objectStores": [stores[role]]}
            world.environment(role, space, **spec, **offered)
        yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def model(
    world: World,
    operator: OperatorProcess,
    mlflow_production: MlflowServer,
    object_store: ObjectStore,
) -> Iterator[str]:
    """Registered in production only, with its files in the bucket."""
    name = f"ranker-{secrets.token_hex(3)}"
    for path, data in FILES.items():
        object_store.put(PRODUCTION, f"mlflow/{name}/{path}", data)
    client = client_of(mlflow_production)
    client.create_registered_model(name)
    experiment = client.create_experiment(name)
    run = client.create_run(experiment).info.run_id
    client.create_model_version(name, f"s3://{PRODUCTION}/mlflow/{name}", run_id=run)
    client.set_registered_model_alias(name, "champion", "1")
    yield name
    cleared(world)


def tracking(model: str) -> list[dict[str, Any]]:
    return [{"name": "ranker", "modelAlias": {"production": {"model": model, "alias": "champion"}}}]


def test_a_model_in_a_bucket_is_compared_copied_and_found_when_it_is_overwritten(
    world: World, model: str, object_store: ObjectStore, mlflow_staging: MlflowServer
) -> None:
    world.mirror(track=tracking(model), refresh=DAILY)
    status = world.until(lambda status: status.get("sync") == "Drifted", within=60)
    assert status["components"][0]["production"]["contentHash"].startswith("sha256:")

    refreshed(world, "one")

    status = world.until_sync("InSync", within=90)
    facts = status["components"][0]
    assert facts["staging"]["contentHash"] == facts["production"]["contentHash"]
    copied = client_of(mlflow_staging).get_model_version_by_alias(model, "champion")
    assert "mlflow-artifacts:" in client_of(mlflow_staging).get_model_version_download_uri(
        model, copied.version
    )

    object_store.put(PRODUCTION, f"mlflow/{model}/weights.bin", b"v" * 2_000_000)
    world.change({"metadata": {"annotations": {"stagingmirror.dev/check-at": "bytes:one"}}})

    status = world.until_sync("Drifted", within=90)
    (difference,) = [
        each for each in status["components"][0]["differences"] if each["fact"] == "contentHash"
    ]
    assert difference["staging"] == facts["staging"]["contentHash"]


@pytest.fixture
def ranker(world: World, operator: OperatorProcess, object_store: ObjectStore) -> Iterator[Ranker]:
    made = Ranker(world, object_store, secrets.token_hex(3))
    made.put(PRODUCTION, b"new")
    made.put(STAGING, b"old")
    pass_a_second()
    yield made
    cleared(world)


def test_a_model_without_mlflow_is_compared_copied_and_followed(
    world: World, ranker: Ranker
) -> None:
    """Nothing but the nodes is played."""
    with Kubelet(world.kube, ranker.folders):
        ranker.deploy()
        world.until(lambda status: status.get("sync") == "Drifted", within=60)

        refreshed(world, "files")
        status = world.until_sync("InSync", within=90)

        (component,) = status["components"]
        digest = component["production"]["contentHash"].removeprefix("sha256:")
        assert component["staging"]["uri"] == (
            f"s3://{STAGING}/mlflow/{world.staging}/fraud/ranker/{digest[:12]}"
        )
        old = ranker.store.bucket(STAGING).get(f"mlflow/files/{ranker.mark}/w.bin")
        assert bytes(old.bytes()) == b"old"

        ranker.put(PRODUCTION, b"NEW")
        status = world.until_sync("Drifted", within=60)
        assert "restart it" in status["components"][0]["message"]


def test_a_table_is_compared_by_its_version_and_followed_by_the_loader(
    world: World, operator: OperatorProcess, object_store: ObjectStore
) -> None:
    """The loader is played: it writes the commit that it was started for."""
    log, commit = f"mlflow/files/{secrets.token_hex(3)}/_delta_log", "{:020d}.json".format
    for bucket, newest in ((PRODUCTION, 2), (STAGING, 1)):
        for number in range(newest + 1):
            object_store.put(bucket, f"{log}/{commit(number)}", b"{}")
    world.kube.apply(cron_job("copy", world.staging, "loader:1"), manager="owner")
    table = {"store": "models", "path": log.removeprefix("mlflow/").removesuffix("/_delta_log")}
    load = {"cronJob": "copy", "container": "load", "variable": "SNAPSHOT", "timeout": "30s"}
    setting = {"production": {"table": table}, "load": load}
    with Kubelet(world.kube, [world.production, world.staging]):
        world.mirror(track=[{"name": "customers", "setting": setting}], refresh=DAILY)
        status = world.until_sync("Drifted", within=60)
        (differs,) = status["components"][0]["differences"]
        assert (differs["production"], differs["staging"]) == ("2", "1")

        world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": log}}})

        def jobs() -> list[Any]:
            return world.kube.list("batch/v1", "Job", world.staging)

        until(lambda: bool(jobs()), within=60, what="no loader was started")
        (container,) = jobs()[0]["spec"]["template"]["spec"]["containers"]
        assert {"name": "SNAPSHOT", "value": "2"} in container["env"]
        object_store.put(STAGING, f"{log}/{commit(2)}", b"{}")

        status = world.until_sync("InSync", within=90)
        assert status["components"][0]["staging"]["value"] == "2"
        world.until(lambda status: status["refreshes"][0].get("result") == "Succeeded", within=60)
    cleared(world)


def test_of_old_copies_those_that_keep_has_stay_and_what_no_refresh_made_is_never_removed(
    world: World, ranker: Ranker
) -> None:
    """With the smallest rights: the key of staging's store may read, list and write its bucket."""
    by_hand = f"mlflow/{world.staging}/fraud/ranker/0123456789ab/w.bin"
    ranker.store.put(STAGING, by_hand, b"by hand")
    before = ranker.copies()
    with Kubelet(world.kube, ranker.folders):
        ranker.deploy(keep=0)
        made = []
        for number in ("one", "two"):
            ranker.release(number)
            world.until(lambda status: status.get("sync") == "Drifted", within=60)
            refreshed(world, f"{number}-{ranker.mark}")
            world.until_sync("InSync", within=90)
            made.append(ranker.loaded().removeprefix(f"s3://{STAGING}/") + "/w.bin")

        def removed(status: dict[str, Any]) -> bool:
            return "removed the old copy" in str(status["refreshes"][0].get("message"))

        status = world.until(removed, within=120)

    left = ranker.copies()
    assert made[0] not in left
    assert left == before | {made[1]: f"two {ranker.mark}".encode()}
    assert f"s3://{STAGING}/{made[0].removesuffix('/w.bin')}" in status["refreshes"][0]["message"]
    assert status["refreshes"][0]["result"] == "Succeeded"
    assert "CopyRemoved" in [
        each["reason"] for each in world.kube.list("events.k8s.io/v1", "Event", world.staging)
    ]


def test_a_refresh_of_files_that_does_not_roll_out_is_rolled_back_and_its_copy_stays(
    world: World, ranker: Ranker
) -> None:
    """Without a node no pod of the new template becomes ready."""
    before = ranker.copies()
    ranker.put(PRODUCTION, f"newer {ranker.mark}".encode())
    with Kubelet(world.kube, ranker.folders):
        ranker.deploy(rolloutTimeout="5s")
        world.until(lambda status: status.get("sync") == "Drifted", within=60)
    was = ranker.loaded()
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": ranker.mark}}})
    until(lambda: ranker.loaded() != was, within=60, what="the variable is not written")
    until(lambda: ranker.loaded() == was, within=60, what="the variable is not restored")
    with Kubelet(world.kube, ranker.folders):
        status = world.until(lambda status: bool(status.get("refreshes")), within=60)

        assert status["refreshes"][-1]["result"] == "RolledBack"
        made = {key: data for key, data in ranker.copies().items() if key not in before}
        assert list(made.values()) == [f"newer {ranker.mark}".encode()]
        assert ranker.folders[world.staging] == was
        world.until_sync("Drifted", within=60)


def test_a_store_that_refuses_us_makes_its_models_unknown_and_its_environment_not_ready(
    world: World, model: str, object_store: ObjectStore
) -> None:
    def ready() -> dict[str, Any]:
        name = world.environments["production"]
        body = world.kube.get(API_VERSION, "MirrorEnvironment", name)
        return condition(body.get("status") or {}, "Ready")

    until(lambda: ready()["status"] == "True", within=60, what="it is not ready")
    stranger = Account("stranger", ())
    give(world, stranger)
    try:
        until(lambda: ready()["reason"] == "Unauthorized", within=90, what=str(ready()))
        world.mirror(track=tracking(model))
        status = world.until(
            lambda status: (
                status.get("sync") == "Unknown"
                and "credentialsSecretRef" in str(status.get("components"))
            ),
            within=60,
        )
    finally:
        give(world, object_store.reader)
    until(lambda: ready()["status"] == "True", within=90, what="it is not ready again")
    assert stranger.secret not in str(status)
    assert stranger.key not in str(status)
