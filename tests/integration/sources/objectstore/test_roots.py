"""Versions in a real MLflow that names their files in a real object store."""

import secrets

import pytest

from rig.mlflow_server import MlflowServer
from rig.models import client_of
from rig.stores.account import Account
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from stagingmirror.sources.mlflow.subjects import AliasSubject
from support.mlflow.registries import eventually
from support.objectstore.reading import FILES, hash_of, reading

pytestmark = pytest.mark.integration


def registered(server: MlflowServer, source: str) -> str:
    """A model with one version whose files are there."""
    name = f"model-{secrets.token_hex(4)}"
    client = client_of(server)
    client.create_registered_model(name)
    client.create_model_version(name, source)
    client.set_registered_model_alias(name, "champion", "1")
    return name


async def test_a_version_whose_root_is_in_a_listed_store_is_hashed(
    object_store: ObjectStore, folder: str, mlflow_production: MlflowServer
) -> None:
    model = registered(mlflow_production, f"s3://{PRODUCTION}/{folder}")
    async with reading(object_store, object_store.reader, mlflow=mlflow_production) as read:
        read.registry.want(AliasSubject("production", model, "champion"), 1.0)
        found = await eventually(lambda: read.version_hash(model))
        version = read.version(model)
        object_store.put(PRODUCTION, f"{folder}/MLmodel", b"flavors: []\n")
        changed = await eventually(
            lambda: (now := read.version_hash(model)) and now != found and now
        )

    assert found == hash_of(FILES)
    assert version is not None
    assert version.requirements == "numpy==2"
    assert changed == hash_of(FILES | {"MLmodel": b"flavors: []\n"})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (f"s3://{STAGING}/models/x", "objectStores"),
        (f"s3://{PRODUCTION}/other/x", "objectStores"),
        ("gs://bucket/x", "--serve-artifacts"),
    ],
)
async def test_a_root_that_no_listed_store_has_is_not_read(
    object_store: ObjectStore, mlflow_production: MlflowServer, source: str, said: str
) -> None:
    model = registered(mlflow_production, source)
    async with reading(object_store, object_store.admin, mlflow=mlflow_production) as read:
        read.registry.want(AliasSubject("production", model, "champion"), 1.0)
        why = await eventually(lambda: read.why(model))

    assert why.reason == "ArtifactsNotReadable"
    assert said in why.message


async def test_a_root_in_a_store_that_refuses_us_is_unknown_and_says_why(
    object_store: ObjectStore, folder: str, mlflow_production: MlflowServer
) -> None:
    model = registered(mlflow_production, f"s3://{PRODUCTION}/{folder}")
    async with reading(object_store, Account("stranger", ()), mlflow=mlflow_production) as read:
        read.registry.want(AliasSubject("production", model, "champion"), 1.0)
        why = await eventually(lambda: read.why(model))

    assert why.reason == "Unauthorized"
    assert f"s3://{PRODUCTION}/models" in why.message
