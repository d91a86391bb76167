"""The operator as a process, with real feature services on both sides."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.endpoints.vectors import VectorService
from support.kubernetes.workloads import config_map
from support.operators.operator import OperatorProcess, World, emptied, snapshot
from support.parity.changes import Change
from support.parity.plain_grounds import JsonGround
from support.parity.specs import parity
from support.resources.resources import hold, setting

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("parity")]

TOKEN = "stagingmirror.dev/parity-at"
MINUTES = count(10)
DAILY = {"schedule": "0 6 * * *", "settle": "0s"}


@dataclass(frozen=True, slots=True)
class Compared:
    world: World
    ground: JsonGround
    operator: OperatorProcess

    def offer(self, *, report: str = "Counts", samples: bool = True) -> None:
        """What both environments let be compared."""
        place = {"namespace": self.world.production, "name": "samples", "key": "samples.jsonl"}
        offered = [{"name": "parity-samples", "configMap": place}] if samples else []
        for side in ("production", "staging"):
            given: dict[str, Any] = {
                "name": "features",
                "url": self.ground.url(side),
                "protocol": "JSON",
                "maxRequestsPerSecond": 500,
                "minInterval": "1m",
            }
            if side == "production":
                given |= {"sideEffectFree": True, "samples": offered, "report": report}
            self.world.environment(side, getattr(self.world, side), endpoints=[given])

    def track(self, **entry: Any) -> None:
        self.world.mirror(track=[self.entry(**entry)])

    def entry(self, **entry: Any) -> dict[str, Any]:
        """With an interval of its own: no test finds what another one's probe found."""
        return parity(every=f"{next(MINUTES)}m", **entry)

    def request(self) -> None:
        """Have samples sent again, and wait for the verdict that answers it."""
        token = secrets.token_hex(4)
        self.world.change({"metadata": {"annotations": {TOKEN: token}}})
        self.world.until(lambda status: status.get("handledParityAt") == token, within=30)

    def sent(self) -> float:
        """Requests to endpoints, by the operator's own count."""
        lines = self.operator.get("/metrics")[1].splitlines()
        counts = (each for each in lines if 'operation="probe"' in each and "_count" in each)
        return sum(float(each.rpartition(" ")[2]) for each in counts)

    def component(self, name: str = "parity") -> dict[str, Any]:
        found = self.world.status().get("components") or ()
        return next((each for each in found if each["name"] == name), {})


@pytest.fixture(scope="module")
def running(
    control_plane: ControlPlane, features_pair: tuple[VectorService, VectorService]
) -> Iterator[Compared]:
    ground = JsonGround(features_pair)
    with World(control_plane) as world:
        for space in (world.production, world.staging):
            world.kube.create(config_map("training-data", space, {"snapshot": "2026-11-20"}))
        text = "\n".join(ground.samples)
        world.kube.create(config_map("samples", world.production, {"samples.jsonl": text}))
        with world.operator() as operator:
            operator.until_leading()
            yield Compared(world, ground, operator)


@pytest.fixture
def compared(running: Compared) -> Iterator[Compared]:
    """Both sides answer alike, and nothing is tracked."""
    running.ground.reset()
    running.offer()
    yield running
    running.ground.reset()
    emptied(running.world)


def test_equal_answers_are_in_sync_and_the_message_has_the_bound(compared: Compared) -> None:
    compared.track()

    compared.world.until_sync("InSync")

    found = compared.component()
    assert "0 of 64 differ: < 4.6 % at 95 %" in found["message"]
    assert found["staging"]["counts.values.features.amount"] == "number: 0 of 64 differ, noise 0"


def test_a_patched_constant_is_found_when_samples_are_sent_again(compared: Compared) -> None:
    compared.track()
    compared.world.until_sync("InSync")
    compared.ground.plant("production", Change.PATCHED_CONSTANT)

    compared.request()

    found = compared.component()
    assert found["verdict"] == "Drifted"
    (difference,) = found["differences"]
    assert difference["fact"] == "values.features.amount"
    assert difference["staging"].startswith("64 of 64 differ, noise 0")
    assert "largest" not in json.dumps(found), "production's admin reports counts alone"


