"""A custom resource is patched field by field, and only as it was when it was judged."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.errors import Refused, StepFailed
from stagingmirror.sources.kubernetes.write.field_patch import (
    Change,
    FieldWrite,
    Restart,
    SetAnnotation,
    SetImage,
    SetVariable,
    read_field,
    target_of,
)
from stagingmirror.sources.kubernetes.write.json_patch import json_patch_for
from support.kubernetes.wire import patched

SECRET = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
WRITES: tuple[FieldWrite, ...] = (
    SetVariable("app", "A", "2"),
    SetVariable("app", "KEY", "2"),
    SetVariable("app", "NEW", "2"),
    SetVariable("side", "NEW", ""),
    SetImage("app", "x:2"),
    SetImage("init", "i:2"),
    SetAnnotation("team/a~b", "2"),
    Restart(),
)


def body(**more: Any) -> dict[str, Any]:
    env = [{"name": "A", "value": "1"}, SECRET, {"name": "KEPT", "value": "k"}]
    containers = [{"name": "side", "image": "s:1"}, {"name": "app", "image": "x:1", "env": env}]
    spec = {"initContainers": [{"name": "init", "image": "i:1"}], "containers": containers}
    return {
        "metadata": {"name": "web", "uid": "u", "resourceVersion": "7", **more},
        "spec": {"replicas": 2, "template": {"spec": spec}},
    }


def changes(found: dict[str, Any], writes: Any) -> list[Change]:
    return [
        Change(
            each, read_field(found, "Rollout", each), target_of(each, getattr(each, "value", "r"))
        )
        for each in writes
    ]


@given(st.sets(st.sampled_from(WRITES)), st.booleans())
def test_what_is_written_is_there_and_is_rolled_back_exactly(
    writes: set[FieldWrite], annotated: bool
) -> None:
    before = body(annotations={"kept": "1"}) if annotated else body()
    forth = changes(before, sorted(writes, key=str))

    after = patched(before, json_patch_for(before, "Rollout", forth))

    assert all(read_field(after, "Rollout", each.write) == each.target for each in forth)
    back = [Change(each.write, each.target, each.former) for each in forth]
    restored = patched(after, json_patch_for(after, "Rollout", back))
    everything = changes(before, WRITES)
    assert [read_field(restored, "Rollout", each.write) for each in everything] == [
        each.former for each in everything
    ]
    assert restored["spec"]["template"]["spec"] == before["spec"]["template"]["spec"]
    assert restored["metadata"].get("annotations") == before["metadata"].get("annotations")


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda now: now["metadata"].update(resourceVersion="8"),
        lambda now: now["metadata"].update(uid="another"),
    ],
    ids=["changed", "made again"],
)
def test_what_is_not_what_was_judged_is_not_changed(elsewhere: Any) -> None:
    judged = body()
    patch = json_patch_for(judged, "Rollout", changes(judged, [SetImage("app", "x:2")]))
    now = body()
    elsewhere(now)

    with pytest.raises(Refused):
        patched(now, patch)


def test_containers_that_changed_their_places_are_not_taken_for_each_other() -> None:
    """The place of a container is a number: the test of its former image holds it."""
    judged = body()
    patch = json_patch_for(judged, "Rollout", changes(judged, [SetImage("app", "x:2")]))
    now = body()
    now["spec"]["template"]["spec"]["containers"].reverse()

    with pytest.raises(Refused):
        patched(now, patch)


def test_other_fields_are_in_no_operation() -> None:
    judged = body()

    patch = json_patch_for(judged, "Rollout", changes(judged, [SetImage("app", "x:2")]))

    assert [(each["op"], each["path"]) for each in patch] == [
        ("test", "/metadata/uid"),
        ("test", "/metadata/resourceVersion"),
        ("test", "/spec/template/spec/containers/1/image"),
        ("replace", "/spec/template/spec/containers/1/image"),
    ]


def test_a_container_that_is_gone_is_not_added() -> None:
    judged = body()

    with pytest.raises(StepFailed, match="no container gone"):
        json_patch_for(judged, "Rollout", [Change(SetImage("gone", "x"), None, "x")])


def test_a_variable_that_stands_twice_is_never_patched() -> None:
    judged = body()
    judged["spec"]["template"]["spec"]["containers"][1]["env"].append({"name": "A", "value": "3"})

    with pytest.raises(StepFailed, match="stands 2 times"):
        json_patch_for(judged, "Rollout", changes(judged, [SetVariable("app", "A", "2")]))
