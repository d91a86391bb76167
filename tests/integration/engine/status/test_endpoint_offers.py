"""What an account can do with endpoints that may create StagingMirrors and nothing else: rows of
the table in docs/security.md.
"""

import json
import secrets
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.workloads import config_map
from support.operators.operator import OperatorProcess, World
from support.parity.plain_server import PlainServer, plain_server
from support.resources.team import Team, make_team

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("endpoint-offers")]

Object = dict[str, Any]
SAMPLE, VALUE = f"sample-{secrets.token_hex(4)}", f"value-{secrets.token_hex(4)}"
PER_SECOND = 20
MINUTES = count(10)
WAITS = {"NotProbedYet", "NotSeenYet", "NotPolledYet"}


@pytest.fixture(scope="module")
def server() -> Iterator[PlainServer]:
    with plain_server() as server:
        server.answers = {
            "/production": {"amount": 47110815.25, "note": VALUE},
            "/staging": {"amount": 0, "note": ""},
            "/models-of-production": {"id": "fraud@12", "note": VALUE},
            "/models-of-staging": {"id": "fraud@11", "note": ""},
        }
        yield server


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, server: PlainServer) -> Iterator[World]:
    with World(control_plane) as world:
        for name in ("offered", "closed"):
            text = "\n".join(json.dumps({"id": f"{SAMPLE}-{each}"}) for each in range(10))
            world.kube.create(config_map(name, world.production, {"samples.jsonl": text}))
        for side in ("production", "staging"):
            place = {"namespace": world.production, "name": "offered", "key": "samples.jsonl"}
            given: Object = {
                "name": "features",
                "url": server.url(f"/{side}"),
                "protocol": "JSON",
                "maxRequestsPerSecond": PER_SECOND,
            }
            read: Object = {
                "name": "models",
                "url": server.url(f"/models-of-{side}"),
                "protocol": "JSON",
            }
            read |= {"pointers": ["/id"], "sideEffectFree": True}
            if side == "production":
                offered = [{"name": "offered", "configMap": place}]
                given |= {"sideEffectFree": True, "samples": offered}
            world.environment(side, getattr(world, side), endpoints=[given, read])
        yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def team(world: World, operator: OperatorProcess) -> Iterator[Team]:
    team = make_team(world)
    yield team
    world.kube.delete("v1", "Namespace", team.elsewhere)


def parity(endpoint: str = "features", samples: str = "offered", **more: Any) -> Object:
    """With an interval of its own: no test finds what another one's probe found."""
    given = {
        "production": {"endpoint": endpoint},
        "samples": {"offered": samples},
        "every": f"{next(MINUTES)}m",
        "minSamples": 1,
    }
    return {"name": "parity", "featureParity": given | more}


def compared(team: Team, entry: Object) -> Object:
    """The component once samples were sent, or it is known that they are not."""
    name = team.mirror(entry, name=f"mirror-{secrets.token_hex(4)}")

    def is_known(status: Object) -> bool:
        found: list[Object] = status.get("components") or []
        return any(each.get("reason") not in WAITS for each in found)

    found: Object = team.world.until(is_known, name)["components"][0]
    return found


def test_a_pointer_that_is_not_offered_is_not_read(team: Team, server: PlainServer) -> None:
    def setting(pointer: str, endpoint: str = "models") -> Object:
        place = {"endpoint": {"endpoint": endpoint, "pointer": pointer}}
        return {"name": "value", "setting": {"production": place}}

    closed, unknown = (compared(team, each) for each in (setting("/note"), setting("/a", "other")))
    assert not [to for to, _, body in server.sent if not body]
    offered = compared(team, setting("/id"))

    assert (closed["reason"], unknown["reason"]) == ("NotOffered", "NoEndpoint")
    assert VALUE not in str(closed)
    assert offered["verdict"] == "Drifted"
    assert offered["production"] == {"value": "fraud@12"}


def test_samples_and_endpoints_that_are_not_offered_are_not_used(
    team: Team, server: PlainServer
) -> None:
    before = len(server.sent)

    found = [
        compared(team, parity(samples="closed")),
        compared(team, parity(endpoint="other")),
        compared(team, parity(staging={"endpoint": "features", "samples": "offered"})),
    ]

    assert [each["reason"] for each in found] == ["NotOffered", "NoEndpoint", "NotOffered"]
    team.world.until_settled()
    assert len(server.sent) == before


def test_no_sample_and_no_value_of_an_answer_is_shown(
    team: Team, server: PlainServer, operator: OperatorProcess
) -> None:
    found = compared(team, parity(tolerance={"absolute": "1", "relative": "0.5"}))

    assert found["verdict"] == "Drifted"
    assert any(SAMPLE.encode() in body for _, _, body in server.sent)
    world = team.world
    events = world.kube.list("events.k8s.io/v1", "Event", world.staging)
    mirrors = world.kube.list(API_VERSION, "StagingMirror", world.staging)
    kept = world.kube.list("v1", "ConfigMap", world.namespace)
    shown = json.dumps([mirrors, events, kept]) + operator.log + operator.get("/metrics")[1]
    for text in (SAMPLE, VALUE, "47110815", "largest"):
        assert text not in shown


def test_an_endpoint_is_sent_no_more_than_it_bears_whoever_wants_that(
    team: Team, server: PlainServer
) -> None:
    server.sent.clear()

    for number in range(8):
        team.mirror(parity(maxMismatches=number), name=f"many-{secrets.token_hex(4)}")
    until(
        lambda: len(server.times("/production")) >= 8 * 20,
        within=60,
        what="the samples of all mirrors are not sent",
    )

    for path in ("/production", "/staging"):
        times = server.times(path)
        seconds = times[-1] - times[0]
        assert len(times) - 1 <= PER_SECOND * seconds + 1, (len(times), seconds)
