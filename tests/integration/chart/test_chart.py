"""The chart on a real API server: what `helm install` makes, and what its accounts may do."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.control_plane import ControlPlane
from rig.kube import Kube
from rig.programs import program
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes import rights
from support.operators.rigs import make_namespace
from support.resources.chart import CHART, LIMIT_SECONDS, helm, render
from support.resources.definitions import install as install_definitions
from support.resources.resources import resource

pytestmark = pytest.mark.integration


def rules_of(rendered: list[dict[str, Any]], kind: str, name: str) -> set[tuple[str, ...]]:
    (found,) = (
        each for each in rendered if each["kind"] == kind and each["metadata"]["name"] == name
    )
    return expanded(found["rules"])


def expanded(rules: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    """Each right by itself: group, resource, name (or any), verb."""
    return {
        (group, resource, name, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames", ["(any)"])
        for verb in rule["verbs"]
    }


def test_the_tests_run_the_operator_with_the_rights_that_the_chart_gives() -> None:
    rendered = render(
        productionNamespaces=["prod"],
        stagingNamespaces=["staging"],
        maskingNamespaces=["masking"],
    )

    assert rules_of(rendered, "ClusterRole", "mirror") == expanded(rights.everywhere("mirror"))
    assert rules_of(rendered, "Role", "mirror") == expanded(rights.OWN)
    assert rules_of(rendered, "Role", "mirror-production") == expanded(rights.PRODUCTION)
    assert rules_of(rendered, "Role", "mirror-staging") == expanded(rights.STAGING)
    assert rules_of(rendered, "Role", "mirror-masking") == expanded(rights.MASKING)


def test_nodes_are_read_only_where_the_chart_is_told_so() -> None:
    rendered = render(nodes={"read": True})

    wanted = expanded([*rights.everywhere("mirror"), *rights.NODES])
    assert rules_of(rendered, "ClusterRole", "mirror") == wanted


def test_people_get_rights_on_mirrors_and_holds_by_the_roles_that_they_have() -> None:
    rendered = render()
    reads = {("get",), ("list",), ("watch",)}

    view, edit = (rules_of(rendered, "ClusterRole", f"mirror-{role}") for role in ("view", "edit"))

    assert {(verb,) for *_, verb in view} == reads
    assert {resource for _, resource, *_ in edit} == {"stagingmirrors", "mirrorholds"}
    assert not reads & {(verb,) for *_, verb in edit}
    metadata = [each["metadata"] for each in rendered if each["kind"] == "ClusterRole"]
    labels = {each["name"]: each["labels"] for each in metadata}
    aggregated = "rbac.authorization.k8s.io/aggregate-to-"
    assert labels["mirror-view"][f"{aggregated}view"] == "true"
    assert labels["mirror-edit"][f"{aggregated}edit"] == "true"
    assert f"{aggregated}view" not in labels["mirror-edit"]
    off = render(rbac={"aggregate": False})
    assert [e["metadata"]["name"] for e in off if e["kind"] == "ClusterRole"] == ["mirror"]


def test_the_definitions_are_left_out_where_somebody_else_installs_them() -> None:
    def definitions(**values: Any) -> list[str]:
        done = subprocess.run(
            [str(program("helm")), "template", "mirror", str(CHART), "--include-crds", "-f", "-"],
            input=yaml.safe_dump(values),
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=True,
        )
        bodies = (each for each in yaml.safe_load_all(done.stdout) if each)
        return [b["metadata"]["name"] for b in bodies if b["kind"] == "CustomResourceDefinition"]

    assert len(definitions()) == 4
    assert definitions(crds={"enabled": False}) == []


@pytest.fixture
def namespaces(kube: Kube) -> dict[str, str]:
    return {role: make_namespace(kube) for role in ("operator", "production", "staging")}


@pytest.fixture
def installed(
    control_plane: ControlPlane, namespaces: dict[str, str], tmp_path: Path
) -> Iterator[dict[str, str]]:
    release = namespaces["operator"]
    environment = {"usableFrom": [namespaces["staging"]]}
    values = tmp_path / "values.yaml"
    values.write_text(
        yaml.safe_dump(
            {
                "productionNamespaces": [namespaces["production"]],
                "stagingNamespaces": [namespaces["staging"]],
                "environments": {
                    f"{release}-production": {
                        "role": "Production",
                        "namespaces": [namespaces["production"]],
                        **environment,
                    },
                    f"{release}-staging": {
                        "role": "Staging",
                        "namespaces": [namespaces["staging"]],
                        **environment,
                    },
                },
            }
        )
    )
    notes = helm(
        control_plane, "install", release, str(CHART), "-n", release, "--values", str(values)
    )
    yield {**namespaces, "release": release, "notes": notes}
    helm(control_plane, "uninstall", release, "-n", release)


def test_a_second_installation_is_told_that_it_does_nothing(
    control_plane: ControlPlane, kube: Kube, namespaces: dict[str, str]
) -> None:
    release = namespaces["operator"]
    install = ("install", release, str(CHART), "-n", release)
    install_definitions(kube)
    spec = {"namespace": "another", "release": "mirror"}
    kube.create(resource("MirrorInstallation", "stagingmirror", spec))
    try:
        notes = helm(control_plane, *install)
        assert "THIS INSTALLATION DOES NOTHING: release mirror in namespace another" in notes
        assert "helm -n another uninstall mirror" in notes
        helm(control_plane, "uninstall", release, "-n", release)
        kube.delete(API_VERSION, "MirrorInstallation", "stagingmirror")

        spec = {"namespace": release, "release": release}
        kube.create(resource("MirrorInstallation", "stagingmirror", spec))
        assert "DOES NOTHING" not in helm(control_plane, *install)
        helm(control_plane, "uninstall", release, "-n", release)
    finally:
        kube.delete(API_VERSION, "MirrorInstallation", "stagingmirror")


def may(
    control_plane: ControlPlane, where: dict[str, str], verb: str, what: str, role: str
) -> bool:
    account = f"system:serviceaccount:{where['operator']}:{where['release']}"
    try:
        answer = control_plane.kubectl(
            "auth", "can-i", verb, what, "-n", where[role], "--as", account
        )
    except subprocess.CalledProcessError as no:
        answer = str(no.stdout)
    return answer.strip() == "yes"


def test_one_install_brings_definitions_and_environments(
    control_plane: ControlPlane, installed: dict[str, str]
) -> None:
    names = control_plane.kubectl("get", "mirrorenvironments", "-o", "name")

    assert f"mirrorenvironment.stagingmirror.dev/{installed['release']}-production" in names
    assert f"kubectl -n {installed['staging']} get stagingmirrors" in installed["notes"]


def test_production_is_only_read_and_staging_is_written(
    control_plane: ControlPlane, installed: dict[str, str]
) -> None:
    assert may(control_plane, installed, "watch", "pods", "production")
    assert not may(control_plane, installed, "patch", "deployments.apps", "production")
    assert not may(control_plane, installed, "create", "jobs.batch", "production")
    assert not may(control_plane, installed, "update", "configmaps", "production")
    assert may(control_plane, installed, "patch", "deployments.apps", "staging")
    assert may(control_plane, installed, "create", "jobs.batch", "staging")


def test_secrets_are_read_in_the_operators_namespace_only(
    control_plane: ControlPlane, installed: dict[str, str]
) -> None:
    assert may(control_plane, installed, "get", "secrets", "operator")
    assert not may(control_plane, installed, "list", "secrets", "operator")
    assert not may(control_plane, installed, "get", "secrets", "staging")
    assert not may(control_plane, installed, "get", "secrets", "production")


def test_everybody_may_see_who_leads_and_nothing_else_of_the_operators(
    control_plane: ControlPlane, installed: dict[str, str]
) -> None:
    """So that `check` can tell a status that nobody keeps true any more."""
    space = installed["operator"]

    def anybody(verb: str, what: str) -> bool:
        who = ("--as", "somebody", "--as-group", "system:authenticated")
        try:
            answer = control_plane.kubectl("auth", "can-i", verb, what, "-n", space, *who)
        except subprocess.CalledProcessError as no:
            answer = str(no.stdout)
        return answer.strip() == "yes"

    assert anybody("get", "leases.coordination.k8s.io/stagingmirror")
    assert not anybody("get", "leases.coordination.k8s.io/another")
    assert not anybody("update", "leases.coordination.k8s.io/stagingmirror")
    assert not anybody("get", "configmaps")


def test_definitions_stay_when_the_release_goes(
    control_plane: ControlPlane, namespaces: dict[str, str]
) -> None:
    release = namespaces["operator"]
    helm(control_plane, "install", release, str(CHART), "-n", release)

    helm(control_plane, "uninstall", release, "-n", release)

    assert "stagingmirrors.stagingmirror.dev" in control_plane.kubectl("get", "crds", "-o", "name")


def test_no_rule_of_the_chart_has_a_wildcard() -> None:
    roles = [
        item
        for item in render(productionNamespaces=["ml-prod"], stagingNamespaces=["ml-staging"])
        if item["kind"] in {"Role", "ClusterRole"}
    ]

    assert roles
    assert "*" not in yaml.safe_dump(roles).replace("'*'", "*").split()
    assert [
        role["metadata"]["name"]
        for role in roles
        if role["kind"] == "ClusterRole"
        for rule in role["rules"]
        if "secrets" in rule["resources"]
    ] == []


def test_the_pod_is_admitted_by_the_restricted_standard(
    control_plane: ControlPlane, namespaces: dict[str, str]
) -> None:
    template = next(item for item in render() if item["kind"] == "Deployment")["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "as-the-chart-has-it"},
        "spec": {**template["spec"], "serviceAccountName": "default"},
    }
    enforce = "pod-security.kubernetes.io/enforce=restricted"
    control_plane.kubectl("label", "namespace", namespaces["operator"], enforce)

    created = control_plane.kubectl(
        "-n", namespaces["operator"], "create", "-f", "-", input=yaml.safe_dump(pod)
    )

    assert "as-the-chart-has-it created" in created
