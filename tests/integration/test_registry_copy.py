"""Copies between two real registries, and aliases."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from rig.mlflow_server import MlflowServer as Rig
from rig.models import LoggedVersion, client_of, log_files, log_model
from stagingmirror.errors import ChangedUnderneath, NotAnswered, NotThere, StepFailed
from stagingmirror.registry import origin
from stagingmirror.registry.address import Basic, RegistryAddress
from stagingmirror.registry.aliases import delete_alias, get_alias, set_alias
from stagingmirror.registry.content import tree_hash
from stagingmirror.registry.copy import CopyOrder, copy_version
from stagingmirror.registry.copying import EXPERIMENT
from stagingmirror.registry.server import MlflowServer
from stagingmirror.view import FileHash
from support.registries import connected, in_front_of, watching

pytestmark = pytest.mark.integration

FILES: dict[str, bytes | str] = {
    "MLmodel": "flavors: {}\n",
    "data/weights 1.bin": b"w" * 3_000_000,
    "data/empty": b"",
    "tokenizer.json": b"{}",
}


@pytest.fixture
def name() -> str:
    return f"model-{secrets.token_hex(4)}"


@pytest.fixture
async def production(mlflow_production: Rig) -> AsyncIterator[MlflowServer]:
    async with connected(mlflow_production.url) as server:
        yield server


@pytest.fixture
async def staging(mlflow_staging: Rig) -> AsyncIterator[MlflowServer]:
    async with connected(mlflow_staging.url) as server:
        yield server


def order_of(made: LoggedVersion, hashed: str, refresh: str = "r1") -> CopyOrder:
    return CopyOrder(made.name, made.version, made.name, hashed, "production", refresh)


def hash_of(files: dict[str, bytes | str]) -> str:
    """The tree hash, computed from what was logged and not from what a server says."""
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return tree_hash(
        {path: FileHash(hashlib.sha256(read).hexdigest(), len(read)) for path, read in data.items()}
    )


def versions(rig: Rig, name: str) -> list[str]:
    return sorted(one.version for one in client_of(rig).search_model_versions(f"name = '{name}'"))


def copies(rig: Rig, name: str) -> tuple[int, int]:
    """How many runs and logged models the copies of this model left behind."""
    client = client_of(rig)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return 0, 0
    runs = client.search_runs([experiment.experiment_id], f"tags.`{origin.MODEL}` = '{name}'")
    logged = client.search_logged_models([experiment.experiment_id], f"name = '{name}'")
    return len(runs), len(logged)


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
    assert origin.foreign(here.tags) == origin.foreign(there.tags)
    assert here.tags[origin.REGISTRY] == "production"
    assert here.tags[origin.VERSION] == made.version
    assert here.tags[origin.TREE_HASH] == hashed
    assert here.tags[origin.REFRESH_ID] == "r1"
    assert here.tags[origin.COPIED_AT].endswith("+00:00")


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
    order = order_of(made, hash_of(FILES))
    first = await copy_version(production, staging, order, clock=time.time)
    client_of(mlflow_production).set_model_version_tag(
        name, "1", "data_snapshot_date", "2026-11-21"
    )

    again = await copy_version(
        production, staging, replace(order, refresh_id="r2"), clock=time.time
    )

    tags = client_of(mlflow_staging).get_model_version(name, again).tags
    assert again == first
    assert versions(mlflow_staging, name) == [first]
    assert tags["data_snapshot_date"] == "2026-11-21", "its provenance follows"
    assert tags[origin.REFRESH_ID] == "r1", "who copied the bytes does not"


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

    second = await copy_version(production, staging, order, clock=time.time)

    assert (first, second) == ("1", "2")
    assert (folder / "tokenizer.json").read_bytes() == b"[]", "what others changed is left alone"


class Crash(BaseException):
    """As a SIGKILL: nothing catches it."""


def crashing_at(number: int) -> Callable[[str, str], None]:
    """Ends the caller after so many answered calls."""
    answered = 0

    def on_call(operation: str, result: str) -> None:
        nonlocal answered
        answered += 1
        if answered == number:
            raise Crash

    return on_call


async def test_a_crash_after_any_call_doubles_nothing(
    mlflow_production: Rig, mlflow_staging: Rig, production: MlflowServer, name: str
) -> None:
    files: dict[str, bytes | str] = {"a.bin": b"a" * 100, "b.bin": b"b"}
    crashes = 0
    for number in range(1, 60):
        one = f"{name}-{number}"
        made = log_files(mlflow_production, one, files, params={"p": 1}, dataset="d")
        order = order_of(made, hash_of(files))
        async with connected(mlflow_staging.url, on_call=crashing_at(number)) as crashing:
            try:
                await copy_version(production, crashing, order, clock=time.time)
            except Crash:
                crashes += 1
            else:
                break
        async with connected(mlflow_staging.url) as staging:
            version = await copy_version(production, staging, order, clock=time.time)
        assert version == "1", f"after call {number}"
        assert versions(mlflow_staging, one) == ["1"]
        assert copies(mlflow_staging, one) == (1, 1)
    assert crashes > 12


async def test_a_lost_answer_to_creating_the_version_doubles_nothing(
    mlflow_production: Rig, mlflow_staging: Rig, production: MlflowServer, name: str
) -> None:
    made = log_files(mlflow_production, name, FILES)
    async with (
        in_front_of(mlflow_staging.url, lose="model-versions/create") as losing,
        connected(losing) as staging,
    ):
        version = await copy_version(
            production, staging, order_of(made, hash_of(FILES)), clock=time.time
        )

    assert version == "1"
    assert versions(mlflow_staging, name) == ["1"]


async def test_other_bytes_in_production_than_were_judged_are_not_registered(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
) -> None:
    made = log_files(mlflow_production, name, FILES)
    judged = order_of(made, hash_of({**FILES, "tokenizer.json": b"[]"}))

    with pytest.raises(ChangedUnderneath):
        await copy_version(production, staging, judged, clock=time.time)

    assert versions(mlflow_staging, name) == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [(507, "RegistryFull"), (500, "RegistryFailed"), (403, "RegistryForbidden")],
)
async def test_a_registry_that_takes_no_files_fails_the_step_and_registers_nothing(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    name: str,
    status: int,
    reason: str,
) -> None:
    made = log_files(mlflow_production, name, {"w.bin": b"w"})

    def refuse(request: web.Request) -> web.Response | None:
        return web.Response(status=status, text="secret") if request.method == "PUT" else None

    async with (
        in_front_of(mlflow_staging.url, refuse) as full,
        connected(full) as staging,
    ):
        order = order_of(made, hash_of({"w.bin": b"w"}))
        with pytest.raises(StepFailed) as failed:
            await copy_version(production, staging, order, clock=time.time)

    assert failed.value.reason == reason
    assert "secret" not in str(failed.value)
    assert versions(mlflow_staging, name) == []


async def test_a_source_that_goes_away_in_the_middle_is_not_the_destinations_fault(
    mlflow_production: Rig, staging: MlflowServer, mlflow_staging: Rig, name: str
) -> None:
    made = log_files(mlflow_production, name, FILES)

    def vanish(request: web.Request) -> web.Response | None:
        return web.Response(status=502) if request.path.endswith("tokenizer.json") else None

    async with (
        in_front_of(mlflow_production.url, vanish) as failing,
        connected(failing) as production,
    ):
        with pytest.raises(NotAnswered) as failed:
            await copy_version(production, staging, order_of(made, hash_of(FILES)), clock=time.time)

    assert failed.value.reason == "ServerError"
    assert versions(mlflow_staging, name) == []


async def test_a_destination_that_alters_bytes_is_found_out(
    mlflow_production: Rig, mlflow_staging: Rig, production: MlflowServer, name: str
) -> None:
    made = log_files(mlflow_production, name, {"w.bin": b"w"})

    def alter(request: web.Request) -> web.Response | None:
        is_file = request.method == "GET" and request.path.endswith("w.bin")
        return web.Response(body=b"x") if is_file else None

    async with (
        in_front_of(mlflow_staging.url, alter) as altering,
        connected(altering) as staging,
    ):
        with pytest.raises(StepFailed) as failed:
            await copy_version(
                production, staging, order_of(made, hash_of({"w.bin": b"w"})), clock=time.time
            )

    assert failed.value.reason == "CopyDiffers"
    assert versions(mlflow_staging, name) == []


async def test_copies_at_once_to_one_name_make_one_version(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
) -> None:
    made = log_files(mlflow_production, name, {"w.bin": b"w"})
    order = order_of(made, hash_of({"w.bin": b"w"}))

    both = await asyncio.gather(
        copy_version(production, staging, order, clock=time.time),
        copy_version(production, staging, replace(order, refresh_id="r2"), clock=time.time),
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
