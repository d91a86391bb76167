"""Which values the chart takes, and what it makes of them."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.programs import program
from support.resources.chart import CHART, LIMIT_SECONDS, render

pytestmark = pytest.mark.integration


def test_a_switch_that_is_misspelt_is_refused() -> None:
    with pytest.raises(ValueError, match="enable"):
        render(crds={"enable": False})


def test_an_account_that_is_there_already_is_used_and_not_made() -> None:
    rendered = render(serviceAccount={"create": False, "name": "ours"})

    assert not [each for each in rendered if each["kind"] == "ServiceAccount"]
    (deployment,) = (each for each in rendered if each["kind"] == "Deployment")
    assert deployment["spec"]["template"]["spec"]["serviceAccountName"] == "ours"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"replicas": 0}, "replicas"),
        ({"stagingNamespaces": ["Not A Name"]}, "stagingNamespaces"),
        ({"image": {"digest": "latest"}}, "digest"),
        ({"environments": {"one": {"role": "Both"}}}, "role"),
        ({"productionNamespaces": ["ml"], "stagingNamespaces": ["ml"]}, "one of them only"),
        ({"maskingNamespaces": ["ml"], "stagingNamespaces": ["ml"]}, "where no team may write"),
        ({"stagingNamespace": ["ml"]}, "stagingNamespace"),
        ({"environments": {"prod.eu": {"role": "Production"}}}, "prod.eu"),
        ({"image": {"tag": 20261126}}, "tag"),
        ({"podAnnotations": {"revision": 20261126}}, "podAnnotations"),
        ({"extraEnv": [{"name": "STAGINGMIRROR_NAMESPACE", "value": "x"}]}, "extraEnv"),
        ({"extraEnv": [{"name": "A", "value": 1}]}, "extraEnv"),
        ({"extraEnv": [{"name": "A", "value": "x", "valueFrom": {}}]}, "extraEnv"),
        ({"enabled": "yes"}, "enabled"),
    ],
)
def test_wrong_values_are_refused_by_name(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        render(**values)


def test_variables_of_the_pod_are_those_that_were_given() -> None:
    given = [
        {"name": "NO_PROXY", "value": "10.0.0.1"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    ]

    (deployment,) = (e for e in render(extraEnv=given) if e["kind"] == "Deployment")

    env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert env[-2:] == given
    assert {each["name"] for each in env[:-2]} == {
        "STAGINGMIRROR_NAMESPACE",
        "STAGINGMIRROR_IDENTITY",
        "STAGINGMIRROR_RELEASE",
    }


@pytest.fixture
def umbrella(tmp_path: Path) -> Path:
    """A chart that has this one as a dependency, with a condition."""
    chart = tmp_path / "platform"
    (chart / "charts").mkdir(parents=True)
    shutil.copytree(CHART, chart / "charts" / "stagingmirror")
    dependency = {"name": "stagingmirror", "version": "0.1.0", "condition": "stagingmirror.enabled"}
    about = {"apiVersion": "v2", "name": "platform", "version": "0.1.0"}
    (chart / "Chart.yaml").write_text(yaml.safe_dump({**about, "dependencies": [dependency]}))
    values = {
        "global": {"imageRegistry": "registry.example", "storageClass": "fast"},
        "stagingmirror": {"enabled": True, "productionNamespaces": ["ml-prod"]},
    }
    (chart / "values.yaml").write_text(yaml.safe_dump(values))
    return chart


@pytest.mark.parametrize(("enabled", "kinds"), [("true", 1), ("false", 0)])
def test_a_chart_may_have_it_as_a_dependency_with_a_condition(
    umbrella: Path, enabled: str, kinds: int
) -> None:
    done = subprocess.run(
        [
            *(str(program("helm")), "template", "p", str(umbrella)),
            *("--set", f"stagingmirror.enabled={enabled}"),
        ],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    rendered = [each for each in yaml.safe_load_all(done.stdout) if each]
    assert len([each for each in rendered if each["kind"] == "Deployment"]) == kinds
    assert bool(rendered) == bool(kinds)


def test_network_policy_and_disruption_budget_come_when_asked_for() -> None:
    plain = {item["kind"] for item in render()}
    asked = {
        item["kind"]
        for item in render(networkPolicy={"enabled": True}, podDisruptionBudget={"enabled": True})
    }

    assert asked - plain == {"NetworkPolicy", "PodDisruptionBudget"}
