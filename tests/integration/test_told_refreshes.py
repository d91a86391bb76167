"""What stops a refresh is told by its name, and staging is as it was: the operator as a process."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Refused
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from rig.run import until
from stagingmirror.api.model import API_VERSION
from support import resources
from support.gate import Gate, gate_before
from support.kubelet import Kubelet
from support.operator import OperatorProcess, World
from support.rights import ACCOUNT, RBAC, READ, READING, bind
from support.rigs import make_namespace
from support.workloads import DIGEST, config_map, deployment

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("told-refreshes")]

Object = dict[str, Any]

PLANTED = f"planted-{secrets.token_hex(4)}"
REFRESH = {"schedule": "0 6 1 1 *", "settle": "0s", "timeout": "2m", "rolloutTimeout": "1m"}
OLD, NEW = (f"registry.example/features@{DIGEST.format(n)}" for n in (1, 2))
DATA = "training-data"


@pytest.fixture(scope="module")
def gate(mlflow_staging: MlflowServer) -> Iterator[Gate]:
    with gate_before(mlflow_staging.url, says=PLANTED) as gate:
        yield gate


@pytest.fixture(scope="module")
def world(
    control_plane: ControlPlane, mlflow_production: MlflowServer, gate: Gate
) -> Iterator[World]:
    servers = {"production": {"url": mlflow_production.url}, "staging": {"url": gate.url}}
    with World(control_plane, mlflow=servers) as world:
        spaces = (world.production, world.staging)
        for space, image in zip(spaces, (NEW, OLD), strict=True):
            value = {"snapshot": f"2026-11-20 in {space}"}
            bodies = (config_map(DATA, space, value), deployment("features", space, image))
            world.kube.apply(*bodies, manager="owner")
        with Kubelet(world.kube, spaces):
            yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def mirrored(world: World, operator: OperatorProcess, gate: Gate) -> Iterator[World]:
    """A world without a mirror, before and afterwards."""
    yield world
    gate.refuses = None
    for body in world.kube.list(API_VERSION, "StagingMirror", world.staging):
        world.kube.delete(API_VERSION, "StagingMirror", body["metadata"]["name"], world.staging)


def ask(world: World, token: str) -> None:
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": token}}})


def ended(world: World, token: str = "now") -> Object:
    """The entry of the refresh that was asked for with this token."""

    def entry(status: Object) -> Object:
        found = (e for e in status.get("refreshes") or () if e.get("token") == token)
        return next(found, {})

    return entry(world.until(entry, within=60, what=f"the refresh {token} has not ended"))


def setting_of(world: World) -> Object:
    data: Object = world.kube.get("v1", "ConfigMap", DATA, world.staging)["data"]
    return data


def said(world: World, operator: OperatorProcess) -> str:
    events = world.kube.list("events.k8s.io/v1", "Event", world.staging)
    records = world.kube.list("v1", "ConfigMap", world.namespace)
    return f"{world.status()} {events} {records} {operator.log}"


@pytest.mark.parametrize(
    ("refuses", "reason", "message"),
    [
        (507, "RegistryFull", "storage is full (507)"),
        (403, "RegistryForbidden", "ask for the permission there"),
        (500, "RegistryFailed", "answered 500"),
    ],
    ids=["full", "read-only", "broken"],
)
def test_a_staging_registry_that_takes_nothing_is_named_and_its_alias_stays(
    mirrored: World,
    operator: OperatorProcess,
    gate: Gate,
    mlflow_production: MlflowServer,
    mlflow_staging: MlflowServer,
    refuses: int,
    reason: str,
    message: str,
) -> None:
    model = f"fraud-{secrets.token_hex(4)}"
    log_files(mlflow_production, model, {"w.bin": "new"}, alias="champion")
    log_files(mlflow_staging, model, {"w.bin": "old"}, alias="champion")
    entry = {"modelAlias": {"production": {"model": model, "alias": "champion"}}}
    mirrored.mirror(track=[{"name": "model"} | entry], refresh=REFRESH)
    mirrored.until_sync("Drifted", within=40)
    gate.refuses = refuses

    ask(mirrored, "now")
    refresh = ended(mirrored)

    assert (refresh["result"], refresh["reason"]) == ("PutBack", reason)
    assert message in refresh["message"]
    assert "Everything was put back" in refresh["message"]
    client = client_of(mlflow_staging)
    assert [each.version for each in client.search_model_versions(f"name='{model}'")] == ["1"]
    assert str(client.get_model_version_by_alias(model, "champion").version) == "1"
    assert mirrored.status()["sync"] == "Drifted"
    assert PLANTED not in said(mirrored, operator)


def test_an_operator_without_a_permission_says_which_and_goes_on_once_it_has_it(
    mirrored: World, operator: OperatorProcess
) -> None:
    before = setting_of(mirrored)
    mirrored.mirror(refresh=REFRESH)
    mirrored.until_sync("Drifted")
    rules = mirrored.kube.get(RBAC, "Role", ACCOUNT, mirrored.staging)["rules"]
    readonly = [{**rule, "verbs": READ} for rule in rules]
    bind(mirrored.kube, mirrored.namespace, mirrored.staging, readonly)
    try:
        ask(mirrored, "forbidden")
        refresh = ended(mirrored, "forbidden")
    finally:
        bind(mirrored.kube, mirrored.namespace, mirrored.staging, rules)

    assert (refresh["result"], refresh["reason"]) == ("PutBack", "Forbidden")
    path = f"/api/v1/namespaces/{mirrored.staging}/configmaps/{DATA}"
    assert f"PATCH {path} was answered with 403 Forbidden" in refresh["message"]
    assert "our account is not permitted to" in refresh["message"]
    assert setting_of(mirrored) == before
    ask(mirrored, "allowed")
    assert ended(mirrored, "allowed")["result"] == "Succeeded"
    mirrored.kube.apply(config_map(DATA, mirrored.staging, before), manager="owner")


def test_a_rule_of_the_cluster_that_forbids_it_is_told_without_its_words(
    mirrored: World, operator: OperatorProcess
) -> None:
    before = setting_of(mirrored)
    mirrored.mirror(refresh=REFRESH)
    mirrored.until_sync("Drifted")
    with forbidden(mirrored):
        ask(mirrored, "now")
        refresh = ended(mirrored)

    assert refresh["result"] == "PutBack"
    assert refresh["reason"] in ("Forbidden", "AdmissionDenied", "Invalid")
    assert f"ConfigMap {DATA}" in refresh["message"]
    assert setting_of(mirrored) == before
    assert PLANTED not in said(mirrored, operator)


@contextmanager
def forbidden(world: World) -> Iterator[None]:
    """A policy that refuses changes of staging's ConfigMaps, and quotes something secret."""
    name = world.staging
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"]}
    selector = {"matchLabels": {"kubernetes.io/metadata.name": name}}
    validation = {"expression": "false", "message": f"no {PLANTED}", "reason": "Forbidden"}
    policy = {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "namespaceSelector": selector,
            "resourceRules": [{**rule, "resources": ["configmaps"]}],
        },
        "validations": [validation],
    }
    binding = {"policyName": name, "validationActions": ["Deny"]}
    group = "admissionregistration.k8s.io/v1"
    kinds = {"ValidatingAdmissionPolicy": policy, "ValidatingAdmissionPolicyBinding": binding}
    for kind, spec in kinds.items():
        world.kube.create(
            {"apiVersion": group, "kind": kind, "metadata": {"name": name}, "spec": spec}
        )
    try:
        until(lambda: is_refused(world), within=30, what="the policy is not in force")
        yield
    finally:
        for kind in kinds:
            world.kube.delete(group, kind, name)
        until(lambda: not is_refused(world), within=30, what="the policy stays in force")


