"""What people write without quotes, and YAML takes for something else."""

import json
import subprocess
from collections.abc import Iterator
from textwrap import indent

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.cli.screens.accept import Wanted, entries
from support.operators.rigs import make_namespace
from support.resources.definitions import install
from support.resources.statuses import component, seen

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def space(control_plane: ControlPlane) -> Iterator[str]:
    install(control_plane.kube)
    name = make_namespace(control_plane.kube, "api")
    yield name
    control_plane.kube.delete("v1", "Namespace", name)


TYPED = """
apiVersion: stagingmirror.dev/v1alpha1
kind: {kind}
metadata: {{name: typed}}
spec: {spec}
"""
SPEC = """{{
    production: {{environment: production, namespace: ml-prod}}, staging: {{environment: staging}},
    track: [{{name: {name}, setting: {{production: {{configMap: {{name: c, key: k}}}}}}}}],
    accept: [{{component: {name}, fact: value, reason: test, {accept}}}]{more}
  }}"""


def typed(name: str = "data", accept: str = "production: a", more: str = "") -> str:
    spec = SPEC.format(name=name, accept=accept, more=more and f", {more}")
    return TYPED.format(kind="StagingMirror", spec=spec)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (typed(accept="production: 0.10"), ("spec.accept[0].production", "must be of type string")),
        (typed(accept="production: 1e-5"), ("spec.accept[0].production", "must be of type string")),
        (typed(name="on"), ("spec.track[0].name", "must be of type string")),
        (typed(more="checkInterval: 30"), ("spec.checkInterval", "must be of type string")),
        (typed(more='checkInterval: "30"'), ("spec.checkInterval", "e.g. 30s")),
        (
            TYPED.format(kind="MirrorHold", spec="{reason: test, until: 2030-01-01 12:00:00}"),
            ("spec.until", "write a time in RFC 3339 with its zone"),
        ),
    ],
    ids=["decimal", "exponent", "boolean", "seconds", "quoted seconds", "time without zone"],
)
def test_what_yaml_takes_for_something_else_is_refused_by_its_field(
    control_plane: ControlPlane, space: str, given: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        control_plane.kubectl("-n", space, "apply", "--dry-run=server", "-f", "-", input=given)

    for each in words:
        assert each in refused.value.stderr


def test_a_date_without_quotes_is_taken_as_it_stands(
    control_plane: ControlPlane, space: str
) -> None:
    given = typed(accept="production: 2026-11-20, until: 2027-01-31T00:00:00Z")

    taken = control_plane.kubectl(
        *("-n", space, "apply", "--dry-run=server", "-o", "json", "-f", "-"), input=given
    )

    (accepted,) = json.loads(taken)["spec"]["accept"]
    assert accepted["production"] == "2026-11-20"
    assert accepted["until"] == "2027-01-31T00:00:00Z"


ODD = [
    "null",
    "on",
    "1e-5",
    "0x1F",
    "2027-01-31",
    "~",
    "a: b",
    '"',
    "\\",
    "ß渚😀",
    "\t",
    "\x7f",
    "\u202e",
]
BARE = """
apiVersion: stagingmirror.dev/v1alpha1
kind: StagingMirror
metadata: {name: pasted}
spec:
  production: {environment: production, namespace: ml-prod}
  staging: {environment: staging}
  track: [{name: data, setting: {production: {configMap: {name: c, key: k}}}}]
"""


def test_what_accept_prints_is_read_as_it_is_meant_by_kubectl_too(
    control_plane: ControlPlane, space: str
) -> None:
    found = [{"fact": f"f{n}", "production": each, "staging": ""} for n, each in enumerate(ODD)]
    mirror = seen(component("data", "Drifted", "they differ", differences=found))
    wanted = Wanted("1e-5", "2027-01-31T00:00:00Z", None, with_values=True)
    printed = "\n".join(entries(mirror, mirror.status.components[0], wanted))

    taken = control_plane.kubectl(
        *("-n", space, "apply", "--dry-run=server", "-o", "json", "-f", "-"),
        input=BARE + indent(printed, "  "),
    )

    accepted = json.loads(taken)["spec"]["accept"]
    assert [each["production"] for each in accepted] == ODD
    assert {each["reason"] for each in accepted} == {"1e-5"}
