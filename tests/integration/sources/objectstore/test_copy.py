"""Copies between two real registries whose artifacts are served, or in a bucket, on either side."""

import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from rig.mlflow_server import MlflowServer as Rig
from rig.models import LoggedVersion, client_of, log_files
from rig.stores.account import Account
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.location import Location
from stagingmirror.errors import StepFailed
from stagingmirror.settings import Settings
from stagingmirror.sources.content.hashing import read_bytes
from stagingmirror.sources.mlflow.client.artifacts import files_of, root_of
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.copy.root import refuse_known_root
from stagingmirror.sources.mlflow.copy.writes import EXPERIMENT
from stagingmirror.sources.objectstore.source import ObjectStoreSource
from stagingmirror.sources.source import Access
from support.mlflow.copies import copies, copy_version, hash_of, order_of, versions
from support.mlflow.registries import connected

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("object-store-copies")]

FILES: dict[str, bytes | str] = {
    "MLmodel": "flavors: {}\n",
    "data/weights 1.bin": b"w" * 20_000_000,
    "data/empty": b"",
}


@pytest.fixture(scope="module")
def direct_staging() -> Iterator[Rig]:
    """A staging MLflow whose clients write to the bucket themselves."""
    with Rig("direct", options=(f"--default-artifact-root=s3://{STAGING}/mlflow",)) as server:
        yield server


@dataclass
class Sides:
    production: MlflowServer
    staging: MlflowServer


Open = Callable[..., Any]


@pytest.fixture
async def opened(object_store: ObjectStore) -> AsyncIterator[Open]:
    """Both sides' registries, each with its own environment's store."""
    async with AsyncExitStack() as stack:

        async def sides(
            production: Rig,
            staging: Rig,
            *,
            writer: Account | None = None,
            protected: tuple[Location, ...] = (Location(PRODUCTION, "mlflow"),),
        ) -> Sides:
            source = ObjectStoreSource(
                clock=time.time,
                on_change=lambda _: None,
                settings=Settings(),
                productions=lambda: protected,
            )
            accounts = {
                "production": object_store.reader,
                "staging": writer or object_store.writer,
            }
            source.configure(
                {
                    name: MirrorEnvironmentSpec.model_validate(
                        {"role": name.capitalize(), "objectStores": [store(object_store, name)]}
                    )
                    for name in accounts
                },
                {
                    name: Access(None, variables={"s3": each.variables})
                    for name, each in accounts.items()
                },
            )
            servers = [
                await stack.enter_async_context(
                    connected(rig.url, direct=partial(source.files, name))
                )
                for name, rig in (("production", production), ("staging", staging))
            ]
            return Sides(*servers)

        yield sides


def store(server: ObjectStore, bucket: str) -> dict[str, Any]:
    return {
        "name": "models",
        "url": f"s3://{bucket}/mlflow",
        "endpoint": server.url,
        "credentialsSecretRef": {"name": "s3"},
    }


def in_bucket(server: ObjectStore, rig: Rig, name: str) -> LoggedVersion:
    """A version whose root is in production's bucket."""
    for path, data in FILES.items():
        server.put(
            PRODUCTION, f"mlflow/{name}/{path}", data.encode() if isinstance(data, str) else data
        )
    client = client_of(rig)
    client.create_registered_model(name)
    source = f"s3://{PRODUCTION}/mlflow/{name}"
    client.create_model_version(name, source)
    return LoggedVersion(name, "1", "", None, source)


async def hash_in(server: MlflowServer, rig: Rig, name: str, version: str) -> str:
    """Read where MLflow says that it is."""
    uri = client_of(rig).get_model_version_download_uri(name, version)
    if uri.startswith("models:/"):
        uri = client_of(rig).get_logged_model(uri.removeprefix("models:/")).artifact_location
    files = files_of(server, root_of(server, uri))
    return (await read_bytes(files, await files.listing())).tree_hash


