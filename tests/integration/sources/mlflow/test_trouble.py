"""What the view says where a real registry answers badly or not at all."""

import secrets
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest
from aiohttp import web

from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from stagingmirror.drift.facts import Unseen
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.subjects import AliasSubject, VersionSubject
from stagingmirror.sources.source import Basic
from stagingmirror.view import Observed
from support.mlflow.registries import Watched, connected, eventually, in_front_of, watching

pytestmark = pytest.mark.integration


@pytest.fixture
async def watched(mlflow_production: MlflowServer) -> AsyncIterator[Watched]:
    async with watching({"production": RegistryAddress(mlflow_production.url)}) as one:
        yield one


async def test_a_server_that_does_not_answer_leaves_the_last_answer_with_its_age_and_trouble(
    mlflow_production: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name, alias="champion")
    address = RegistryAddress(mlflow_production.url)
    async with watching(
        {"production": address}, Settings(store_interval=0.5, upstream_timeout=3.0)
    ) as watched:
        watched.want_alias("production", name, "champion")
        await watched.read("production", name, await watched.named("production", name, "champion"))

        paused = time.time()
        mlflow_production.pause()
        try:

            def troubled() -> bool:
                look = watched.source.get(VersionSubject("production", name, "1"))
                return isinstance(look, Observed) and look.trouble is not None

            await eventually(troubled)
            named = watched.source.get(AliasSubject("production", name, "champion"))
            version = watched.source.get(VersionSubject("production", name, "1"))
        finally:
            mlflow_production.resume()
        recovered = await eventually(lambda: _whole(watched, name, paused))

    assert isinstance(named, Observed)
    assert named.value is not None
    assert named.began < paused + 0.5
    assert isinstance(version, Observed)
    assert version.value is not None
    assert version.trouble is not None
    assert version.trouble.reason == "TimedOut"
    assert recovered.trouble is None


def _whole(watched: Watched, name: str, since: float) -> Observed[object] | None:
    look = watched.source.get(VersionSubject("production", name, "1"))
    fine = isinstance(look, Observed) and look.trouble is None and look.began > since + 1
    return look if fine else None  # type: ignore[return-value]


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
    answer = watched.source.get(AliasSubject(environment, name, "champion"))
    assert isinstance(answer, Unseen)
    return answer if answer.why.reason != "NotPolledYet" else None


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
            look = watched.source.get(AliasSubject("production", name, "champion"))
            assert isinstance(look, Observed)
            assert look.value is not None
            seen.append(look.value.version)
            return look.value.version == "3"

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
        look = watched.source.get(AliasSubject("production", name, "champion"))

    assert reason == "Forbidden"
    assert isinstance(look, Observed)
    assert look.value is not None, "one failed look changes nothing by itself"


def _trouble(watched: Watched, name: str) -> str | None:
    look = watched.source.get(AliasSubject("production", name, "champion"))
    return look.trouble.reason if isinstance(look, Observed) and look.trouble else None


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
        first = watched.source.get(VersionSubject("production", name, "1"))

    assert isinstance(first, Unseen)
    assert first.why.reason == "ServerError"
