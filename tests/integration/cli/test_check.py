"""``check`` as people run it, a process of its own, against a real API server."""

import json
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from support.operators.scripted_operator import (
    LEASES,
    Place,
    echoing,
    operator_that,
    scripted_operator,
)
from support.resources.resources import Object
from support.resources.statuses import DRIFTED_MODEL, HELD_ENCODER, UNSEEN, component

pytestmark = pytest.mark.integration


@pytest.fixture
def place(control_plane: ControlPlane) -> Iterator[Place]:
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
    place: Place, components: tuple[Object, ...], code: int, words: str
) -> None:
    place.mirror("fraud", *components)

    told = place.run("check", "fraud")

    assert (told.code, told.err) == (code, "")
    assert words in told.out


def test_check_of_all_takes_the_worst(place: Place) -> None:
    place.mirror("fraud", component("a"))
    place.mirror("ranking", DRIFTED_MODEL)

    told = place.run("check", "--all")

    assert told.code == 3
    assert told.out.splitlines() == [
        "✓ fraud: in sync (1 of 1)",
        "✗ ranking: drifted (fraud-model)",
    ]


@pytest.mark.parametrize(("age", "words"), [(130, "settled a verdict for 2 min"), (None, "yet")])
def test_check_knows_nothing_while_no_operator_settles(
    place: Place, age: float | None, words: str
) -> None:
    place.mirror("fraud", component("a"))
    place.settle(age)

    told = place.run("check", "fraud")

    assert told.code == 4
    assert words in told.out
    assert f"kubectl -n {place.operator} get pods" in told.out


def test_check_knows_nothing_without_an_operator(place: Place) -> None:
    place.mirror("fraud", component("a"))
    place.kube.delete(LEASES, "Lease", "stagingmirror", place.operator)

    told = place.run("check", "fraud")

    assert told.code == 4
    assert "there is no operator" in told.out


def test_check_knows_nothing_where_the_lease_may_not_be_read(place: Place) -> None:
    place.mirror("fraud", component("a"))
    name = "runner-here"
    place.kube.delete("rbac.authorization.k8s.io/v1", "RoleBinding", name, place.operator)

    told = place.run("check", "fraud")
    for _ in range(20):  # the API server learns of the missing right a moment later
        if told.code == 4:
            break
        told = place.run("check", "fraud")

    assert told.code == 4
    assert "you may not read Lease stagingmirror" in told.out


def test_check_does_not_believe_a_status_of_an_older_spec(place: Place) -> None:
    place.mirror("fraud", component("a"))
    changed = {"spec": {"checkInterval": "20s"}}
    place.kube.patch(API_VERSION, "StagingMirror", "fraud", place.namespace, changed)

    told = place.run("check", "fraud")

    assert told.code == 4
    assert "its spec changed" in told.out


def test_check_now_waits_for_a_look_that_began_after_it_was_asked(place: Place) -> None:
    place.mirror("fraud", component("a"))

    with operator_that(echoing(place, "fraud", DRIFTED_MODEL)):
        told = place.run("check", "fraud", "--now", "--timeout", "20s")

    assert told.code == 3
    assert "drifted (fraud-model)" in told.out


def test_check_bytes_asks_by_the_tokens_prefix(place: Place) -> None:
    place.mirror("fraud", component("a"))

    with operator_that(echoing(place, "fraud", component("a"))):
        told = place.run("check", "fraud", "--bytes", "--timeout", "20s")

    asked = place.get("fraud")["metadata"]["annotations"]["stagingmirror.dev/check-at"]
    assert told.code == 0
    assert asked.startswith("bytes:")


def test_check_now_is_unknown_where_nobody_answers(place: Place) -> None:
    place.mirror("fraud", component("a"))

    told = place.run("check", "fraud", "--now", "--timeout", "1s")

    assert told.code == 4
    assert "the operator did not answer within 1 s" in told.out


def test_check_prints_json_and_junit_and_nothing_else(place: Place) -> None:
    place.mirror("fraud", DRIFTED_MODEL, component("b"))

    as_json = place.run("check", "-o", "json")
    as_junit = place.run("check", "-o", "junit", "--except", "b")

    assert json.loads(as_json.out)["exitCode"] == as_json.code == 3
    assert ElementTree.fromstring(as_junit.out)[0].get("skipped") == "1"
    assert as_junit.code == 3
