"""Copies between two real registries, and aliases."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rig.mlflow_server import MlflowServer as Rig
from rig.models import LoggedVersion, client_of, log_files, log_model
from stagingmirror.errors import NotThere
from stagingmirror.sources.mlflow.client import provenance_tags
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.copy.aliases import delete_alias, get_alias, set_alias
from stagingmirror.sources.source import Basic
from support.mlflow.copies import FILES, copies, copy_version, hash_of, order_of, versions
from support.mlflow.registries import connected, watching

pytestmark = pytest.mark.integration


async def test_a_copy_shows_the_same_facts_as_its_origin(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
) -> None:
    made = log_model(
        mlflow_production,
        name,
        params={"C": 0.5, "depth": 7},
        data_snapshot="2026-11-20",
        dataset="abc123",
        tags={"team": "fraud"},
    )
    client_of(mlflow_production).set_tag(made.run_id, "pipeline", "9")
    addresses = {
        "production": RegistryAddress(mlflow_production.url),
        "staging": RegistryAddress(mlflow_staging.url),
    }
    async with watching(addresses) as watched:
        watched.want_version("production", name, made.version)
        there = await watched.read("production", name, made.version)
        hashed = await watched.tree_hash("production", name, made.version)

        version = await copy_version(production, staging, order_of(made, hashed), clock=time.time)

        watched.want_version("staging", name, version)
        here = await watched.read("staging", name, version)
        assert await watched.tree_hash("staging", name, version) == hashed

    assert here.origin_run_id == there.origin_run_id == made.run_id
    assert here.parameters == there.parameters
    assert here.dataset_inputs == there.dataset_inputs == ("training-data@abc123",)
    assert here.signature == there.signature
    assert here.requirements == there.requirements
    assert here.run_tags["pipeline"] == "9"
    assert provenance_tags.foreign(here.tags) == provenance_tags.foreign(there.tags)
    assert here.tags[provenance_tags.REGISTRY] == "production"
    assert here.tags[provenance_tags.VERSION] == made.version
    assert here.tags[provenance_tags.TREE_HASH] == hashed
    assert here.tags[provenance_tags.REFRESH_ID] == "r1"
    assert here.tags[provenance_tags.COPIED_AT].endswith("+00:00")


async def test_a_copy_of_a_version_without_a_run_shows_none_either(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
    tmp_path: Path,
) -> None:
    client = client_of(mlflow_production)
    logged = client.create_logged_model(client.create_experiment(name), name=name)
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data.encode() if isinstance(data, str) else data)
    client.log_model_artifacts(logged.model_id, str(tmp_path))
    client.finalize_logged_model(logged.model_id, "READY")
    client.create_registered_model(name)
    source = f"models:/{logged.model_id}"
    client.create_model_version(name, source, model_id=logged.model_id)
    made = LoggedVersion(name, "1", "", logged.model_id, source)
    order = order_of(made, hash_of(FILES))

    version = await copy_version(production, staging, order, clock=time.time)

    addresses = {
        "production": RegistryAddress(mlflow_production.url),
        "staging": RegistryAddress(mlflow_staging.url),
    }
    async with watching(addresses) as watched:
        watched.want_version("production", name, made.version)
        watched.want_version("staging", name, version)
        there = await watched.read("production", name, made.version)
        here = await watched.read("staging", name, version)

    assert client_of(mlflow_staging).get_model_version(name, version).run_id, (
        "it has one of its own"
    )
    assert (there.origin_run_id, here.origin_run_id) == (None, None)


@pytest.mark.parametrize("of", ["run", "version"])
async def test_a_tag_of_mlflows_own_is_copied_where_it_is_compared_and_no_other(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
    of: str,
) -> None:
    made = log_files(mlflow_production, name, FILES)
    assert made.run_id is not None
    client, commit = client_of(mlflow_production), "mlflow.source.git.commit"
    for key in (commit, "mlflow.source.name"):
        if of == "run":
            client.set_tag(made.run_id, key, "4f2a")
        else:
            client.set_model_version_tag(name, made.version, key, "4f2a")
    order = replace(order_of(made, hash_of(FILES)), compared_tag=commit)

    version = await copy_version(production, staging, order, clock=time.time)

    copied = client_of(mlflow_staging).get_model_version(name, version)
    assert copied.run_id is not None
    tags = (
        client_of(mlflow_staging).get_run(copied.run_id).data.tags if of == "run" else copied.tags
    )
    assert tags[commit] == "4f2a"
    assert "mlflow.source.name" not in tags


async def test_the_tree_hash_is_the_one_of_the_files_that_were_logged(
    mlflow_production: Rig, production: MlflowServer, staging: MlflowServer, name: str
) -> None:
    made = log_files(mlflow_production, name, FILES)
    told: list[tuple[int, int]] = []

    version = await copy_version(
        production,
        staging,
        order_of(made, hash_of(FILES)),
        clock=time.time,
        progress=lambda done, total: told.append((done, total)),
    )

    assert version == "1"
    assert told[-1] == (3_000_014, 3_000_014)


async def test_a_version_with_the_same_content_is_reused(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
) -> None:
    made = log_files(mlflow_production, name, FILES, data_snapshot="2026-11-20")
    order = replace(order_of(made, hash_of(FILES)), mirror="ml-staging/fraud")
    origins = client_of(mlflow_production)
    origins.set_model_version_tag(name, "1", "approved", "yes")
    assert made.run_id is not None
    origins.set_tag(made.run_id, "approved", "yes")
    first = await copy_version(production, staging, order, clock=time.time)
    origins.set_model_version_tag(name, "1", "data_snapshot_date", "2026-11-21")
    origins.delete_model_version_tag(name, "1", "approved")
    origins.delete_tag(made.run_id, "approved")

    again = await copy_version(
        production,
        staging,
        replace(order, refresh_id="r2", mirror="ml-staging/other"),
        clock=time.time,
    )

    copied = client_of(mlflow_staging).get_model_version(name, again)
    assert "approved" not in copied.tags, "what the origin lost is lost here"
    assert copied.run_id is not None
    assert "approved" not in client_of(mlflow_staging).get_run(copied.run_id).data.tags
    tags = client_of(mlflow_staging).get_model_version(name, again).tags
    assert again == first
    assert versions(mlflow_staging, name) == [first]
    assert tags["data_snapshot_date"] == "2026-11-21", "its provenance follows"
    assert tags[provenance_tags.REFRESH_ID] == "r1", "who copied the bytes does not"
    assert tags[provenance_tags.COPIED_BY] == "ml-staging/fraud"


async def test_a_version_whose_bytes_were_overwritten_is_not_reused(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
) -> None:
    made = log_files(mlflow_production, name, FILES)
    order = order_of(made, hash_of(FILES))
    first = await copy_version(production, staging, order, clock=time.time)
    place = client_of(mlflow_staging).get_model_version_download_uri(name, first)
    folder = Path(mlflow_staging.artifacts, place.removeprefix("mlflow-artifacts:/"))
    (folder / "tokenizer.json").write_bytes(b"[]")

    doubted: list[str] = []
    second = await copy_version(production, staging, order, clock=time.time, differs=doubted.append)

    assert doubted == ["1"]
    assert (first, second) == ("1", "2")
    assert (folder / "tokenizer.json").read_bytes() == b"[]", "what others changed is left alone"


async def test_copies_at_once_to_one_name_make_one_version(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
) -> None:
    made = log_files(mlflow_production, name, {"w.bin": b"w"})
    order = order_of(made, hash_of({"w.bin": b"w"}))

    async with connected(mlflow_staging.url) as other_credentials:
        one_slot = asyncio.Semaphore(1)  # whoever waits for the other must not keep it
        both = await asyncio.gather(
            copy_version(production, staging, order, clock=time.time, room=one_slot),
            copy_version(
                production,
                other_credentials,
                replace(order, refresh_id="r2"),
                clock=time.time,
                room=one_slot,
            ),
        )

    assert set(both) == {"1"}
    assert copies(mlflow_staging, name) == (1, 1)


async def test_a_copy_between_registries_with_credentials_uses_each_ones_own(
    mlflow_production: Rig, mlflow_auth: Rig, production: MlflowServer, name: str
) -> None:
    made = log_files(mlflow_production, name, {"w.bin": b"w"})
    assert mlflow_auth.password is not None
    admin = Basic(mlflow_auth.username, mlflow_auth.password)

    async with connected(mlflow_auth.url, credentials=admin) as staging:
        version = await copy_version(
            production, staging, order_of(made, hash_of({"w.bin": b"w"})), clock=time.time
        )

    assert version == "1"


async def test_an_alias_is_set_moved_and_removed_with_read_back(
    mlflow_staging: Rig, staging: MlflowServer, name: str
) -> None:
    assert await get_alias(staging, name, "champion") is None
    log_files(mlflow_staging, name)
    log_files(mlflow_staging, name)

    await set_alias(staging, name, "champion", "1")
    await set_alias(staging, name, "champion", "2")
    assert await get_alias(staging, name, "champion") == "2"
    with pytest.raises(NotThere):
        await set_alias(staging, name, "champion", "9")
    await delete_alias(staging, name, "champion")
    await delete_alias(staging, name, "champion")
    assert await get_alias(staging, name, "champion") is None
