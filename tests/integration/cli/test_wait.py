"""``refresh``, ``hold`` and ``release`` with an operator that is scripted by the test."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.api.types.times import rfc3339
from support.operators.scripted_operator import (
    SCHEDULE,
    ScriptedOperator,
    echoing,
    operator_that,
    scripted_operator,
)
from support.resources.resources import Object
from support.resources.statuses import DRIFTED_MODEL, component, status

pytestmark = pytest.mark.integration


@pytest.fixture
def scripted(control_plane: ControlPlane) -> Iterator[ScriptedOperator]:
    with scripted_operator(control_plane) as made:
        yield made


def refresh_of(scripted: ScriptedOperator, result: str, *components: Object) -> Callable[[], None]:
    """An operator that takes a refresh token, works for a moment, and ends it so."""
    steps = [
        {
            "id": "s1",
            "phase": "prepare",
            "component": "fraud-model",
            "text": "copy version 12",
            "state": "Started",
        }
    ]
    begun = threading.Event()

    def act() -> None:
        token = (scripted.get("fraud")["metadata"].get("annotations") or {}).get(
            "stagingmirror.dev/refresh-at"
        )
        if not token:
            return
        entry = {"id": "r", "token": token, "trigger": "Manual"}
        if not begun.is_set():
            begun.set()
            open_ = entry | {"phase": "Switch", "steps": steps}
            scripted.emit("fraud", status(DRIFTED_MODEL, now=time.time(), refresh=open_))
            time.sleep(1.2)
            return
        ended = entry | {"result": result, "message": "the reason"}
        after = status(*components, now=time.time(), refreshes=[ended], handledRefreshAt=token)
        scripted.emit("fraud", after | {"refresh": None})

    return act


@pytest.mark.parametrize(
    ("result", "components", "code", "words"),
    [
        ("Succeeded", (component("a"),), 0, "✓ fraud is in sync with production"),
        ("RolledBack", (DRIFTED_MODEL,), 1, "refresh failed and was rolled back: the reason"),
        ("Skipped", (DRIFTED_MODEL,), 1, "refresh was not started: the reason"),
    ],
)
def test_refresh_is_followed_to_its_end(
    scripted: ScriptedOperator, result: str, components: tuple[Object, ...], code: int, words: str
) -> None:
    scripted.mirror("fraud", DRIFTED_MODEL, refresh=SCHEDULE)

    with operator_that(refresh_of(scripted, result, *components)):
        output = scripted.run("refresh", "fraud", "--wait", "--timeout", "30s")

    assert output.code == code
    assert "prepare    fraud-model   copy version 12   under way" in output.out
    assert words in output.out


def test_refresh_without_waiting_leaves_a_token(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", DRIFTED_MODEL, refresh=SCHEDULE)

    output = scripted.run("refresh", "fraud")

    assert output.code == 0
    assert "stagingmirror.dev/refresh-at" in scripted.get("fraud")["metadata"]["annotations"]


def holding(scripted: ScriptedOperator) -> Callable[[], None]:
    """An operator that takes every hold."""

    def act() -> None:
        for held in scripted.kube.list(API_VERSION, "MirrorHold", scripted.namespace):
            if "effectiveSince" not in held.get("status", {}):
                output = {"effectiveSince": rfc3339(time.time())}
                patch = {"status": output | {"observedGeneration": held["metadata"]["generation"]}}
                scripted.kube.patch(
                    API_VERSION,
                    "MirrorHold",
                    held["metadata"]["name"],
                    scripted.namespace,
                    patch,
                    subresource="status",
                )

    return act


def test_hold_waits_until_it_is_in_effect_and_release_until_it_is_not(
    scripted: ScriptedOperator,
) -> None:
    scripted.mirror("fraud", component("training-data"))
    reason = ("--for", "2h", "--reason", "candidate 14", "--component", "training-data")

    with operator_that(holding(scripted)):
        held = scripted.run("hold", "fraud", *reason, "--timeout", "20s")
        again = scripted.run("hold", "fraud", *reason)
    assert (held.code, held.err) == (0, "")
    made = scripted.kube.get(API_VERSION, "MirrorHold", "fraud-runner", scripted.namespace)
    with operator_that(echoing(scripted, "fraud", component("training-data"))):
        released = scripted.run("release", "fraud", "--timeout", "20s")

    assert "✓ held by fraud-runner until" in held.out
    assert made["spec"]["mirrors"] == ["fraud"]
    assert made["spec"]["components"] == ["training-data"]
    assert again.code == 1
    assert "there is a hold fraud-runner already" in again.err
    assert (released.code, released.out) == (0, "✓ released fraud-runner\n")
    assert scripted.kube.list(API_VERSION, "MirrorHold", scripted.namespace) == []


def test_a_hold_that_nobody_takes_is_said(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", component("a"))

    output = scripted.run("hold", "fraud", "--for", "1h", "--reason", "r", "--timeout", "1s")

    assert output.code == 4
    assert "the operator did not take it within 1 s" in output.out


def test_somebody_elses_hold_is_named_and_not_released(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", component("a"))
    scripted.run("hold", "fraud", "--for", "1h", "--reason", "r", "--name", "ci", "--timeout", "1s")

    output = scripted.run("release", "fraud")

    assert output.code == 1
    assert "there is no hold fraud-runner; there are: ci; to end one of them: kubectl" in output.err
    assert f"kubectl stagingmirror release -n {scripted.namespace} " in output.err
