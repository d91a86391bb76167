"""The last MLflow 2 and a present one on either side, with artifacts that the server serves and
with artifacts in a bucket: every pair of these occurs. Each is compared, and copied.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from rig.models import client_of
from rig.python.environment import MLFLOW_2
from rig.stores.account import Account
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from stagingmirror.api.types.times import rfc3339
from support.mlflow.copies import hash_of
from support.objectstore.worlds import give
from support.operators.operator import World
from support.resources import resources

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("mlflow-releases")]

NEW: dict[str, bytes | str] = {"MLmodel": "flavors: {}\n", "data/weights 1.bin": b"new" * 500_000}
OLD = NEW | {"data/weights 1.bin": b"old" * 500_000}
REFRESH = {"schedule": "0 6 1 1 *", "settle": "0s"}
CASES = {
    "alike": ("2.22", "served", "2.22-served"),
    "upgraded": ("2.22", "served", "3-served"),
    "emptied": ("2.22", "bucket", "3-bucket"),
    "moved": ("3", "served", "3-bucket"),
    "behind": ("3", "bucket", "2.22-bucket"),
    "ahead": ("3", "bucket", "3-served"),
}
"""Production's release, where its model is, and staging's server."""
ENDS = {"production": PRODUCTION, "staging": STAGING}


@dataclass(frozen=True, slots=True)
class Servers:
    """By release, of staging's also by where its clients find artifacts."""

    production: dict[str, MlflowServer]
    staging: dict[str, MlflowServer]
    store: ObjectStore

    def register(
        self, side: str, server: MlflowServer, name: str, files: dict[str, bytes | str], root: str
    ) -> None:
        """A version with an alias: of a logged model where there are such, else of a run."""
        client: Any = client_of(server)
        bucket = f"s3://{ENDS[side]}/mlflow/{name}-{side}"
        where = {"artifact_location": bucket} if root == "bucket" else {}
        experiment = client.create_experiment(f"{name}-{side}", **where)
        run = client.create_run(experiment).info
        client.log_param(run.run_id, "C", side)
        if server.release == MLFLOW_2:
            model_id, source = None, f"{run.artifact_uri}/model"
        else:
            model_id = client.create_logged_model(
                experiment, name, source_run_id=run.run_id
            ).model_id
            client.finalize_logged_model(model_id, "READY")
            source = f"models:/{model_id}"
        client.create_registered_model(name)
        client.create_model_version(name, source, run_id=run.run_id, model_id=model_id)
        self.put(server, self.root(server, name, "1"), files)
        client.set_registered_model_alias(name, "champion", "1")

    def root(self, server: MlflowServer, name: str, version: str) -> str:
        """Where the server says that the files of a version are."""
        client: Any = client_of(server)
        source = client.get_model_version(name, version).source
        if source.startswith("models:/"):
            return str(client.get_logged_model(source.removeprefix("models:/")).artifact_location)
        return str(client.get_model_version_download_uri(name, version))

    def files(self, server: MlflowServer, uri: str) -> dict[str, bytes | str]:
        """What is there, read past MLflow."""
        if not uri.startswith("s3://"):
            below = Path(server.artifacts, uri.removeprefix("mlflow-artifacts:/"))
            found = [each for each in below.rglob("*") if each.is_file()]
            return {each.relative_to(below).as_posix(): each.read_bytes() for each in found}
        bucket, _, folder = uri.removeprefix("s3://").partition("/")
        objects = self.store.bucket(bucket)
        keys = [each["path"] for page in objects.list(folder) for each in page]
        return {key.removeprefix(f"{folder}/"): bytes(objects.get(key).bytes()) for key in keys}

    def put(self, server: MlflowServer, uri: str, files: dict[str, bytes | str]) -> None:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            if uri.startswith("s3://"):
                bucket, _, folder = uri.removeprefix("s3://").partition("/")
                self.store.put(bucket, f"{folder}/{path}", data)
            else:
                file = Path(server.artifacts, uri.removeprefix("mlflow-artifacts:/"), path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)


@pytest.fixture(scope="module")
def servers(
    mlflow_production: MlflowServer,
    mlflow_staging: MlflowServer,
    mlflow_2: MlflowServer,
    object_store: ObjectStore,
) -> Iterator[Servers]:
    to_bucket = (f"--default-artifact-root=s3://{STAGING}/mlflow", "--no-serve-artifacts")
    with ExitStack() as stack:

        def started(name: str, **how: Any) -> MlflowServer:
            return stack.enter_context(MlflowServer(name, wait=False, **how))

        staging = {
            "2.22-served": started("old-staging", release=MLFLOW_2),
            "2.22-bucket": started("old-direct", release=MLFLOW_2, options=to_bucket),
            "3-bucket": started("direct", options=to_bucket),
        }
        for server in staging.values():
            server.await_ready()
        production = {"2.22": mlflow_2, "3": mlflow_production}
        yield Servers(production, staging | {"3-served": mlflow_staging}, object_store)


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, servers: Servers) -> Iterator[World]:
    """An environment per server, each with its side's store, and an operator."""
    with World(control_plane) as world:
        sides = (
            ("production", world.production, servers.production, servers.store.reader),
            ("staging", world.staging, servers.staging, servers.store.writer),
        )
        for side, space, its, account in sides:
            for kind, server in its.items():
                declare(world, side, kind, space, server, servers.store.url, account)
        with world.operator() as operator:
            operator.until_leading()
            yield world


