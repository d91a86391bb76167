"""The operator as a process between two real OpenSearch servers, with the roles of the docs."""

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
from stagingmirror.api.types.base import API_VERSION
from support.index.ground import PLANTED, Side
from support.index.opensearch_ground import OpenSearchGround, Pair, password_of
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.objectstore.worlds import cleared, refreshed
from support.operators.operator import OperatorProcess, World

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]

DAILY = {"schedule": "0 6 * * *", "settle": "0s"}
SERVER = "registry.example/search@sha256:" + "a" * 64
SEARCH = {"kind": "Deployment", "name": "search-api"}


@dataclass(frozen=True, slots=True)
class Search:
    """Production serves ``docs-N-7``, of which there is a snapshot, staging ``docs-N-6``."""

    world: World
    ground: OpenSearchGround
    pair: Pair
    name: str

    def build(self, side: Side, number: int, documents: int) -> str:
        index = f"{self.name}-{number}"
        asyncio.run(self.ground.make(side, index, documents))
        return index

    def lead(self, side: Side, index: str, former: str | None = None) -> None:
        actions: list[dict[str, Any]] = [{"add": {"index": index, "alias": self.name}}]
        if former is not None:
            actions.insert(0, {"remove": {"index": former, "alias": self.name}})
        self._call(side, "POST", "/_aliases", {"actions": actions})

    def served(self) -> list[str]:
        return list(self._call("staging", "GET", f"/_alias/{self.name}"))

    def indexes(self) -> set[str]:
        found = self._call("staging", "GET", f"/{self.name}-*")
        return set(found)

    def grow(self, side: Side, index: str) -> None:
        """One more field in its mapping."""
        field = {"properties": {"language": {"type": "keyword"}}}
        self._call(side, "PUT", f"/{index}/_mapping", field)

    def edit(self, index: str) -> None:
        asyncio.run(self.ground.edit("staging", index))

    def track(self, **refresh: Any) -> None:
        entry = {"production": {"store": "vectors", "alias": self.name}, "usedBy": [SEARCH]}
        self.world.mirror(
            track=[{"name": "product-index", "indexSnapshot": entry}], refresh=DAILY | refresh
        )

    def _call(self, side: Side, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return asyncio.run(self.ground.call(side, method, path, body))


@pytest.fixture(scope="module")
def search(control_plane: ControlPlane, opensearch_pair: Pair) -> Iterator[Search]:
    ground = OpenSearchGround(opensearch_pair)
    with World(control_plane) as world:
        roles = {"production": "stagingmirror-read", "staging": "stagingmirror-write"}
        for (side, role), server in zip(roles.items(), opensearch_pair, strict=True):
            login = {"username": role, "password": password_of(server, role)}
            world.kube.apply(
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {
                        "name": f"vectors-{side}",
                        "namespace": world.namespace,
                        "labels": {"stagingmirror.dev/environment": world.environments[side]},
                    },
                    "data": {k: base64.b64encode(v.encode()).decode() for k, v in login.items()},
                },
                manager="test",
            )
            store = {
                "name": "vectors",
                "type": "OpenSearch",
                "url": server.url,
                "caBundle": server.ca,
                "credentialsSecretRef": {"name": f"vectors-{side}"},
                "repository": ground.repository,
                "aliases": ["docs-*"],
                **(
                    {"copies": "Allowed"}
                    if side == "production"
                    else {"minFreeSpace": "0%", "keep": 0}
                ),
            }
            world.environment(side, getattr(world, side), indexStores=[store])
        world.kube.apply(deployment("search-api", world.staging, SERVER), manager="owner")
        made = Search(world, ground, opensearch_pair, f"docs-{secrets.token_hex(3)}")
        made.lead("production", made.build("production", 7, 50))
        made.lead("staging", made.build("staging", 6, 20))
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


