"""What stops a refresh is told by its name, and staging is as it was: the operator as a process."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Refused
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.rights import ACCOUNT, RBAC, READ, bind
from support.kubernetes.workloads import config_map
from support.mlflow.gate import Gate, gate_before
from support.operators.operator import OperatorProcess, World
from support.sandbox.refreshing import DATA, REFRESH, ask, differ, ended, said, setting_of

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("told-refreshes")]

PLANTED = f"planted-{secrets.token_hex(4)}"


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
        differ(world)
        with Kubelet(world.kube, (world.production, world.staging)):
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


@pytest.mark.parametrize(
    ("refuses", "reason", "message"),
    [
        (507, "RegistryFull", "storage is full (507)"),
        (403, "RegistryForbidden", "request the permission there"),
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

    assert (refresh["result"], refresh["reason"]) == ("RolledBack", reason)
    assert message in refresh["message"]
    assert "Everything was rolled back" in refresh["message"]
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

    assert (refresh["result"], refresh["reason"]) == ("RolledBack", "Forbidden")
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

    assert (refresh["result"], refresh["reason"]) == ("RolledBack", "AdmissionDenied")
    assert "an admission rule of the cluster forbids it" in refresh["message"]
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
