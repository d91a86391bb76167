"""``check`` as people run it, a process of its own, against a real API server."""

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from support.operators.scripted_operator import (
    LEASES,
    ScriptedOperator,
    echoing,
    operator_that,
    scripted_operator,
)
from support.resources.resources import Object
from support.resources.statuses import DRIFTED_MODEL, HELD_ENCODER, UNSEEN, component

pytestmark = pytest.mark.integration


@pytest.fixture
def scripted(control_plane: ControlPlane) -> Iterator[ScriptedOperator]:
    with scripted_operator(control_plane) as made:
        yield made


@pytest.mark.parametrize(
    ("components", "code", "words"),
    [
        ((component("a"),), 0, "✓ fraud: in sync (1 of 1)"),
        ((DRIFTED_MODEL,), 3, "✗ fraud: drifted (fraud-model)"),
        ((HELD_ENCODER,), 3, "~ fraud: held"),
        ((UNSEEN,), 4, "? fraud: unknown (index"),
    ],
)
def test_check_answers_with_its_exit_code(
    scripted: ScriptedOperator, components: tuple[Object, ...], code: int, words: str
) -> None:
    scripted.mirror("fraud", *components)

    output = scripted.run("check", "fraud")

    assert (output.code, output.err) == (code, "")
    assert words in output.out


def test_check_of_all_takes_the_worst(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", component("a"))
    scripted.mirror("ranking", DRIFTED_MODEL)

    output = scripted.run("check", "--all")

    assert output.code == 3
    assert output.out.splitlines() == [
        "✓ fraud: in sync (1 of 1)",
        "✗ ranking: drifted (fraud-model)",
    ]


@pytest.mark.parametrize(("age", "words"), [(130, "settled a verdict for 2 min"), (None, "yet")])
def test_check_knows_nothing_while_no_operator_settles(
    scripted: ScriptedOperator, age: float | None, words: str
) -> None:
    scripted.mirror("fraud", component("a"))
    scripted.settle(age)

    output = scripted.run("check", "fraud")

    assert output.code == 4
    assert words in output.out
    assert f"kubectl -n {scripted.operator} get pods" in output.out


@pytest.mark.parametrize(
    ("age", "off_by", "code"), [(900.0, -900, 4), (0.0, 900, 0), (0.0, -900, 0), (900.0, 900, 4)]
)
def test_check_goes_by_the_api_servers_clock(
    scripted: ScriptedOperator, tmp_path: Path, age: float, off_by: int, code: int
) -> None:
    """A dead operator is dead and a live one alive, whatever this machine's clock shows."""
    wrong = f"import time\nreal = time.time\ntime.time = lambda: real() + {off_by}\n"
    (tmp_path / "sitecustomize.py").write_text(wrong)
    scripted.mirror("fraud", component("a"))
    scripted.settle(age)

    output = scripted.run("check", "fraud", PYTHONPATH=str(tmp_path))

    assert output.code == code, output
    assert ("settled a verdict for 15 min" in output.out) == (code == 4)


def test_check_knows_nothing_without_an_operator(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", component("a"))
    scripted.kube.delete(LEASES, "Lease", "stagingmirror", scripted.operator)

    output = scripted.run("check", "fraud")

    assert output.code == 4
    assert "there is no operator" in output.out


def test_check_knows_nothing_where_the_lease_may_not_be_read(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", component("a"))
    name = "runner-here"
    scripted.kube.delete("rbac.authorization.k8s.io/v1", "RoleBinding", name, scripted.operator)

    output = scripted.run("check", "fraud")
    for _ in range(20):  # the API server learns of the missing right a moment later
        if output.code == 4:
            break
        output = scripted.run("check", "fraud")

    assert output.code == 4
    assert "you may not read Lease stagingmirror" in output.out


def test_check_does_not_believe_a_status_of_an_older_spec(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", component("a"))
    changed = {"spec": {"checkInterval": "20s"}}
    scripted.kube.patch(API_VERSION, "StagingMirror", "fraud", scripted.namespace, changed)

    output = scripted.run("check", "fraud")

    assert output.code == 4
    assert "its spec changed" in output.out


def test_check_now_waits_for_a_look_that_began_after_it_was_asked(
    scripted: ScriptedOperator,
) -> None:
    scripted.mirror("fraud", component("a"))

    with operator_that(echoing(scripted, "fraud", DRIFTED_MODEL)):
        output = scripted.run("check", "fraud", "--now", "--timeout", "20s")

    assert output.code == 3
    assert "drifted (fraud-model)" in output.out


def test_check_bytes_asks_by_the_tokens_prefix(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", component("a"))

    with operator_that(echoing(scripted, "fraud", component("a"))):
        output = scripted.run("check", "fraud", "--bytes", "--timeout", "20s")

    token = scripted.get("fraud")["metadata"]["annotations"]["stagingmirror.dev/check-at"]
    assert output.code == 0
    assert token.startswith("bytes:")


def test_check_now_is_unknown_where_nobody_answers(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", component("a"))

    output = scripted.run("check", "fraud", "--now", "--timeout", "1s")

    assert output.code == 4
    assert "the operator did not answer within 1 s" in output.out


def test_check_prints_json_and_junit_and_nothing_else(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", DRIFTED_MODEL, component("b"))

    as_json = scripted.run("check", "-o", "json")
    as_junit = scripted.run("check", "-o", "junit", "--except", "b")

    assert json.loads(as_json.out)["exitCode"] == as_json.code == 3
    assert ElementTree.fromstring(as_junit.out)[0].get("skipped") == "1"
    assert as_junit.code == 3
