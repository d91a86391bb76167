"""Names of files, models and whatever else MLflow keeps among its models, on real servers."""

import time
from functools import partial

import mlflow
import pytest

from rig.mlflow_server import MlflowServer as Rig
from rig.models import client_of, log_files, purge
from stagingmirror.drift.facts import Unseen
from stagingmirror.errors import NotAnswered
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.subjects import ModelVersion, VersionSubject
from stagingmirror.view import Observed
from support.mlflow.copies import copy_version, hash_of, order_of, versions
from support.mlflow.registries import Watched, connected, eventually, watching

pytestmark = pytest.mark.integration

ORDINARY = {
    "space": "vocab files/token map.json",
    "unicode": "labels/gr\u00f6\u00dfe_\u6771\u4eac.json",
    "decomposed": "gro\u0308\u00dfe.json",
    "narrow-nbsp": "plots/Screenshot 2026-11-20 at 9.41\u202fPM.png",
    "ideographic": "\u8cc7\u6599\u3000\u6700\u7d42.json",
    "plus": "a+b&c=d;e.txt",
    "colon": "encoder:1/weights.bin",
    "quotes": 'it\'s "fine".txt',
    "long": "x" * 240 + ".bin",
}


async def test_a_file_of_any_ordinary_name_is_compared_and_copied(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
) -> None:
    files: dict[str, bytes | str] = {path: kind for kind, path in ORDINARY.items()}
    made = log_files(mlflow_production, name, files)
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as watched:
        watched.want_version("production", name, made.version)
        hashed = await watched.tree_hash("production", name, made.version)

    assert hashed == hash_of(files)
    await copy_version(production, staging, order_of(made, hashed), clock=time.time)
    assert versions(mlflow_staging, name) == ["1"]


@pytest.mark.parametrize("stored", ["class#cat.png", "step%20.png"])
async def test_a_file_that_mlflow_lists_and_does_not_serve_is_named(
    mlflow_production: Rig, name: str, stored: str
) -> None:
    made = log_files(mlflow_production, name, {"MLmodel": "flavors: {}", "plain.png": b"1"})
    folder = next(mlflow_production.artifacts.rglob(f"{made.run_id}/artifacts/model"))
    (folder / "plain.png").rename(folder / stored)
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as watched:
        why = await _content_unseen(watched, name, made.version)

    assert why.why.reason == "FileNotServed"
    assert stored in why.why.message


NAMES = [
    "driver's ETA",
    "risk 100%",
    "r&d+#1?",
    "\u6a21\u578b",
    "main.ml.fraud",
    "a@b",
    'the "best"',
]


@pytest.mark.parametrize("title", [*NAMES, "x" * 230])
async def test_a_model_of_any_name_is_copied_once(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
    title: str,
) -> None:
    made = log_files(mlflow_production, f"{title} {name}", {"MLmodel": "flavors: {}"})
    hashed = hash_of({"MLmodel": "flavors: {}"})

    copied = [
        await copy_version(production, staging, order_of(made, hashed), clock=time.time)
        for _ in range(2)
    ]

    assert copied == ["1", "1"]
    assert client_of(mlflow_staging).get_model_version(made.name, "1").name == made.name


async def test_a_prompt_is_reported_as_a_prompt(mlflow_production: Rig, name: str) -> None:
    mlflow.set_registry_uri(mlflow_production.url)
    mlflow.set_tracking_uri(mlflow_production.url)
    try:
        mlflow.genai.register_prompt(name=name, template="Answer kindly: {{question}}")
    finally:
        mlflow.set_registry_uri("")
        mlflow.set_tracking_uri("")
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as watched:
        why = await _content_unseen(watched, name, "1")

    assert "is a prompt" in why.why.message
    assert "--serve-artifacts" not in why.why.message


async def test_the_files_of_a_purged_run_are_reported_as_gone(
    mlflow_production: Rig, name: str
) -> None:
    client = client_of(mlflow_production)
    made = log_files(mlflow_production, name)
    client.create_model_version(name, source=f"runs:/{made.run_id}/model", run_id=made.run_id)
    purge(mlflow_production, made.run_id)
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as watched:
        reasons = {
            version: (await _content_unseen(watched, name, version)).why for version in ("1", "2")
        }

    assert {why.reason for why in reasons.values()} <= {"FilesGone", "NoFiles"}
    assert not any("--serve-artifacts" in why.message for why in reasons.values())


async def test_what_is_kept_elsewhere_names_the_place(mlflow_production: Rig, name: str) -> None:
    client = client_of(mlflow_production)
    made = log_files(mlflow_production, name)
    client.create_model_version(name, source="s3://team-bucket/models/7", run_id=made.run_id)
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as watched:
        elsewhere = await _content_unseen(watched, name, "2")

    assert elsewhere.why.reason == "ArtifactsNotReadable"
    assert "s3://team-bucket" in elsewhere.why.message


async def test_a_server_that_checks_the_host_name_says_which_option_to_set(name: str) -> None:
    with Rig("strict", allowed_hosts="mlflow.example") as strict:
        async with connected(strict.url) as server:
            with pytest.raises(NotAnswered) as raised:
                await server.call("GET", "mlflow/registered-models/search")

    assert raised.value.reason == "HostNotAllowed"
    assert "--allowed-hosts" in raised.value.message


async def _content_unseen(watched: Watched, name: str, version: str) -> Unseen:
    """Why the version's bytes cannot be read, once that is known."""
    watched.want_version("production", name, version)
    return await eventually(partial(_final, watched, name, version))


def _final(watched: Watched, name: str, version: str) -> Unseen | None:
    answer = watched.source.get(VersionSubject("production", name, version))
    found: ModelVersion | None = answer.value if isinstance(answer, Observed) else None
    content = found and found.content
    unknown = isinstance(content, Unseen) and content.why.reason != "ReadingBytes"
    return content if unknown and isinstance(content, Unseen) else None
