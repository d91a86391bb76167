"""Whether real servers lead to one registry or to two."""

from collections.abc import Iterator

import pytest

from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.view import Observed
from support.mlflow.registries import Watched, eventually, in_front_of, watching

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("mlflow-one-store")]


@pytest.fixture(scope="module")
def one_store() -> Iterator[tuple[MlflowServer, MlflowServer]]:
    """Two tracking servers, with runs of their own, over one registry."""
    with (
        MlflowServer("store") as first,
        MlflowServer("beside", registry=first.database) as second,
    ):
        yield first, second


async def until_polled(watched: Watched, *environments: str) -> None:
    await eventually(
        lambda: all(isinstance(watched.source.answers(each), Observed) for each in environments)
    )


async def test_one_registry_behind_two_addresses_is_found_and_two_are_distinguished(
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
            for environment in addresses:
                watched.want_alias(environment, name, "champion")
            await until_polled(watched, *addresses)

            assert source.same_registry("production", "nowhere") is None
            assert source.same_registry("production", "alias") is True
            assert await eventually(lambda: source.same_registry("production", "staging") is False)
            assert source.same_registry("production", "alias") is True


async def test_a_registry_that_does_not_have_productions_model_is_another_one(
    mlflow_production: MlflowServer, mlflow_staging: MlflowServer, name: str
) -> None:
    log_files(mlflow_production, name)
    addresses = {
        "production": RegistryAddress(mlflow_production.url),
        "staging": RegistryAddress(mlflow_staging.url),
    }
    async with watching(addresses) as watched:
        watched.want_alias("production", name, "champion")
        watched.want_alias("staging", f"{name}-of-staging", "champion")
        await until_polled(watched, *addresses)

        assert await eventually(
            lambda: watched.source.same_registry("production", "staging") is False
        )


async def test_two_tracking_servers_over_one_registry_are_never_two_registries(
    one_store: tuple[MlflowServer, MlflowServer], name: str
) -> None:
    first, second = one_store
    addresses = {
        "production": RegistryAddress(first.url),
        "staging": RegistryAddress(second.url),
    }
    seen = []
    async with watching(addresses) as watched:
        for environment in addresses:
            watched.want_alias(environment, name, "champion")
        await until_polled(watched, *addresses)
        empty = watched.source.same_registry("production", "staging")

        log_files(first, name, alias="champion")
        for environment in addresses:
            await watched.named(environment, name, "champion")
        seen.append(watched.source.same_registry("production", "staging"))
        client_of(first).rename_registered_model(name, f"{name}-2")
        watched.want_alias("staging", f"{name}-2", "champion")
        await watched.named("staging", f"{name}-2", "champion")
        seen.append(watched.source.same_registry("production", "staging"))

    assert empty is None
    assert False not in seen
