"""What the view says of the bytes of models in real registries."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files, log_model
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotAnswered, NotRead
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.subjects import AliasSubject, Content, VersionSubject
from stagingmirror.view import Observed
from support.mlflow.registries import Watched, eventually, exported, in_front_of, watching

pytestmark = pytest.mark.integration


@pytest.fixture
async def watched(mlflow_production: MlflowServer) -> AsyncIterator[Watched]:
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as one:
        yield one


def overwrite(
    server: MlflowServer, source: str, file: str, data: bytes, *, told: bool = True
) -> None:
    """As somebody with access to the bucket would: MLflow hears nothing of it. Not ``told``: nor
    does the store, by the file's time.
    """
    path = Path(server.artifacts, source.removeprefix("mlflow-artifacts:/").strip("/"), file)
    before = path.stat()
    path.write_bytes(data)
    if not told:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


async def test_bytes_overwritten_under_the_same_version_are_found_without_reading_all(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    made = log_files(mlflow_production, name, {"weights.bin": b"a" * 1000}, alias="champion")
    watched.want_alias("production", name, "champion")
    first = await watched.tree_hash(
        "production", name, await watched.named("production", name, "champion")
    )

    overwrite(mlflow_production, made.source, "weights.bin", b"b" * 1000)

    def another() -> bool:
        found = watched.found("production", name, "1")
        content = found.content if found is not None else None
        return isinstance(content, Content) and content.tree_hash != first

    assert await eventually(another)


async def test_bytes_that_somebody_doubts_are_hidden_and_read_anew_at_once(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    made = log_files(mlflow_production, name, {"weights.bin": b"a" * 1000})
    watched.want_version("production", name, "1")
    first = await watched.tree_hash("production", name, "1")
    overwrite(mlflow_production, made.source, "weights.bin", b"b" * 1000, told=False)
    watched.changes.clear()

    watched.source.doubt("production", name, "1")

    hidden = watched.found("production", name, "1")
    assert hidden is not None
    assert isinstance(hidden.content, Unseen)
    assert watched.changes == [VersionSubject("production", name, "1")]
    assert await watched.tree_hash("production", name, "1") != first


async def test_unchanged_bytes_are_read_once_and_again_only_to_prove(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, {"a.bin": b"1", "deep/b.bin": b"22"}, alias="champion")
    alias = watched.want_alias("production", name, "champion")
    await watched.read("production", name, await watched.named("production", name, "champion"))
    content = (await watched.read("production", name, "1")).content
    await asyncio.sleep(1.5)
    assert (await watched.read("production", name, "1")).content == content

    since = time.time()
    await watched.source.prove([alias], since=since, read_bytes=True)

    proven = watched.source.get(VersionSubject("production", name, "1"))
    named = watched.source.get(AliasSubject("production", name, "champion"))
    assert isinstance(content, Content)
    assert content.read < since
    assert isinstance(proven, Observed)
    assert proven.began >= since
    assert isinstance(named, Observed)
    assert named.began >= since
    assert proven.value is not None
    assert isinstance(proven.value.content, Content)
    assert proven.value.content.read >= since


async def test_a_hash_from_before_a_restart_is_kept_without_reading_the_bytes_again(
    mlflow_production: MlflowServer, name: str
) -> None:
    log_model(mlflow_production, name, alias="champion")
    addresses = {"production": RegistryAddress(mlflow_production.url)}
    async with watching(addresses, Settings()) as first:
        first.want_alias("production", name, "champion")
        first.want_version("production", name, "1")
        before = await first.read("production", name, "1")
        kept = exported(first.source)
    assert isinstance(before.content, Content)

    async with watching(addresses, Settings()) as second:
        second.source.adopt(kept)
        second.want_alias("production", name, "champion")
        await second.named("production", name, "champion")
        after = await second.read("production", name, "1")
        asked = second.calls["artifacts/get"]

    assert after == before
    assert asked == len(before.content.files) + 2, "a byte of each, and the two texts"


async def test_a_hash_from_before_a_restart_is_not_believed_when_the_files_changed(
    mlflow_production: MlflowServer, name: str
) -> None:
    made = log_files(mlflow_production, name, {"w.bin": b"a" * 10}, alias="champion")
    addresses = {"production": RegistryAddress(mlflow_production.url)}
    async with watching(addresses) as first:
        first.want_version("production", name, "1")
        before = (await first.read("production", name, "1")).content
        kept = exported(first.source)
    assert isinstance(before, Content)
    overwrite(mlflow_production, made.source, "w.bin", b"b" * 10)

    async with watching(addresses) as second:
        second.source.adopt(kept)
        second.want_alias("production", name, "champion")
        await second.named("production", name, "champion")
        after = await second.tree_hash("production", name, "1")

    assert after != before.tree_hash


async def test_files_that_the_server_does_not_serve_are_told_with_what_to_do(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    client = client_of(mlflow_production)
    client.create_registered_model(name)
    client.create_model_version(name, "s3://bucket/model")

    watched.want_version("production", name, "1")
    found = await eventually(lambda: watched.found("production", name, "1"))

    assert isinstance(found.content, Unseen)
    assert found.content.why.reason == "ArtifactsNotReadable"
    assert "--serve-artifacts" in found.content.why.message


async def test_a_version_over_the_bound_is_too_large_and_not_read(
    mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, {"w.bin": b"x" * 2000}, alias="champion")
    address = RegistryAddress(mlflow_production.url, max_bytes=1000)
    async with watching({"production": address}) as watched:
        watched.want_version("production", name, "1")

        def why() -> Why | None:
            found = watched.found("production", name, "1")
            content = found.content if found is not None else None
            if isinstance(content, Unseen) and content.why.reason != "ReadingBytes":
                return content.why
            return None

        assert (await eventually(why)).reason == "TooLarge"
        assert watched.calls["artifacts/get"] == 0


async def test_bytes_that_cannot_be_read_anew_are_not_proven(
    mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, {"w.bin": b"w" * 10}, alias="champion")
    broken: list[bool] = []

    def fail(request: web.Request) -> web.Response | None:
        is_file = broken and request.path.endswith("w.bin")
        return web.Response(body=b"half") if is_file else None

    async with (
        in_front_of(mlflow_production.url, fail) as proxy,
        watching({"production": RegistryAddress(proxy)}, Settings()) as watched,
    ):
        alias = watched.want_alias("production", name, "champion")
        await watched.named("production", name, "champion")
        await watched.read("production", name, "1")
        broken.append(True)

        with pytest.raises(NotAnswered) as raised:
            await watched.source.prove([alias], since=time.time(), read_bytes=True)
        found = watched.found("production", name, "1")

    assert raised.value.reason == "HalfRead"
    assert found is not None
    assert isinstance(found.content, Unseen), "the store says that the file is another"
    assert found.content.why.reason == "HalfRead"


async def test_bytes_that_were_asked_for_stay_in_doubt_until_they_were_read(
    mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, {"w.bin": b"w" * 10}, alias="champion")
    broken: list[bool] = []

    def fail(request: web.Request) -> web.Response | None:
        is_file = broken and request.method == "GET" and request.path.endswith("w.bin")
        return web.Response(status=503) if is_file else None

    async with (
        in_front_of(mlflow_production.url, fail) as proxy,
        watching({"production": RegistryAddress(proxy)}, Settings(store_interval=0.1)) as watched,
    ):
        alias = watched.want_alias("production", name, "champion")
        await watched.named("production", name, "champion")
        await watched.read("production", name, "1")
        broken.append(True)

        with pytest.raises(NotRead):
            await watched.source.prove([alias], since=time.time(), read_bytes=True)
        at_once = watched.source.get(VersionSubject("production", name, "1"))
        await watched.source.prove([alias], since=time.time(), read_bytes=False)
        listed_again = watched.source.get(VersionSubject("production", name, "1"))
        broken.clear()
        await watched.source.prove([alias], since=time.time(), read_bytes=True)
        read_again = watched.source.get(VersionSubject("production", name, "1"))

    for look in (at_once, listed_again):
        assert isinstance(look, Observed)
        assert look.trouble is not None
    assert isinstance(read_again, Observed)
    assert read_again.trouble is None


async def test_asking_anew_is_bounded(mlflow_production: MlflowServer, name: str) -> None:
    log_files(mlflow_production, name, alias="champion")
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as watched:
        alias = watched.want_alias("production", name, "champion")
        await watched.named("production", name, "champion")
        mlflow_production.pause()
        try:
            with pytest.raises(NotAnswered):
                await watched.source.prove([alias], since=time.time(), read_bytes=False, within=0.3)
        finally:
            mlflow_production.resume()
