"""MLflow before 3.0, itself: what it has not is not supported, which is neither forbidden, nor
absent, nor silence.
"""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from rig.mlflow_server import MlflowServer as Rig
from rig.models import client_of, log_files
from rig.python.environment import MLFLOW_2
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotAllowed, NotAnswered, NotSupported
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client import queries
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.copy.aliases import get_alias
from stagingmirror.sources.mlflow.subjects import RegistrySubject
from stagingmirror.sources.source import Basic
from stagingmirror.view import Observed
from support.mlflow.registries import Watched, connected, eventually, watching

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("mlflow-releases")]


@pytest.fixture(scope="module")
def closed() -> Iterator[Rig]:
    """One that wants a login, and permits nothing by default."""
    with Rig("two-closed", password=secrets.token_urlsafe(16), release=MLFLOW_2) as server:
        yield server


def why_not(watched: Watched, subject: RegistrySubject) -> Why | None:
    """Once a round has ended."""
    found: Observed[Any] | Unseen = watched.source.get(subject)
    if isinstance(found, Unseen) and found.why.reason != Reason.NOT_POLLED_YET:
        return found.why
    return None


def is_absent(watched: Watched, subject: RegistrySubject) -> bool:
    found: Observed[Any] | Unseen = watched.source.get(subject)
    return isinstance(found, Observed) and found.value is None


async def test_logged_models_are_not_supported(mlflow_2: Rig) -> None:
    async with connected(mlflow_2.url) as server:
        await queries.search_registered_models(server, set())
        with pytest.raises(NotSupported, match=r"older than 3\.0"):
            await queries.find_logged_models(server, "0", "r1")


async def test_a_workspace_is_not_supported_and_not_taken_for_the_whole_server(
    mlflow_2: Rig, name: str
) -> None:
    log_files(mlflow_2, name, alias="champion")
    address = RegistryAddress(mlflow_2.url, workspace="team-a")
    async with watching({"staging": address}) as watched:
        subject = watched.want_alias("staging", name, "champion")
        why = await eventually(lambda: why_not(watched, subject))

    assert why.reason == "NoWorkspaces"
    assert "3.10 or newer" in why.message


@pytest.mark.parametrize("release", ["mlflow_2", "mlflow_staging"])
async def test_what_is_not_there_is_observed(
    release: str, name: str, request: pytest.FixtureRequest
) -> None:
    server: Rig = request.getfixturevalue(release)
    log_files(server, name, alias="Champion")
    async with watching({"staging": RegistryAddress(server.url)}) as watched:
        wanted: list[RegistrySubject] = [
            watched.want_alias("staging", name, "champion"),
            watched.want_alias("staging", f"no-{name}", "champion"),
            watched.want_version("staging", name, "9"),
        ]
        for each in wanted:
            assert await eventually(lambda each=each: is_absent(watched, each))  # type: ignore[misc]


async def test_what_is_not_allowed_is_said_so(closed: Rig, name: str) -> None:
    log_files(closed, name, alias="champion")
    client_of(closed).get_registered_model(name)
    async with connected(closed.url, credentials=Basic("nobody", "x" * 16)) as server:
        with pytest.raises(NotAllowed) as raised:
            await get_alias(server, name, "champion")

    assert raised.value.reason == "Unauthorized"


async def test_one_that_is_silent_does_not_answer(mlflow_2: Rig, name: str) -> None:
    mlflow_2.pause()
    try:
        async with connected(mlflow_2.url, settings=Settings(upstream_timeout=1.0)) as server:
            with pytest.raises(NotAnswered) as raised:
                await get_alias(server, name, "champion")
    finally:
        mlflow_2.resume()

    assert raised.value.reason == "TimedOut"