@pytest.mark.parametrize("origin", ["served", "bucket"])
@pytest.mark.parametrize("destination", ["served", "bucket"])
async def test_a_copy_has_the_bytes_of_its_origin_wherever_both_are_kept(
    object_store: ObjectStore,
    mlflow_production: Rig,
    mlflow_staging: Rig,
    direct_staging: Rig,
    opened: Open,
    origin: str,
    destination: str,
) -> None:
    name = f"model-{secrets.token_hex(4)}"
    rig = direct_staging if destination == "bucket" else mlflow_staging
    sides = await opened(mlflow_production, rig)
    if origin == "bucket":
        made = in_bucket(object_store, mlflow_production, name)
    else:
        made = log_files(mlflow_production, name, FILES)

    order = order_of(made, hash_of(FILES))
    version = await copy_version(sides.production, sides.staging, order, clock=time.time)
    again = await copy_version(sides.production, sides.staging, order, clock=time.time)

    assert version == again
    assert versions(rig, name) == ["1"]
    assert await hash_in(sides.staging, rig, name, version) == hash_of(FILES)


async def test_a_destination_that_production_lists_is_never_written(
    object_store: ObjectStore, mlflow_production: Rig, direct_staging: Rig, opened: Open
) -> None:
    name = f"model-{secrets.token_hex(4)}"
    made = log_files(mlflow_production, name, {"w.bin": b"w"})
    theirs = (Location(STAGING, "mlflow"),)
    sides = await opened(mlflow_production, direct_staging, protected=theirs)

    with pytest.raises(StepFailed) as raised:
        await copy_version(
            sides.production,
            sides.staging,
            order_of(made, hash_of({"w.bin": b"w"})),
            clock=time.time,
        )

    assert raised.value.reason == "ProductionIsReadOnly"
    assert copies(direct_staging, name) == (0, 0)
    assert name not in [each.name for each in client_of(direct_staging).search_registered_models()]


async def test_a_destination_whose_store_nobody_listed_is_refused_before_anything_is_made(
    mlflow_production: Rig, opened: Open
) -> None:
    name = f"model-{secrets.token_hex(4)}"
    made = log_files(mlflow_production, name, {"w.bin": b"w"})
    order = order_of(made, hash_of({"w.bin": b"w"}))
    options = (f"--default-artifact-root=s3://{STAGING}/nobody",)
    with Rig("unlisted", options=options) as unlisted:
        sides = await opened(mlflow_production, unlisted)
        client = client_of(unlisted)

        await refuse_known_root(sides.staging)  # there is no experiment that tells
        for _ in "before", "again":
            with pytest.raises(StepFailed, match="objectStores") as raised:
                await copy_version(sides.production, sides.staging, order, clock=time.time)
        with pytest.raises(StepFailed, match="objectStores"):
            await refuse_known_root(sides.staging)

        assert raised.value.reason == "RegistryRefused"
        experiment = client.get_experiment_by_name(EXPERIMENT)
        assert client.search_registered_models() == []
        assert client.search_runs([experiment.experiment_id]) == []

        # As the message has it, for one whose new files are kept elsewhere.
        client.create_experiment("elsewhere", f"s3://{STAGING}/mlflow/copies")
        client.rename_experiment(experiment.experiment_id, "former")
        elsewhere = client.get_experiment_by_name("elsewhere")
        client.rename_experiment(elsewhere.experiment_id, EXPERIMENT)
        await refuse_known_root(sides.staging)
        assert await copy_version(sides.production, sides.staging, order, clock=time.time) == "1"


async def test_a_store_that_may_only_be_read_is_a_failed_step_with_its_reason(
    object_store: ObjectStore, mlflow_production: Rig, direct_staging: Rig, opened: Open
) -> None:
    name = f"model-{secrets.token_hex(4)}"
    made = log_files(mlflow_production, name, {"w.bin": b"w"})
    sides = await opened(mlflow_production, direct_staging, writer=object_store.watcher)

    with pytest.raises(StepFailed) as raised:
        await copy_version(
            sides.production,
            sides.staging,
            order_of(made, hash_of({"w.bin": b"w"})),
            clock=time.time,
        )

    assert raised.value.reason == "RegistryForbidden"
    assert "s3:PutObject" in raised.value.message
    assert versions(direct_staging, name) == []
