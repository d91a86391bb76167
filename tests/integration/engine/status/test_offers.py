"""What an account can do that may create StagingMirrors and nothing else: the rows of the table in
docs/security.md.
"""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Refused
from rig.mlflow_server import MlflowServer
from rig.models import log_files
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.engine.observe.comparison_windows import MOST
from support.kubernetes.workloads import DIGEST, config_map, cron_job, deployment
from support.operators.operator import OperatorProcess, World, condition
from support.resources.team import Team, is_answered, make_team

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("offers")]

Object = dict[str, Any]

MARK = secrets.token_hex(4)
HIDDEN = f"hidden-{MARK}"
PIN = "4711"
CANDIDATES = {f"k{number}": f"{number:04}" for number in range(30)}
OPEN, CLOSED = f"open-{MARK}", f"closed-{MARK}"
SERVER = {"kind": "Deployment", "name": "server", "container": "app"}
OFFERS: Object = {
    "readable": {
        "configMaps": ["open"],
        "variables": ["OPEN"],
        "models": [OPEN],
        "tags": ["date"],
        "parameters": ["depth"],
    },
    "comparable": {"configMaps": ["sealed*"]},
}


@pytest.fixture(scope="module")
def world(
    control_plane: ControlPlane, mlflow_production: MlflowServer, mlflow_staging: MlflowServer
) -> Iterator[World]:
    servers = {"production": {"url": mlflow_production.url}, "staging": {"url": mlflow_staging.url}}
    with World(control_plane, mlflow=servers) as world:
        for role, space in (("production", world.production), ("staging", world.staging)):
            world.environment(role, space, mlflow=servers[role], **OFFERS)
            plant(world, space)
        params = {"password": HIDDEN, "depth": "3"}
        tags = {"secret": HIDDEN, "date": "2026-11-20"}
        for model in (OPEN, CLOSED):
            for server, content in ((mlflow_production, "new"), (mlflow_staging, "old")):
                files = {"w.bin": content}
                log_files(server, model, files, params=params, tags=tags, alias="champion")
        yield world


def plant(world: World, space: str) -> None:
    variables = {
        "CLOSED": HIDDEN,
        "OPEN": "shown",
        "MADE": "postgres://svc:$(CLOSED)@db",
        "SECRET": {"secretKeyRef": {"name": "database", "key": "password"}},
    }
    image = f"registry.example/server@{DIGEST.format(1)}"
    server = deployment("server", space, image, variables=variables)
    server["metadata"]["annotations"] = {"example.com/closed": HIDDEN}
    server["spec"]["replicas"] = 0
    sealed = {"pin": PIN} if space == world.production else CANDIDATES
    snapshot = "new" if space == world.production else "old"
    world.kube.apply(
        server,
        config_map("closed", space, {"key": HIDDEN}),
        config_map("open", space, {"key": snapshot}),
        config_map("sealed", space, sealed),
        cron_job("load", space, image),
        manager="owner",
    )


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture(scope="module")
def team(world: World, operator: OperatorProcess) -> Iterator[Team]:
    team = make_team(world)
    yield team
    world.kube.delete("v1", "Namespace", team.elsewhere)


@pytest.fixture(autouse=True)
def nothing_hidden_is_said(world: World, operator: OperatorProcess) -> Iterator[None]:
    """Whatever a test makes the operator do."""
    yield
    events = world.kube.list("events.k8s.io/v1", "Event", world.staging)
    mirrors = world.kube.list(API_VERSION, "StagingMirror", world.staging)
    said = json.dumps([mirrors, events]) + operator.log
    assert HIDDEN not in said
    assert PIN not in said
    assert "hmac" not in said


def setting(name: str, place: Object, **more: Any) -> Object:
    return {"name": name, "setting": {"production": place, **more}}


def variable(name: str) -> Object:
    return {"variable": SERVER | {"variable": name}}


def key(config_map: str, key: str = "key") -> Object:
    return {"configMap": {"name": config_map, "key": key}}


def model(name: str, registered: str, **more: Any) -> Object:
    production = {"model": registered, "alias": "champion"}
    return {"name": name, "modelAlias": {"production": production, **more}}


def test_values_that_are_not_offered_are_not_read(team: Team) -> None:
    annotation = {"kind": "Deployment", "name": "server", "key": "example.com/closed"}

    found = team.components(
        setting("key", key("closed")),
        setting("variable", variable("CLOSED")),
        setting("annotation", {"annotation": annotation}),
        setting("open", variable("OPEN")),
    )

    assert {name: each.get("reason") for name, each in found.items()} == {
        "key": "NotOffered",
        "variable": "NotOffered",
        "annotation": "NotOffered",
        "open": "Declared",
    }
    assert found["open"]["production"] == {"value": "shown"}


def test_a_value_of_a_secret_is_not_read(team: Team) -> None:
    for role, space in (("production", team.world.production), ("staging", team.world.staging)):
        offers = {**OFFERS, "readable": {**OFFERS["readable"], "variables": ["OPEN", "SECRET"]}}
        offer(team.world, role, space, offers)

    (found,) = team.components(setting("secret", variable("SECRET"))).values()

    assert found["reason"] == "FromSecret"


def test_a_value_made_from_another_is_shown_only_where_that_one_is_readable(team: Team) -> None:
    for role, space in (("production", team.world.production), ("staging", team.world.staging)):
        offers = {**OFFERS, "readable": {**OFFERS["readable"], "variables": ["OPEN", "MADE"]}}
        offer(team.world, role, space, offers)

    (found,) = team.components(setting("made", variable("MADE"))).values()

    assert found["reason"] == "NotOffered"
    assert "variable CLOSED is listed neither in readable.variables" in found["message"]


