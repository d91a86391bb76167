"""What the view says of real registries."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import mlflow
import pytest
from aiohttp import web

from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files, log_model
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotAnswered
from stagingmirror.registry.address import Basic, RegistryAddress
from stagingmirror.settings import Settings
from stagingmirror.view import Content, Look
from support.registries import QUICK, Watched, connected, eventually, in_front_of, watching

pytestmark = pytest.mark.integration


@pytest.fixture
def name() -> str:
    return f"model-{secrets.token_hex(4)}"


@pytest.fixture
async def watched(mlflow_production: MlflowServer) -> AsyncIterator[Watched]:
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as one:
        yield one


def overwrite(server: MlflowServer, source: str, file: str, data: bytes) -> None:
    """As somebody with access to the bucket would: MLflow hears nothing of it."""
    folder = source.removeprefix("mlflow-artifacts:/").strip("/")
    Path(server.artifacts, folder, file).write_bytes(data)


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
    first = watched.source.model_alias("production", name, "champion")
    watched.changes.clear()

    before = time.time()
    await asyncio.to_thread(log_files, mlflow_production, name, alias="champion")
    await eventually(lambda: subject in watched.changes)

    second = watched.source.model_alias("production", name, "champion")
    assert isinstance(first, Look)
    assert first.found is not None
    assert first.found.moved is None
    assert isinstance(second, Look)
    assert second.found is not None
    assert second.found.version == "2"
    assert second.found.moved is not None
    assert second.found.unmoved is not None
    assert first.began <= second.found.unmoved < second.found.moved
    assert before < second.found.moved
    assert (await watched.read("production", name, "2")).version == "2"


async def test_what_is_not_there_is_proven_absent(
    watched: Watched, mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, alias="champion")

    watched.want_alias("production", name, "challenger")
    watched.want_alias("production", f"{name}-missing", "champion")
    watched.want_version("production", name, "17")

    for ask, key in (
        (watched.source.model_alias, (name, "challenger")),
        (watched.source.model_alias, (f"{name}-missing", "champion")),
        (watched.source.model_version, (name, "17")),
    ):
        assert await eventually(partial(_is_absent, ask, key))


def _is_absent(ask: Callable[[str, str, str], object], key: tuple[str, str]) -> bool:
    answer = ask("production", *key)
    return isinstance(answer, Look) and answer.found is None and answer.trouble is None


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

    proven = watched.source.model_version("production", name, "1")
    named = watched.source.model_alias("production", name, "champion")
    assert isinstance(content, Content)
    assert content.read < since
    assert isinstance(proven, Look)
    assert proven.began >= since
    assert isinstance(named, Look)
    assert named.began >= since
    assert proven.found is not None
    assert isinstance(proven.found.content, Content)
    assert proven.found.content.read >= since


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
    assert watched.calls["registered-models/get"] == 0


async def test_a_server_that_does_not_answer_leaves_the_last_answer_with_its_age_and_trouble(
    mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, alias="champion")
    address = RegistryAddress(mlflow_production.url)
    async with watching(
        {"production": address}, Settings(store_interval=0.5, upstream_timeout=0.5)
    ) as watched:
        watched.want_alias("production", name, "champion")
        await watched.read("production", name, await watched.named("production", name, "champion"))

        paused = time.time()
        mlflow_production.pause()
        try:

            def troubled() -> bool:
                look = watched.source.model_version("production", name, "1")
                return isinstance(look, Look) and look.trouble is not None

            await eventually(troubled)
            named = watched.source.model_alias("production", name, "champion")
            version = watched.source.model_version("production", name, "1")
        finally:
            mlflow_production.resume()
        recovered = await eventually(lambda: _whole(watched, name, paused))

    assert isinstance(named, Look)
    assert named.found is not None
    assert named.began < paused + 0.5
    assert isinstance(version, Look)
    assert version.found is not None
    assert version.trouble is not None
    assert version.trouble.reason == "TimedOut"
    assert recovered.trouble is None


def _whole(watched: Watched, name: str, since: float) -> Look[object] | None:
    look = watched.source.model_version("production", name, "1")
    fine = isinstance(look, Look) and look.trouble is None and look.began > since + 1
    return look if fine else None  # type: ignore[return-value]


async def test_one_registry_behind_two_addresses_is_found_and_two_are_told_apart(
    mlflow_production: MlflowServer, mlflow_staging: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name)
    log_files(mlflow_staging, name)
    async with in_front_of(mlflow_production.url) as proxy:
        addresses = {
            "production": RegistryAddress(mlflow_production.url),
            "alias": RegistryAddress(proxy),
            "staging": RegistryAddress(mlflow_staging.url),
        }
        async with watching(addresses) as watched:
            source = watched.source
            await eventually(lambda: all(source.identity(environment) for environment in addresses))

            assert source.same_registry("production", "alias") is True
            assert source.same_registry("production", "staging") is False
            assert source.same_registry("production", "nowhere") is None


async def test_what_may_not_be_read_is_forbidden_and_never_absent(
    mlflow_auth: MlflowServer, name: str
) -> None:
    log_files(mlflow_auth, name, alias="champion")
    guest = Basic(f"guest-{secrets.token_hex(3)}", secrets.token_urlsafe(16))
    assert mlflow_auth.password is not None
    admin = Basic(mlflow_auth.username, mlflow_auth.password)
    async with connected(mlflow_auth.url, credentials=admin) as server:
        body = {"username": guest.username, "password": guest.password}
        await server.call("POST", "mlflow/users/create", body=body)

    addresses = {
        "guest": RegistryAddress(mlflow_auth.url, guest),
        "admin": RegistryAddress(mlflow_auth.url, admin),
        "wrong": RegistryAddress(mlflow_auth.url, Basic("admin", "wrong")),
    }
    async with watching(addresses) as watched:
        for environment in addresses:
            watched.want_alias(environment, name, "champion")
        await watched.named("admin", name, "champion")
        unseen = {}
        for environment in ("guest", "wrong"):
            unseen[environment] = await eventually(partial(_asked, watched, environment, name))

    assert unseen["guest"].why.reason == "Forbidden"
    assert unseen["wrong"].why.reason == "Unauthorized"
    assert admin.password not in repr(unseen)


def _asked(watched: Watched, environment: str, name: str) -> Unseen | None:
    answer = watched.source.model_alias(environment, name, "champion")
    assert isinstance(answer, Unseen)
    return answer if answer.why.reason != "NotAskedYet" else None


async def test_a_hash_from_before_a_restart_is_kept_without_reading_the_bytes_again(
    mlflow_production: MlflowServer, name: str
) -> None:
    log_model(mlflow_production, name, alias="champion")
    addresses = {"production": RegistryAddress(mlflow_production.url)}
    async with watching(addresses, Settings()) as first:
        first.want_alias("production", name, "champion")
        await first.named("production", name, "champion")
        before = await first.read("production", name, "1")
    assert isinstance(before.content, Content)

    async with watching(addresses, Settings()) as second:
        second.source.adopt("production", name, "1", before.content)
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
        first.want_alias("production", name, "champion")
        await first.named("production", name, "champion")
        before = (await first.read("production", name, "1")).content
    assert isinstance(before, Content)
    overwrite(mlflow_production, made.source, "w.bin", b"b" * 10)

    async with watching(addresses) as second:
        second.source.adopt("production", name, "1", before)
        second.want_alias("production", name, "champion")
        await second.named("production", name, "champion")
        after = await second.tree_hash("production", name, "1")

    assert after != before.tree_hash


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

        watched.source.remove("one")
        assert isinstance(watched.source.model_alias("one", name, "champion"), Unseen)
        assert isinstance(watched.source.model_alias("two", name, "champion"), Look)


async def test_an_alias_that_moves_while_its_version_is_read_makes_no_look(
    mlflow_production: MlflowServer, name: str
) -> None:
    client = client_of(mlflow_production)
    for _ in range(3):
        log_files(mlflow_production, name)
    client.set_registered_model_alias(name, "champion", "1")

    def move_on(request: web.Request) -> None:
        if request.path.endswith("model-versions/get") and request.query["version"] == "2":
            client.set_registered_model_alias(name, "champion", "3")

    seen: list[str] = []
    async with (
        in_front_of(mlflow_production.url, move_on) as proxy,
        watching({"production": RegistryAddress(proxy)}) as watched,
    ):
        watched.want_alias("production", name, "champion")
        seen.append(await watched.named("production", name, "champion"))
        client.set_registered_model_alias(name, "champion", "2")

        def last() -> bool:
            look = watched.source.model_alias("production", name, "champion")
            assert isinstance(look, Look)
            assert look.found is not None
            seen.append(look.found.version)
            return look.found.version == "3"

        await eventually(last)

    assert set(seen) == {"1", "3"}


async def test_a_model_that_a_search_hides_is_asked_for_directly(
    mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, alias="champion")
    forbidden: list[bool] = []

    def hide(request: web.Request) -> web.Response | None:
        if request.path.endswith("registered-models/search"):
            return web.json_response({})
        if forbidden and request.path.endswith("registered-models/get"):
            return web.Response(status=403)
        return None

    async with (
        in_front_of(mlflow_production.url, hide) as proxy,
        watching({"production": RegistryAddress(proxy)}) as watched,
    ):
        watched.want_alias("production", name, "champion")
        assert await watched.named("production", name, "champion") == "1"

        forbidden.append(True)
        reason = await eventually(lambda: _trouble(watched, name))
        look = watched.source.model_alias("production", name, "champion")

    assert reason == "Forbidden"
    assert isinstance(look, Look)
    assert look.found is not None, "one failed look changes nothing by itself"


def _trouble(watched: Watched, name: str) -> str | None:
    look = watched.source.model_alias("production", name, "champion")
    return look.trouble.reason if isinstance(look, Look) and look.trouble else None


async def test_what_is_wrong_with_one_version_is_not_wrong_with_another(
    mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name)
    log_files(mlflow_production, name)

    def fail(request: web.Request) -> web.Response | None:
        is_first = request.query.get("version") == "1"
        return web.Response(status=500) if is_first else None

    async with (
        in_front_of(mlflow_production.url, fail) as proxy,
        watching({"production": RegistryAddress(proxy)}) as watched,
    ):
        watched.want_version("production", name, "1")
        watched.want_version("production", name, "2")
        await watched.read("production", name, "2")
        first = watched.source.model_version("production", name, "1")

    assert isinstance(first, Unseen)
    assert first.why.reason == "ServerError"


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

    assert await eventually(seen, within=5)


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

        watched.source.configure("production", why)
        unseen = watched.source.model_alias("production", name, "champion")
        watched.source.configure("production", RegistryAddress(mlflow_staging.url))

        assert await watched.named("production", name, "champion") == "2"
    assert isinstance(unseen, Unseen)
    assert unseen.why == why


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
