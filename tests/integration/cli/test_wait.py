"""``refresh``, ``hold`` and ``release`` with an operator that is played by hand."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.api.types.times import rfc3339
from support.operators.scripted_operator import (
    SCHEDULE,
    Place,
    echoing,
    operator_that,
    scripted_operator,
)
from support.resources.resources import Object
from support.resources.statuses import DRIFTED_MODEL, component, status

pytestmark = pytest.mark.integration


@pytest.fixture
def place(control_plane: ControlPlane) -> Iterator[Place]:
    with scripted_operator(control_plane) as made:
        yield made


def refresh_of(place: Place, result: str, *components: Object) -> Callable[[], None]:
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
        asked = (place.get("fraud")["metadata"].get("annotations") or {}).get(
            "stagingmirror.dev/refresh-at"
        )
        if not asked:
            return
        entry = {"id": "r", "token": asked, "trigger": "Manual"}
        if not begun.is_set():
            begun.set()
            open_ = entry | {"phase": "Switch", "steps": steps}
            place.emit("fraud", status(DRIFTED_MODEL, now=time.time(), refresh=open_))
            time.sleep(1.2)
            return
        ended = entry | {"result": result, "message": "the reason"}
        told = status(*components, now=time.time(), refreshes=[ended], handledRefreshAt=asked)
        place.emit("fraud", told | {"refresh": None})

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
    place: Place, result: str, components: tuple[Object, ...], code: int, words: str
) -> None:
    place.mirror("fraud", DRIFTED_MODEL, refresh=SCHEDULE)

    with operator_that(refresh_of(place, result, *components)):
        told = place.run("refresh", "fraud", "--wait", "--timeout", "30s")

    assert told.code == code
    assert "prepare    fraud-model   copy version 12   under way" in told.out
    assert words in told.out


def test_refresh_without_waiting_leaves_a_token(place: Place) -> None:
    place.mirror("fraud", DRIFTED_MODEL, refresh=SCHEDULE)

    told = place.run("refresh", "fraud")

    assert told.code == 0
    assert "stagingmirror.dev/refresh-at" in place.get("fraud")["metadata"]["annotations"]


def holding(place: Place) -> Callable[[], None]:
    """An operator that takes every hold."""

    def act() -> None:
        for held in place.kube.list(API_VERSION, "MirrorHold", place.namespace):
            if "effectiveSince" not in held.get("status", {}):
                told = {"effectiveSince": rfc3339(time.time())}
                patch = {"status": told | {"observedGeneration": held["metadata"]["generation"]}}
                place.kube.patch(
                    API_VERSION,
                    "MirrorHold",
                    held["metadata"]["name"],
                    place.namespace,
                    patch,
                    subresource="status",
                )

    return act


def test_hold_waits_until_it_is_in_effect_and_release_until_it_is_not(place: Place) -> None:
    place.mirror("fraud", component("training-data"))
    reason = ("--for", "2h", "--reason", "candidate 14", "--component", "training-data")

    with operator_that(holding(place)):
        held = place.run("hold", "fraud", *reason, "--timeout", "20s")
        again = place.run("hold", "fraud", *reason)
    assert (held.code, held.err) == (0, "")
    made = place.kube.get(API_VERSION, "MirrorHold", "fraud-runner", place.namespace)
    with operator_that(echoing(place, "fraud", component("training-data"))):
        released = place.run("release", "fraud", "--timeout", "20s")

    assert "✓ held by fraud-runner until" in held.out
    assert made["spec"]["mirrors"] == ["fraud"]
    assert made["spec"]["components"] == ["training-data"]
    assert again.code == 1
    assert "there is a hold fraud-runner already" in again.err
    assert (released.code, released.out) == (0, "✓ released fraud-runner\n")
    assert place.kube.list(API_VERSION, "MirrorHold", place.namespace) == []


def test_a_hold_that_nobody_takes_is_said(place: Place) -> None:
    place.mirror("fraud", component("a"))

    told = place.run("hold", "fraud", "--for", "1h", "--reason", "r", "--timeout", "1s")

    assert told.code == 4
    assert "the operator did not take it within 1 s" in told.out


def test_somebody_elses_hold_is_named_and_not_released(place: Place) -> None:
    place.mirror("fraud", component("a"))
    place.run("hold", "fraud", "--for", "1h", "--reason", "r", "--name", "ci", "--timeout", "1s")

    told = place.run("release", "fraud")

    assert told.code == 1
    assert "there is no hold fraud-runner; there are: ci (--name)" in told.err
