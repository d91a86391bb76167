"""What a pod template says of its containers, shared between the pods that are made from it."""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from sys import intern
from typing import Any, Literal, TypeAlias

from stagingmirror.view import Container, Variable

Source: TypeAlias = Literal[
    "value", "configMapKeyRef", "secretKeyRef", "fieldRef", "other", "unresolved"
]
_REFERENCE = re.compile(r"\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")
_SOURCES: tuple[Source, ...] = ("configMapKeyRef", "secretKeyRef", "fieldRef")
_RUNS = ("name", "image", "command", "args", "env", "envFrom")
"""What makes two templates run the same thing."""
_SHARED = 8192
"""Distinct templates whose containers are shared; beyond, the oldest are merely not shared."""

_Variables: TypeAlias = tuple[tuple[str, str | None, Source], ...]
_Shape: TypeAlias = tuple[tuple[str, str, _Variables, bool], ...]


def containers_of(pod_spec: Mapping[str, Any]) -> Mapping[str, Container]:
    """By name. Equal ones are one object: a thousand pods of one template cost as much as one."""
    return _containers(
        tuple(
            (
                one["name"],
                one.get("image") or "",
                _variables(one.get("env") or ()),
                bool(one.get("envFrom")),
            )
            for one in (*pod_spec["containers"], *_sidecars(pod_spec))
        )
    )


def _sidecars(pod_spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Init containers that go on running beside the others (since Kubernetes 1.29)."""
    listed = pod_spec.get("initContainers") or ()
    return [one for one in listed if one.get("restartPolicy") == "Always"]


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
    """As the process gets them: ``$(NAME)`` is the value of a variable that stands before."""
    before: dict[str, str | None] = {}
    found: list[tuple[str, str | None, Source]] = []
    for one in env:
        value, source = _value(one)
        if value is not None and "$" in value:
            value = _expanded(value, before)
            source = "value" if value is not None else "unresolved"
        before[one["name"]] = value
        found.append((one["name"], value, source))
    return tuple(found)


def _expanded(text: str, before: Mapping[str, str | None]) -> str | None:
    """As kubelets do it (k8s.io/kubernetes/third_party/forked/golang/expansion): ``$$`` is a
    dollar sign. None where it refers to what is not known here: Services and ``envFrom`` set
    variables too.
    """
    referred = [name for name in _REFERENCE.findall(text) if name]
    if any(before.get(name) is None for name in referred):
        return None
    return _REFERENCE.sub(lambda found: before[found[1]] or "" if found[1] else "$", text)


def _value(one: Mapping[str, Any]) -> tuple[str | None, Source]:
    origin = one.get("valueFrom")
    if not origin:
        return str(one.get("value") or ""), "value"
    return None, next((source for source in _SOURCES if source in origin), "other")