def offer(world: World, role: str, space: str, offers: Object) -> None:
    body = world.kube.get(API_VERSION, "MirrorEnvironment", world.environments[role])
    world.environment(role, space, mlflow=body["spec"]["mlflow"], **offers)


def test_a_comparable_value_is_compared_and_neither_it_nor_its_seal_is_shown(team: Team) -> None:
    same = setting("same", key("sealed", "pin"), staging=key("sealed-equal", "pin"))
    team.world.kube.apply(config_map("sealed-equal", team.world.staging, {"pin": PIN}), manager="o")

    found = team.components(
        same, setting("other", key("sealed", "pin"), staging=key("sealed", "k0"))
    )

    assert found["same"]["verdict"] == "InSync"
    assert found["other"]["verdict"] == "Drifted"
    assert found["other"]["production"] == found["other"]["staging"] == {"value": "(sealed)"}


def test_a_comparable_value_is_not_found_by_trying(team: Team) -> None:
    tried = [
        setting(name, key("sealed-pin", "pin"), staging=key("sealed", name)) for name in CANDIDATES
    ]
    team.world.kube.apply(
        config_map("sealed-pin", team.world.production, {"pin": PIN}), manager="owner"
    )

    first = team.components(*tried)
    again = team.components(*(reversed(tried)))

    compared = {name for name, each in first.items() if each["verdict"] == "Drifted"}
    assert len(compared) == MOST
    assert {each["reason"] for each in first.values() if "reason" in each} == {"TooManyChanges"}
    assert {name for name, each in again.items() if each["verdict"] == "Drifted"} == compared


def test_a_model_that_is_not_offered_is_not_read(team: Team) -> None:
    found = team.components(model("closed", CLOSED), model("open", OPEN))

    assert found["closed"]["reason"] == "NotOffered"
    assert found["open"]["verdict"] == "Drifted"


def test_tags_and_parameters_that_are_not_offered_are_not_shown(team: Team) -> None:
    found = team.components(
        model("tag", OPEN, dataSnapshotTag="secret"),
        model("date", OPEN, dataSnapshotTag="date"),
    )

    assert found["tag"]["reason"] == "NotOffered"
    assert found["date"]["production"]["dataSnapshot"] == "2026-11-20"
    assert found["date"]["production"]["parameters.depth"] == "3"
    assert "parameters.password" not in found["date"]["production"]
    assert "1 parameter of the run not compared" in found["date"]["message"]


def test_a_cron_job_runs_only_with_the_variable_that_its_owner_allows(team: Team) -> None:
    load = {"cronJob": "load", "container": "load", "timeout": "1m"}
    refresh = {"schedule": "* * * * *", "settle": "0s"}

    name = team.mirror(
        setting("data", key("open"), load=load | {"variable": "BASH_ENV"}), refresh=refresh
    )

    status = team.world.until(lambda status: (status.get("plan") or {}).get("left"), name)
    (left,) = status["plan"]["left"]
    assert "does not carry the label stagingmirror.dev/loader: BASH_ENV" in json.dumps(left)
    assert not status["plan"].get("steps")


@pytest.mark.parametrize(
    "form", ["$({value})", "{value}; rm -rf /", "{value}{value}", "--flag {value}", "{value}\n"]
)
def test_no_text_of_ones_own_can_be_written_around_a_value(team: Team, form: str) -> None:
    with pytest.raises(Refused) as refused:
        team.mirror(setting("data", key("open"), staging={"value": form}))

    assert refused.value.code == 422
    assert "write {value} once" in refused.value.message


def test_a_mirror_elsewhere_freezes_nobodys_alias(team: Team) -> None:
    world = team.world
    foreign = world.mirror_body("freeze", track=[model("m", OPEN)])
    foreign["metadata"]["namespace"] = team.elsewhere
    for name, production in (("no-such", "no-such"), ("theirs", world.environments["production"])):
        foreign["metadata"]["name"] = name
        foreign["spec"]["production"]["environment"] = production
        team.kube.create(foreign)
    world.until_settled()

    name = team.mirror(model("m", OPEN), refresh={"schedule": "0 6 1 1 *", "settle": "0s"})

    status = world.until(lambda status: is_answered(status) and status.get("plan"), name)
    assert "alias champion" in json.dumps(status["plan"].get("steps")), status["plan"]


def test_an_environment_that_does_not_list_the_namespace_shows_nothing(team: Team) -> None:
    world = team.world
    body = world.mirror_body("foreign", track=[setting("open", variable("OPEN"))])
    body["metadata"]["namespace"] = team.elsewhere
    team.kube.create(body)

    def stalled() -> Object:
        found = world.kube.get(API_VERSION, "StagingMirror", "foreign", team.elsewhere)
        return condition(found.get("status") or {}, "Stalled")

    world.until_settled()
    assert stalled()["reason"] == "EnvironmentNotUsable"


def test_a_namespace_that_is_not_listed_is_not_read(team: Team) -> None:
    place = {"configMap": {"name": "kube-root-ca.crt", "key": "ca.crt", "namespace": "kube-system"}}

    (found,) = team.components(setting("foreign", place)).values()

    assert found["reason"] == "NamespaceNotListed"


@pytest.mark.parametrize(
    ("what", "verb"),
    [("Secret", "create"), ("ConfigMap", "create"), ("MirrorEnvironment", "create")],
)
def test_the_account_of_these_tests_may_do_nothing_else(team: Team, what: str, verb: str) -> None:
    body = {
        "apiVersion": API_VERSION if what == "MirrorEnvironment" else "v1",
        "kind": what,
        "metadata": {"name": "mine", "namespace": team.world.staging},
    }

    with pytest.raises(Refused) as refused:
        team.kube.create(body)

    assert (refused.value.code, verb) == (403, "create")