def test_with_magnitudes_the_factor_is_named(compared: Compared) -> None:
    compared.offer(report="Magnitudes")
    compared.ground.plant("production", Change.PATCHED_CONSTANT)

    compared.track()

    compared.world.until_sync("Drifted")
    (difference,) = compared.component()["differences"]
    assert difference["staging"].startswith("64 of 64 differ, likely times 0.9091, noise 0")
    assert "largest" in difference["staging"]


def test_a_feature_of_another_name_is_a_difference_of_structure(compared: Compared) -> None:
    compared.ground.plant("staging", Change.RENAMED_FEATURE)

    compared.track()

    compared.world.until_sync("Drifted")
    facts = {each["fact"] for each in compared.component()["differences"]}
    assert facts == {"structure"}


def test_samples_that_are_not_offered_any_more_are_not_sent(compared: Compared) -> None:
    compared.track()
    compared.world.until_sync("InSync")

    compared.offer(samples=False)

    compared.world.until_sync("Unknown")
    assert compared.component()["reason"] == "NotOffered"


def test_nothing_is_sent_while_what_features_are_made_of_is_held(compared: Compared) -> None:
    world = compared.world
    held = hold("ci", world.staging, components=["training-data"], until="2099-01-01T00:00:00Z")
    world.kube.create(held)
    before = compared.sent()

    world.mirror(track=[setting(), compared.entry(of=["training-data"])])

    world.until(lambda status: len(status.get("components") or ()) == 2)
    world.until_settled()
    assert compared.component().get("verdict") == "Held"
    assert compared.sent() == before


def test_a_refresh_after_which_answers_are_made_otherwise_is_rolled_back(
    compared: Compared,
) -> None:
    world = compared.world
    snapshot(world, "2026-11-26")
    world.mirror(track=[setting() | {"mode": "Refresh"}, compared.entry()], refresh=DAILY)
    world.until_sync("Drifted")
    world.until(lambda status: compared.component().get("verdict") == "InSync")
    compared.ground.plant("staging", Change.RENAMED_FEATURE)

    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "now"}}})

    world.until(lambda status: compared.component().get("reason") == "Refreshing")
    ended = world.until(lambda status: status.get("refreshes"), within=60)["refreshes"][0]
    assert (ended["result"], ended["reason"]) == ("RolledBack", "NotVerified"), ended
    assert "parity: structure differs since this refresh" in ended["message"]
    # What is shown from now on was answered after the rollback.
    world.until(lambda status: compared.component().get("verdict") == "Drifted")
    assert compared.component()["staging"]["probed"] >= ended["finished"]
    found = world.kube.get("v1", "ConfigMap", "training-data", world.staging)
    assert found["data"]["snapshot"] == "2026-11-20"


def test_a_refresh_is_not_rolled_back_for_what_differed_before(compared: Compared) -> None:
    world = compared.world
    snapshot(world, "2026-11-26")
    compared.ground.plant("staging", Change.RENAMED_FEATURE)
    world.mirror(track=[setting() | {"mode": "Refresh"}, compared.entry()], refresh=DAILY)
    world.until(lambda status: compared.component().get("verdict") == "Drifted")

    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "now"}}})

    ended = world.until(lambda status: status.get("refreshes"), within=60)["refreshes"][0]
    assert ended["result"] == "Succeeded", ended


def test_no_sample_and_no_value_is_anywhere(compared: Compared) -> None:
    compared.offer(report="Magnitudes")
    compared.ground.plant("staging", Change.OTHER_TYPE)
    compared.track()
    compared.world.until_sync("Drifted")

    world, shown = compared.world, compared.operator.get("/metrics")[1]
    events = world.kube.list("v1", "Event", world.staging)
    kept = world.kube.list("v1", "ConfigMap", world.namespace)
    everywhere = json.dumps([world.read(), events, kept, shown, compared.operator.lines()])
    answer = json.loads(compared.ground.ask("production", compared.ground.samples[0]).body)
    for value in answer["features"].values():
        if isinstance(value, float | str):
            assert json.dumps(value).strip('"') not in everywhere
