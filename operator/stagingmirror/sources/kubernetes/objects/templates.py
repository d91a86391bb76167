"""The containers of a pod template, shared between the pods that are made from it."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from sys import intern
from typing import Any, Literal, TypeAlias

from stagingmirror.drift.expansion import expanded
from stagingmirror.sources.kubernetes.subjects import Container, Variable

Source: TypeAlias = Literal[
    "value", "reference", "configMapKeyRef", "secretKeyRef", "fieldRef", "other"
]
_SOURCES: tuple[Source, ...] = ("configMapKeyRef", "secretKeyRef", "fieldRef")
# What makes two templates run the same thing.
_RUNS = ("name", "image", "command", "args", "env", "envFrom")
# Distinct templates whose containers are shared; beyond, the oldest are merely not shared.
_SHARED = 8192

_Variables: TypeAlias = tuple[tuple[str, str | None, Source], ...]
_Shape: TypeAlias = tuple[tuple[str, str, _Variables, bool], ...]


def containers_of(pod_spec: Mapping[str, Any]) -> Mapping[str, Container]:
    """By name. Equal ones are one object: a thousand pods of one template cost as much as one."""
    # Init containers that go on running beside the others (since Kubernetes 1.29).
    sidecars = [
        one for one in pod_spec.get("initContainers") or () if one.get("restartPolicy") == "Always"
    ]
    return _containers(
        tuple(
            (
                one["name"],
                one.get("image") or "",
                _variables(one.get("env") or ()),
                bool(one.get("envFrom")),
            )
            for one in (*pod_spec["containers"], *sidecars)
        )
    )


def digest_of(pod_spec: Mapping[str, Any]) -> str:
    """Equal where two templates run the same: images, commands and variables of all containers."""
    containers = [*(pod_spec.get("initContainers") or ()), *pod_spec["containers"]]
    runs = [{key: one.get(key) for key in _RUNS} for one in containers]
    text = json.dumps(runs, sort_keys=True, separators=(",", ":"))
    return intern(hashlib.sha256(text.encode()).hexdigest()[:24])


@lru_cache(maxsize=_SHARED)
def _containers(shape: _Shape) -> Mapping[str, Container]:
    return {
        intern(name): Container(
            intern(image),
            {intern(key): Variable(value, source) for key, value, source in variables},
            env_from,
        )
        for name, image, variables, env_from in shape
    }


def _variables(env: Any) -> _Variables:
    found: list[tuple[str, str | None, Source]] = []
    for one in env:
        found.append((one["name"], *_value(one, found)))
    return tuple(found)


def _value(
    one: Mapping[str, Any], before: list[tuple[str, str | None, Source]]
) -> tuple[str | None, Source]:
    origin = one.get("valueFrom")
    if not origin:
        text = str(one.get("value") or "")
        if "$" not in text:
            return text, "value"
        value = expanded(text, {name: known for name, known, _ in before})
        return value, "reference" if value is None else "value"
    return None, next((source for source in _SOURCES if source in origin), "other")
