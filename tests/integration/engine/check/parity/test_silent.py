"""The operator as a process, with an endpoint that falls silent, and mirrors that share a probe."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.workloads import config_map
from support.operators.operator import World
from support.parity.plain_server import PlainServer, plain_server
from support.parity.specs import parity

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("parity")]

SAMPLES = 60
MINUTES = count(10)
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Two of each side: ``features``, and ``slow``, whose staging can be silenced."""

    world: World
    steady: PlainServer
    slow: PlainServer

    def mirror(self, name: str, endpoint: str, every: str) -> None:
        entry = parity(production={"endpoint": endpoint}, every=every)
        self.world.mirror(name, track=[entry], staleAfter="2h")

    def component(self, name: str) -> Object:
        found: list[Object] = self.world.status(name).get("components") or [{}]
        return found[0]


@pytest.fixture(scope="module")
def endpoints(control_plane: ControlPlane) -> Iterator[Endpoints]:
    with World(control_plane) as world, plain_server() as steady, plain_server() as slow:
        text = "\n".join(json.dumps({"user": each}) for each in range(SAMPLES))
        world.kube.create(config_map("samples", world.production, {"samples.jsonl": text}))
        place = {"namespace": world.production, "name": "samples", "key": "samples.jsonl"}
        for side in ("production", "staging"):
            given = []
            for name, server in (("features", steady), ("slow", slow)):
                path = f"/{name}/{side}"
                where = server if side == "staging" else steady
                where.answers[path] = {"amount": 1.5}
                one: Object = {
                    "name": name,
                    "url": where.url(path),
                    "protocol": "JSON",
                    "maxRequestsPerSecond": 500,
                    "minInterval": "1m",
                    "timeout": "500ms",
                }
                if side == "production":
                    offered = [{"name": "parity-samples", "configMap": place}]
                    one |= {"sideEffectFree": True, "samples": offered}
                given.append(one)
            world.environment(side, getattr(world, side), endpoints=given)
        yield Endpoints(world, steady, slow)


@pytest.fixture(autouse=True)
def nothing_is_left(endpoints: Endpoints) -> Iterator[None]:
    yield
    endpoints.slow.speaks.set()
    world = endpoints.world
    for body in world.kube.list(API_VERSION, "StagingMirror", world.staging):
        world.kube.delete(API_VERSION, "StagingMirror", body["metadata"]["name"], world.staging)


def test_an_endpoint_that_hangs_is_unknown_and_others_stay_in_sync(endpoints: Endpoints) -> None:
    world = endpoints.world
    with world.operator() as operator:
        operator.until_leading()
        endpoints.slow.speaks.clear()

        endpoints.mirror("hangs", "slow", f"{next(MINUTES)}m")
        endpoints.mirror("answers", "features", f"{next(MINUTES)}m")

        world.until_sync("InSync", "answers")
        world.until(lambda _: endpoints.component("hangs").get("reason") == "TimedOut", "hangs")
        assert "no answer in time" in endpoints.component("hangs")["message"]
        assert world.status("answers")["sync"] == "InSync"

        endpoints.slow.speaks.set()
        token = {"stagingmirror.dev/parity-at": "again"}
        world.change({"metadata": {"annotations": token}}, "hangs")
        world.until_sync("InSync", "hangs")
        world.until(lambda status: status.get("handledParityAt") == "again", "hangs")


def test_mirrors_share_one_probe_and_a_restart_keeps_its_result(endpoints: Endpoints) -> None:
    world, every = endpoints.world, f"{next(MINUTES)}m"
    before = kept(endpoints)
    endpoints.steady.sent.clear()
    with world.operator() as operator:
        operator.until_leading()
        for name in ("one", "other"):
            endpoints.mirror(name, "features", every)
        for name in ("one", "other"):
            world.until_sync("InSync", name)
        assert len(endpoints.steady.times("/features/staging")) == SAMPLES
        probed = endpoints.component("one")["staging"]["probed"]
        until_kept(endpoints, besides=before)

    with world.operator() as operator:
        operator.until_leading()
        world.until_settled(within=60)

        assert endpoints.component("one")["verdict"] == "InSync"
        assert endpoints.component("one")["staging"]["probed"] == probed
        assert len(endpoints.steady.times("/features/staging")) == SAMPLES


def kept(endpoints: Endpoints) -> set[str]:
    """The names of the results that are kept."""
    world = endpoints.world
    bodies = json.dumps(world.kube.list("v1", "ConfigMap", world.namespace))
    return set(re.findall(r"parity [0-9a-f]{64}", bodies))


def until_kept(endpoints: Endpoints, *, besides: set[str]) -> None:
    until(lambda: bool(kept(endpoints) - besides), within=60, what="the result is not kept")
