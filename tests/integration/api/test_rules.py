"""Every rule in CEL of the definitions, found by walking them: somebody breaks it, and is told."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from rig.kube import Kube, Refused
from stagingmirror.api.crd.generate import crds
from support.resources.definitions import install
from support.resources.resources import Object
from support.resources.specs_wrong import INVALID, SERVER_ONLY

pytestmark = pytest.mark.integration

WRONG = "/ :="
"""Breaks every pattern of ours."""
Rule = tuple[str, str]
"""Where it stands (``spec.track.name``; items of lists are not numbered), and its message."""


def test_every_rule_of_the_definitions_is_broken_by_somebody(control_plane: Any) -> None:
    install(control_plane.kube)
    rules = {(kind, rule) for kind, schema in _schemas() for rule in _rules(schema)}
    wrong = [thing for thing, _ in (INVALID | SERVER_ONLY).values()]
    wrong += [_all_wrong(kind, schema) for kind, schema in _schemas()]

    broken = {
        (thing["kind"], cause) for thing in wrong for cause in _causes(control_plane.kube, thing)
    }

    unbroken = {
        (kind, place, message)
        for kind, (place, message) in rules
        if not any((kind, place) == (other, at) and message in said for other, (at, said) in broken)
    }
    # A role that changes needs an object that is there: test_api_constraints has it.
    assert {each for each in unbroken if "cannot change" not in each[2]} == set()
    assert len(rules) > 80


def _causes(kube: Kube, thing: Object) -> set[Rule]:
    """What the API server says of it. Nothing is made."""
    plural, space = f"{thing['kind'].lower()}s", thing["metadata"].get("namespace")
    place = "namespaces/default/" if space else ""
    if space:
        thing = thing | {"metadata": thing["metadata"] | {"namespace": "default"}}
    with pytest.raises(Refused) as refused:
        kube.request(
            "POST",
            f"/apis/stagingmirror.dev/v1alpha1/{place}{plural}?dryRun=All&fieldValidation=Strict",
            thing,
        )
    causes = refused.value.causes
    return {(re.sub(r"\[[^]]*\]|<nil>", "", field), said) for field, said in causes}


def _schemas() -> Iterator[tuple[str, Object]]:
    for definition in crds():
        version = definition["spec"]["versions"][0]
        yield definition["spec"]["names"]["kind"], version["schema"]["openAPIV3Schema"]


def _rules(schema: Object, place: str = "") -> Iterator[Rule]:
    for rule in schema.get("x-kubernetes-validations", ()):
        yield place, rule["message"]
    for name, field in schema.get("properties", {}).items():
        yield from _rules(field, f"{place}.{name}".lstrip("."))
    if "items" in schema:
        yield from _rules(schema["items"], place)


def _all_wrong(kind: str, schema: Object) -> Object:
    """It has every field, and each text that has a rule breaks it."""
    of_the_cluster = kind in ("MirrorEnvironment", "MirrorInstallation")
    place = {} if of_the_cluster else {"namespace": "default"}
    return {
        "apiVersion": "stagingmirror.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": "wrong", **place},
        "spec": _sample(schema["properties"]["spec"]),
    }


def _sample(schema: Object) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: _sample(field) for name, field in schema.get("properties", {}).items()}
        case "array":
            return [_sample(schema["items"])]
        case "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            return WRONG if "x-kubernetes-validations" in schema else "text"
