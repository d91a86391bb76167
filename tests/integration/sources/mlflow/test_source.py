"""What the view says of real registries."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import mlflow
import pytest

from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files, log_model
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.subjects import (
    AliasSubject,
    Content,
    ModelVersion,
    VersionSubject,
)
from stagingmirror.view import Observed, Subject
from support.mlflow.registries import QUICK, Watched, eventually, watching

pytestmark = pytest.mark.integration


@pytest.fixture
async def watched(mlflow_production: MlflowServer) -> AsyncIterator[Watched]:
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as one:
        yield one


async def test_a_version_shows_its_run_parameters_snapshot_and_bytes(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    made = log_model(
        mlflow_production,
        name,
        params={"C": 0.5, "depth": 7},
        alias="champion",
        data_snapshot="2026-11-20",
        dataset="abc123",
    )

    watched.want_alias("production", name, "champion")
    version = await watched.named("production", name, "champion")
    found = await watched.read("production", name, version)

    assert version == made.version
    assert found.origin_run_id == made.run_id
    assert found.parameters == {"C": "0.5", "depth": "7"}
    assert found.tags["data_snapshot_date"] == "2026-11-20"
    assert found.dataset_inputs == ("training-data@abc123",)
    assert found.signature is not None
    assert '"inputs"' in found.signature
    assert found.requirements == f"mlflow=={mlflow.__version__}\nnumpy\nscikit-learn"
    assert isinstance(found.content, Content)
    assert {"MLmodel", "requirements.txt"} < found.content.files.keys()


async def test_an_alias_that_moves_is_announced_with_the_time_it_was_seen(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, alias="champion")
    subject = watched.want_alias("production", name, "champion")
    assert await watched.named("production", name, "champion") == "1"
    first = watched.source.get(AliasSubject("production", name, "champion"))
    watched.changes.clear()

    before = time.time()
    await asyncio.to_thread(log_files, mlflow_production, name, alias="champion")
    await eventually(lambda: subject in watched.changes)

    second = watched.source.get(AliasSubject("production", name, "champion"))
    assert isinstance(first, Observed)
    assert first.value is not None
    assert first.value.moved is None
    assert isinstance(second, Observed)
    assert second.value is not None
    assert second.value.version == "2"
    assert second.value.moved is not None
    assert second.value.unmoved is not None
    assert first.began <= second.value.unmoved < second.value.moved
    assert before < second.value.moved
    assert (await watched.read("production", name, "2")).version == "2"


async def test_what_is_not_there_is_proven_absent(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, alias="champion")

    watched.want_alias("production", name, "challenger")
    watched.want_alias("production", f"{name}-missing", "champion")
    watched.want_version("production", name, "17")

    for subject in (
        AliasSubject("production", name, "challenger"),
        AliasSubject("production", f"{name}-missing", "champion"),
        VersionSubject("production", name, "17"),
    ):
        assert await eventually(partial(_is_absent, watched, subject))


def _is_absent(watched: Watched, subject: Subject[Any]) -> bool:
    answer = watched.source.get(subject)
    return isinstance(answer, Observed) and answer.value is None and answer.trouble is None


async def test_fifty_aliases_cost_one_search_an_interval(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    client = client_of(mlflow_production)
    for number in range(10):
        log_files(mlflow_production, f"{name}-{number}", {"w": b"w"})
        for alias in "abcde":
            client.set_registered_model_alias(f"{name}-{number}", alias, "1")
            watched.want_alias("production", f"{name}-{number}", alias)
    for number in range(10):
        await watched.read(
            "production",
            f"{name}-{number}",
            await watched.named("production", f"{name}-{number}", "a"),
        )

    watched.calls.clear()
    await asyncio.sleep(3)

    assert 2 <= watched.calls["registered-models/search"] <= 7
    assert watched.calls["model-versions/search"] <= 7
    assert watched.calls["runs/search"] <= 7
    assert watched.calls["logged-models/search"] <= 7
    assert watched.calls["registered-models/get"] == 0


async def test_a_version_that_is_a_copy_of_another_shows_the_same_bytes_and_parameters(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    made = log_model(mlflow_production, name, params={"C": 2.0})
    client_of(mlflow_production).copy_model_version(f"models:/{name}/{made.version}", f"{name}-b")

    watched.want_version("production", name, "1")
    watched.want_version("production", f"{name}-b", "1")
    one = await watched.read("production", name, "1")
    other = await watched.read("production", f"{name}-b", "1")

    assert one.content == other.content
    assert one.parameters == other.parameters == {"C": "2.0"}
    assert one.origin_run_id == other.origin_run_id == made.run_id


async def test_environments_with_the_same_server_are_polled_once(
    mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, alias="champion")
    address = RegistryAddress(mlflow_production.url)
    async with watching({"one": address, "two": address}, QUICK) as watched:
        watched.want_alias("one", name, "champion")
        watched.want_alias("two", name, "champion")
        await watched.named("one", name, "champion")
        await watched.named("two", name, "champion")
        watched.calls.clear()
        await asyncio.sleep(2)
        assert watched.calls["registered-models/search"] <= 5

        watched.source.registries.set("one", None)
        assert isinstance(watched.source.get(AliasSubject("one", name, "champion")), Unseen)
        assert isinstance(watched.source.get(AliasSubject("two", name, "champion")), Observed)


async def test_tags_that_change_are_seen_at_the_next_look(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    client = client_of(mlflow_production)
    made = log_files(mlflow_production, name, data_snapshot="2026-11-20")
    log_files(mlflow_production, name)
    watched.want_version("production", name, "1")
    watched.want_version("production", name, "2")
    await watched.read("production", name, "1")

    client.set_model_version_tag(name, "1", "data_snapshot_date", "2026-11-21")
    client.set_tag(made.run_id, "pipeline", "10")

    def seen() -> bool:
        found = watched.found("production", name, "1")
        return found is not None and (
            found.tags["data_snapshot_date"] == "2026-11-21"
            and found.run_tags.get("pipeline") == "10"
        )

    assert await eventually(seen, within=30)


async def test_tags_of_logged_models_are_as_young_as_the_look_that_shows_them(
    mlflow_production: MlflowServer, name: str
) -> None:
    made = [log_model(mlflow_production, name, seed=number) for number in range(2)]
    client = client_of(mlflow_production)
    address = RegistryAddress(mlflow_production.url)
    async with watching({"production": address}, Settings(store_interval=300)) as watched:
        for one in made:
            watched.want_version("production", name, one.version)
        for one in made:
            await watched.read("production", name, one.version)
        assert made[0].model_id is not None
        client.set_logged_model_tags(made[0].model_id, {"data": "new"})
        since = time.time()

        def look() -> Observed[ModelVersion] | None:
            seen = watched.source.get(VersionSubject("production", name, made[0].version))
            return seen if isinstance(seen, Observed) and seen.began >= since else None

        found = (await eventually(look)).value

    assert found is not None
    assert found.tags["data"] == "new"
    assert watched.calls["logged-models/search"] > 0


async def test_an_address_that_changes_takes_what_is_wanted_along(
    mlflow_production: MlflowServer, mlflow_staging: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, alias="champion")
    log_files(mlflow_staging, name)
    log_files(mlflow_staging, name, alias="champion")
    why = Why("NoSecret", "the Secret is missing")
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as watched:
        watched.want_alias("production", name, "champion")
        assert await watched.named("production", name, "champion") == "1"

        watched.source.registries.set("production", why)
        unseen = watched.source.get(AliasSubject("production", name, "champion"))
        watched.source.registries.set("production", RegistryAddress(mlflow_staging.url))

        assert await watched.named("production", name, "champion") == "2"
    assert isinstance(unseen, Unseen)
    assert unseen.why == why
