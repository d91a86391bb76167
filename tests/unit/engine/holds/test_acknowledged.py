"""When a hold becomes effective, and what a hold is told that would hold nothing."""

from typing import Any

import pytest

from stagingmirror.engine.holds.acknowledged import (
    CHECKED_FIRST,
    AcknowledgedHolds,
    held_namespace,
    tracked_by,
)
from stagingmirror.engine.holds.active import Request, is_effective, read
from stagingmirror.engine.resources.mirror import MirrorKey
from support.resources import resources

KEYS = {name: MirrorKey("ml-staging", name) for name in ("fraud", "ranking")}


def hold(generation: int = 1, **spec: Any) -> Request:
    body = resources.hold(**spec)
    body["metadata"] |= {"uid": "uid", "generation": generation}
    request = read(body)
    assert request is not None
    return request


def mirror(name: str, component: str) -> dict[str, Any]:
    return resources.mirror(name, track=[resources.setting(component)])


MIRRORS = [mirror("fraud", "encoder"), mirror("ranking", "index")]


def shown(acknowledged: AcknowledgedHolds, request: Request) -> str | None:
    view = held_namespace(
        "ml-staging", tracked_by(MIRRORS), acknowledged=acknowledged, still_open=()
    )
    return view.shown(request, acknowledged.seen(request))


@pytest.mark.parametrize("spec", [{"mirrors": ["fraud", "ranking"]}, {}])
def test_a_hold_is_effective_once_each_mirror_it_stops_has_passed_with_it(
    spec: dict[str, Any],
) -> None:
    acknowledged, request = AcknowledgedHolds(), hold(**spec)
    before = acknowledged.turn()
    acknowledged.seen(request)

    for name in KEYS:
        acknowledged.passed(KEYS[name], before)
    assert shown(acknowledged, request) == CHECKED_FIRST, "those passes began before the hold came"
    acknowledged.passed(KEYS["fraud"], acknowledged.turn())
    assert shown(acknowledged, request) == CHECKED_FIRST
    acknowledged.passed(KEYS["ranking"], acknowledged.turn())
    assert shown(acknowledged, request) is None


def test_a_hold_does_not_wait_for_a_mirror_that_it_does_not_name() -> None:
    acknowledged, request = AcknowledgedHolds(), hold(mirrors=["fraud"])
    acknowledged.seen(request)

    acknowledged.passed(KEYS["fraud"], acknowledged.turn())

    assert shown(acknowledged, request) is None


def test_a_hold_that_was_edited_is_not_effective_as_it_was_before() -> None:
    acknowledged, former, edited = AcknowledgedHolds(), hold(), hold(generation=2)
    acknowledged.seen(former)
    for name in KEYS:
        acknowledged.passed(KEYS[name], acknowledged.turn())
    assert shown(acknowledged, former) is None

    assert shown(acknowledged, edited) == CHECKED_FIRST
    status = {"effectiveSince": "2001-09-09T01:00:00Z", "observedGeneration": 1}
    assert is_effective({"metadata": {"generation": 1}, "status": status})
    assert not is_effective({"metadata": {"generation": 2}, "status": status})


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"mirrors": ["fraud"], "components": ["encoder"]}, None),
        ({"components": ["encoder"]}, None),
        ({}, None),
        ({"mirrors": ["fruad"]}, "spec.mirrors: there is no StagingMirror fruad"),
        ({"mirrors": ["fraud"], "components": ["encodr"]}, "tracks encodr; correct the name"),
        ({"components": ["encodr"]}, "tracks encodr; correct the name"),
    ],
)
def test_a_hold_that_would_hold_nothing_is_told_which_name_is_wrong(
    spec: dict[str, Any], says: str | None
) -> None:
    acknowledged, request = AcknowledgedHolds(), hold(**spec)
    acknowledged.seen(request)
    for name in KEYS:
        acknowledged.passed(KEYS[name], acknowledged.turn())

    told = shown(acknowledged, request)

    assert told == says if says is None or told is None else says in told