def is_refused(world: World) -> bool:
    label = {"metadata": {"labels": {"probe": secrets.token_hex(4)}}}
    try:
        world.kube.patch("v1", "ConfigMap", DATA, world.staging, label)
    except Refused:
        return True
    return False


def test_a_mirror_that_is_deleted_in_mid_refresh_leaves_staging_as_it_was(
    mirrored: World, operator: OperatorProcess
) -> None:
    place = {"kind": "Deployment", "name": "features", "container": "app"}
    image = {"production": place, "staging": {"repository": "registry.example/stays-pending"}}
    mirrored.mirror(track=[{"name": "image", "pipelineImage": image}], refresh=REFRESH)
    mirrored.until_sync("Drifted")
    ask(mirrored, "now")
    until(lambda: image_of(mirrored) != OLD, within=30, what="nothing was switched")
    status = mirrored.status()

    mirrored.kube.delete(API_VERSION, "StagingMirror", "fraud", mirrored.staging)

    assert status["sync"] != "InSync"
    until(lambda: image_of(mirrored) == OLD, within=30, what="nothing was put back")
    until(lambda: not records(mirrored), within=30, what="the record is still there")
    body = mirrored.kube.get("apps/v1", "Deployment", "features", mirrored.staging)
    assert "stagingmirror" not in {each["manager"] for each in body["metadata"]["managedFields"]}


def image_of(world: World) -> str:
    body = world.kube.get("apps/v1", "Deployment", "features", world.staging)
    return str(body["spec"]["template"]["spec"]["containers"][0]["image"])


def records(world: World) -> list[str]:
    found = world.kube.list("v1", "ConfigMap", world.namespace)
    names = [each["metadata"]["name"] for each in found]
    return [name for name in names if name.startswith("refresh-")]


def test_a_production_namespace_that_ends_is_never_followed(
    mirrored: World, operator: OperatorProcess
) -> None:
    ending = make_namespace(mirrored.kube, "ending")
    reading = [{**rule, "verbs": READ} for rule in READING]
    bind(mirrored.kube, mirrored.namespace, ending, reading)
    mirrored.kube.create(config_map(DATA, ending, {"snapshot": "theirs"}))
    server = mirrored.kube.get(
        API_VERSION, "MirrorEnvironment", mirrored.environments["production"]
    )["spec"]["mlflow"]
    spaces = [mirrored.production, ending]
    mirrored.environment("production", mirrored.production, namespaces=spaces, mlflow=server)
    place = {"configMap": {"name": DATA, "key": "snapshot", "namespace": ending}}
    before = setting_of(mirrored)
    track = [{"name": DATA, "setting": {"production": place}}, resources.pipeline_image()]
    mirrored.mirror(track=track, refresh=REFRESH)
    mirrored.until_sync("Drifted")

    mirrored.kube.delete("v1", "Namespace", ending)
    status = mirrored.until(lambda status: reason_of(status, DATA) == "NothingToMirror")
    ask(mirrored, "now")
    told = mirrored.until(lambda status: status.get("waiting") or status.get("refreshes"))

    (component,) = (each for each in status["components"] if each["name"] == DATA)
    assert f"production does not have ConfigMap {ending}/{DATA}" in component["message"]
    assert f"production does not have ConfigMap {ending}/{DATA}" in told["waiting"]
    assert setting_of(mirrored) == before
    mirrored.environment("production", mirrored.production, mlflow=server)


def reason_of(status: Object, name: str) -> str | None:
    found = (each for each in status.get("components") or () if each["name"] == name)
    return next((each.get("reason") for each in found), None)