def test_staging_serves_productions_snapshot_and_an_edit_of_it_is_found(
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
        assert component["production"]["snapshot"].startswith(f"of-{search.name}-7")

        search.edit(served)
        status = world.until_sync("Drifted", within=60)
        assert {each["fact"] for each in status["components"][0]["differences"]} == {
            "contentSample"
        }

        production = search.build("production", 8, 60)
        search.lead("production", production, f"{search.name}-7")
        world.until(
            lambda status: "snapshot" in str(status["components"][0].get("differences")),
            within=60,
        )
        refreshed(world, f"two-{search.name}")
        world.until_sync("InSync", within=120)
        assert search.served()[0].startswith(f"{search.name}-8-")
        until(
            lambda: search.indexes() == {f"{search.name}-6", *search.served()},
            within=60,
            what="the former index is not removed, or another one is",
        )

        search.grow("production", production)
        world.until(lambda status: status.get("sync") == "Drifted", within=60)
        before = search.served()
        status = refreshed(world, f"grown-{search.name}")
        assert "take a snapshot of production" in str(status)
        assert search.served() == before

    shown = json.dumps(world.read()) + operator.log
    assert PLANTED not in shown
    assert all(
        password_of(server, role) not in shown
        for server, role in zip(
            search.pair, ("stagingmirror-read", "stagingmirror-write"), strict=True
        )
    )


def test_an_index_that_staging_builds_itself_is_compared_and_no_text_leaves(
    world: World, search: Search, operator: OperatorProcess
) -> None:
    own = {"store": "vectors", "alias": f"{search.name}-own"}
    asyncio.run(search.ground.build("staging", f"{search.name}-5", 60))
    search.grow("staging", f"{search.name}-5")  # as production's has grown
    add = {"index": f"{search.name}-5", "alias": own["alias"]}
    asyncio.run(search.ground.call("staging", "POST", "/_aliases", {"actions": [{"add": add}]}))
    entry = {"production": {"store": "vectors", "alias": search.name}, "staging": own}
    world.mirror(
        track=[{"name": "own-index", "indexSnapshot": {**entry, "compare": "Content"}}],
        refresh=DAILY,
    )
    world.until_sync("InSync", within=60)

    search.edit(f"{search.name}-5")
    change = {"stagingmirror.dev/check-at": "bytes:one"}
    world.change({"metadata": {"annotations": change}})
    status = world.until_sync("Drifted", within=60)

    (differs,) = status["components"][0]["differences"]
    assert differs["fact"] == "contentSample"
    assert differs["staging"] == "30 of 60 differ"
    events = world.kube.list("v1", "Event", world.staging)
    shown = json.dumps([world.read(), events]) + operator.log + operator.get("/metrics")[1]
    assert "stagingmirror_upstream" in shown
    assert PLANTED not in shown


def test_an_index_whose_workload_does_not_come_up_is_led_back_and_removed(
    world: World, search: Search
) -> None:
    """Without a node no pod of the new template becomes ready."""
    (before,), there = search.served(), search.indexes()
    production = search.build("production", 9, 70)
    with Kubelet(world.kube, [world.production, world.staging]):
        search.lead("production", production, f"{search.name}-8")
        search.track(rolloutTimeout="5s")
        world.until(
            lambda status: (
                status.get("sync") == "Drifted"
                and status["components"][0]["production"].get("index") == production
            ),
            within=60,
        )
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "three"}}})
    until(lambda: search.served() != [before], within=90, what="the alias is not led on")
    until(lambda: search.served() == [before], within=90, what="the alias is not led back")
    with Kubelet(world.kube, [world.production, world.staging]):
        status = world.until(lambda status: bool(status.get("refreshes")), within=90)

    assert status["refreshes"][-1]["result"] == "RolledBack"
    assert search.indexes() == there


def test_a_store_that_refuses_us_makes_its_index_unknown(world: World, search: Search) -> None:
    name = f"vectors-{'production'}"
    secret = world.kube.get("v1", "Secret", name, world.namespace)
    wrong = {"password": base64.b64encode(b"wrong").decode()}
    world.kube.patch("v1", "Secret", name, world.namespace, {"data": wrong})
    try:
        search.track()
        status = world.until(
            lambda status: (
                status.get("sync") == "Unknown" and "Unauthorized" in str(status["components"])
            ),
            within=90,
        )
    finally:
        world.kube.patch("v1", "Secret", name, world.namespace, {"data": secret["data"]})

    body = world.kube.get(API_VERSION, "MirrorEnvironment", world.environments["production"])
    assert "wrong" not in json.dumps([status, body["status"]])
