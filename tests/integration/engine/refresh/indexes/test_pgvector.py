"""The operator as a process between two real PostgreSQL servers, with the rights of the docs."""

import asyncio
import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from rig.stores.postgres import Postgres
from stagingmirror.api.spec.environment.index_store import PLAIN_TEXT
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.sources.index.pgvector.names import Name
from stagingmirror.sources.index.pgvector.relations import find
from support.index.ground import PLANTED, Side
from support.index.pgvector.ground import PgvectorGround
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.objectstore.worlds import cleared, refreshed
from support.operators.operator import OperatorProcess, World, condition

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]

DAILY = {"schedule": "0 6 * * *", "settle": "0s"}
SERVER = "registry.example/search@sha256:" + "a" * 64
SEARCH = {"kind": "Deployment", "name": "search-api"}


@dataclass(frozen=True, slots=True)
class Search:
    """Production serves ``docs-N-7`` by the view ``docs-N``, staging ``docs-N-6``."""

    world: World
    ground: PgvectorGround
    name: str

    def build(self, side: Side, number: int, documents: int) -> None:
        """The view shows it from now on."""
        table = f"{self.name}-{number}"
        asyncio.run(self.ground.make(side, table, documents))
        asyncio.run(self.ground.point(side, self.name, table))

    def served(self) -> tuple[str, ...]:
        async def found() -> tuple[str, ...]:
            async with self.ground.connected("staging") as connection:
                found = await find(connection, Name("public", self.name))
                return () if found is None else found.targets

        return asyncio.run(found())

    def tables(self) -> set[str]:
        async def found() -> set[str]:
            async with self.ground.connected("staging") as connection:
                of = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'docs-%'"
                return {each["relname"] for each in await connection.fetch(of)}

        return asyncio.run(found())

    def track(self, **refresh: Any) -> None:
        entry = {"production": {"store": "vectors", "alias": self.name}, "usedBy": [SEARCH]}
        self.world.mirror(
            track=[{"name": "product-index", "indexSnapshot": entry}], refresh=DAILY | refresh
        )


async def begun(ground: PgvectorGround) -> None:
    """A connection is of the loop that opened it, and that ends here."""
    await ground.begin()
    await ground.staging.close()


@pytest.fixture(scope="module")
def search(
    control_plane: ControlPlane, postgres_pair: tuple[Postgres, Postgres]
) -> Iterator[Search]:
    ground = PgvectorGround(postgres_pair)
    asyncio.run(begun(ground))
    login = ground.login()
    texts = {"username": login.username, "password": login.password}
    sides: tuple[Side, ...] = ("production", "staging")
    with World(control_plane) as world:
        for side in sides:
            world.kube.apply(
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {
                        "name": f"vectors-{side}",
                        "namespace": world.namespace,
                        "labels": {"stagingmirror.dev/environment": world.environments[side]},
                    },
                    "data": {k: base64.b64encode(v.encode()).decode() for k, v in texts.items()},
                },
                manager="test",
            )
            store = {
                "name": "vectors",
                "type": "Pgvector",
                "url": ground.url(side) + PLAIN_TEXT,
                "credentialsSecretRef": {"name": f"vectors-{side}"},
                "aliases": ["docs-*"],
                **({"copies": "Allowed"} if side == "production" else {}),
            }
            world.environment(side, getattr(world, side), indexStores=[store])
        world.kube.apply(deployment("search-api", world.staging, SERVER), manager="owner")
        made = Search(world, ground, f"docs-{secrets.token_hex(3)}")
        made.build("production", 7, 50)
        made.build("staging", 6, 20)
        yield made
    asyncio.run(ground.close())


@pytest.fixture(scope="module")
def operator(search: Search) -> Iterator[OperatorProcess]:
    with search.world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def world(search: Search, operator: OperatorProcess) -> Iterator[World]:
    yield search.world
    cleared(search.world)


def test_staging_serves_productions_table_and_an_edit_of_it_is_found(
    world: World, search: Search, operator: OperatorProcess
) -> None:
    with Kubelet(world.kube, [world.production, world.staging]):
        search.track()
        status = world.until(lambda status: status.get("sync") == "Drifted", within=60)
        assert "no refresh made index" in status["components"][0]["message"]

        refreshed(world, f"one-{search.name}")
        status = world.until_sync("InSync", within=120)

        (served,) = search.served()
        assert served.startswith(f"{search.name}-7-")
        (component,) = status["components"]
        assert component["staging"]["documentCount"] == "50"
        assert component["production"]["snapshot"] == f"{search.name}-7 of production"

        asyncio.run(search.ground.edit("staging", served))
        world.change({"metadata": {"annotations": {"stagingmirror.dev/check-at": "bytes:one"}}})
        status = world.until_sync("Drifted", within=60)
        assert {each["fact"] for each in status["components"][0]["differences"]} == {
            "contentSample"
        }

        search.build("production", 8, 60)
        world.until(
            lambda status: "snapshot" in str(status["components"][0].get("differences")),
            within=60,
        )
        refreshed(world, f"two-{search.name}")
        world.until_sync("InSync", within=120)
        assert search.served()[0].startswith(f"{search.name}-8-")

    environment = world.kube.get(API_VERSION, "MirrorEnvironment", world.environments["production"])
    assert condition(environment["status"], "UpstreamsReadOnly")["status"] == "True"
    shown = json.dumps([world.read(), world.kube.list("v1", "Event", world.staging)])
    assert PLANTED not in shown + operator.log
    assert search.ground.login().password not in shown + operator.log


def test_a_table_whose_workload_does_not_come_up_is_led_back_and_removed(
    world: World, search: Search
) -> None:
    """Without a node no pod of the new template becomes ready."""
    before, there = search.served(), search.tables()
    search.build("production", 9, 70)
    with Kubelet(world.kube, [world.production, world.staging]):
        search.track(rolloutTimeout="5s")
        world.until(lambda status: status.get("sync") == "Drifted", within=60)
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "three"}}})
    until(lambda: search.served() != before, within=90, what="the view is not moved")
    until(lambda: search.served() == before, within=90, what="the view is not moved back")
    with Kubelet(world.kube, [world.production, world.staging]):
        status = world.until(lambda status: bool(status.get("refreshes")), within=90)

    assert status["refreshes"][-1]["result"] == "RolledBack"
    assert search.tables() == there


def test_a_database_that_refuses_us_makes_its_index_unknown(world: World, search: Search) -> None:
    name = f"vectors-{'production'}"
    secret = world.kube.get("v1", "Secret", name, world.namespace)
    wrong = {"password": base64.b64encode(b"wrong").decode()}
    world.kube.patch("v1", "Secret", name, world.namespace, {"data": wrong})
    try:
        search.track()
        world.until(
            lambda status: (
                status.get("sync") == "Unknown" and "Unauthorized" in str(status["components"])
            ),
            within=90,
        )
    finally:
        world.kube.patch("v1", "Secret", name, world.namespace, {"data": secret["data"]})