def declare(
    world: World,
    side: str,
    kind: str,
    space: str,
    server: MlflowServer,
    store: str,
    account: Account,
) -> None:
    name, secret = environment(side, kind), f"s3-{side}-{kind}"
    world.environments[name] = f"{name}-{world.production}"
    give(world, account, name, secret)
    body = resources.environment(
        world.environments[name],
        side.capitalize(),
        usableFrom=[world.staging],
        namespaces=[space],
        minCheckInterval="1s",
        readable={"models": ["*"], "parameters": ["*"], "tags": ["*"]},
        mlflow={"url": server.url},
        objectStores=[
            {
                "name": "models",
                "url": f"s3://{ENDS[side]}/mlflow",
                "endpoint": store,
                "credentialsSecretRef": {"name": secret},
            }
        ],
    )
    world.kube.apply(body, manager="test")


def environment(side: str, kind: str) -> str:
    return f"{side}-{kind}".replace(".", "-")


@pytest.fixture(scope="module")
def began(world: World) -> str:
    """Before anything was registered."""
    return rfc3339(time.time())


@pytest.fixture(scope="module")
def mirrors(world: World, servers: Servers, began: str) -> dict[str, str]:
    """A model of each case in both registries, with other bytes, and a mirror of it."""
    names = {}
    for case, (release, root, kind) in CASES.items():
        names[case] = name = f"{case}-{secrets.token_hex(3)}"
        servers.register("production", servers.production[release], name, NEW, root)
        servers.register("staging", servers.staging[kind], name, OLD, "default")
        alias = {"model": name, "alias": "champion"}
        world.mirror(
            case,
            production={
                "environment": world.environments[environment("production", release)],
                "namespace": world.production,
            },
            staging={"environment": world.environments[environment("staging", kind)]},
            track=[{"name": "model", "modelAlias": {"production": alias}}],
            refresh=REFRESH,
        )
    return names


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def sides(world: World, case: str) -> tuple[dict[str, Any], dict[str, Any]]:
    (component,) = world.status(case)["components"]
    return component["production"], component["staging"]


def test_what_differs_is_named_whatever_either_side_is(
    world: World, mirrors: dict[str, str], began: str, case: str
) -> None:
    (component,) = world.until_sync("Drifted", case)["components"]

    differing = {each["fact"] for each in component["differences"]}
    assert differing == {
        "contentHash",
        "contentHash/data/weights 1.bin",
        "parameters.C",
        "runId",
    }
    found = [component[side]["contentHash"] for side in ENDS]
    assert found == [hash_of(NEW), hash_of(OLD)]
    assert all(component[side]["contentRead"] >= began for side in ENDS)
    assert component["observedAt"] >= began


def test_a_refresh_copies_it_to_where_staging_keeps_its_own(
    world: World, servers: Servers, mirrors: dict[str, str], case: str
) -> None:
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "now"}}}, case)
    world.until(lambda status: status.get("refreshes"), case, within=90)
    status = world.until_sync("InSync", case)

    assert status["refreshes"][0]["result"] == "Succeeded"
    there, here = sides(world, case)
    assert [each["contentHash"] for each in (there, here)] == [hash_of(NEW)] * 2
    assert here["parameters.C"] == "production"
    assert here["runId"] == there["runId"]

    *_, kind = CASES[case]
    client: Any = client_of(servers.staging[kind])
    copied = client.get_model_version_by_alias(mirrors[case], "champion")
    assert copied.version == "2"
    uri = servers.root(servers.staging[kind], mirrors[case], "2")
    assert copied.source.startswith("models:/") == kind.startswith("3"), "a logged model"
    assert uri.startswith("s3://staging/" if kind.endswith("bucket") else "mlflow-artifacts:/")
    assert hash_of(servers.files(servers.staging[kind], uri)) == hash_of(NEW)


def test_bytes_that_were_overwritten_since_are_found(
    world: World, servers: Servers, mirrors: dict[str, str], case: str
) -> None:
    release, *_ = CASES[case]
    server = servers.production[release]
    servers.put(server, servers.root(server, mirrors[case], "1"), {"data/weights 1.bin": b"NEW"})
    world.change({"metadata": {"annotations": {"stagingmirror.dev/check-at": "bytes:now"}}}, case)

    status = world.until_sync("Drifted", case)

    differing = {each["fact"] for each in status["components"][0]["differences"]}
    assert differing == {"contentHash", "contentHash/data/weights 1.bin"}
