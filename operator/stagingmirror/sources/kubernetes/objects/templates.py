"""The containers of a pod template, shared between the pods that are made from it."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from sys import intern
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from stagingmirror.drift.command.words import Words, words_of
from stagingmirror.sources.kubernetes.objects.variables import Environment, Variables, declared
from stagingmirror.sources.kubernetes.subjects import Container

# What makes two templates run the same thing.
_RUNS = ("name", "image", "command", "args", "env", "envFrom")

# KServe's init container; its arguments are pairs of a URI and a path. Source: kserve,
# pkg/webhook/admission/pod/storage_initializer_injector.go.
INITIALIZER = "storage-initializer"
_SOURCE_URI = "internal.serving.kserve.io/storage-initializer-sourceuri"

_Shape: TypeAlias = tuple[tuple[str, str, Environment, bool, tuple[str, ...], Words | None], ...]


class _Containers(dict[str, Container]):
    """A dict that can be referred to weakly."""

    __slots__ = ("__weakref__",)


# Those of templates that somebody still holds: what is gone from the cluster is kept nowhere.
_shared: WeakValueDictionary[_Shape, _Containers] = WeakValueDictionary()


def containers_of(pod_spec: Mapping[str, Any]) -> Mapping[str, Container]:
    """By name, init containers too: what they ran with, a pod that started has run. Equal ones are
    one object: a thousand pods of one template cost as much as one.
    """
    return _containers(
        tuple(
            (
                one["name"],
                one.get("image") or "",
                declared(one.get("env") or ()),
                bool(one.get("envFrom")),
                _fetches(one),
                words_of(one.get("command") or (), one.get("args") or ()),
            )
            for one in _every(pod_spec)
        )
    )


def digest_of(pod_spec: Mapping[str, Any]) -> str:
    """Equal where two templates run the same: images, commands and variables of all containers."""
    runs = [{key: one.get(key) for key in _RUNS} for one in _every(pod_spec)]
    text = json.dumps(runs, sort_keys=True, separators=(",", ":"))
    return intern(hashlib.sha256(text.encode()).hexdigest()[:24])


def config_maps_of(pod_spec: Mapping[str, Any]) -> frozenset[str]:
    """The names of all ConfigMaps that its pods get, as files or as variables."""
    volumes = pod_spec.get("volumes") or ()
    projected = [
        part for one in volumes for part in (one.get("projected") or {}).get("sources") or ()
    ]
    found = [(one.get("configMap") or {}).get("name") for one in (*volumes, *projected)]
    for container in _every(pod_spec):
        for one in container.get("envFrom") or ():
            found.append((one.get("configMapRef") or {}).get("name"))
        for one in container.get("env") or ():
            key = (one.get("valueFrom") or {}).get("configMapKeyRef") or {}
            found.append(key.get("name"))
    return frozenset(intern(name) for name in found if name)


def given_uris(template: Mapping[str, Any]) -> tuple[str, ...]:
    """What KServe has its pods fetch: its webhook makes an init container of an annotation of the
    pod; of ``storageUris`` the template has one already.
    """
    annotated = ((template.get("metadata") or {}).get("annotations") or {}).get(_SOURCE_URI)
    if annotated:
        return (str(annotated),)
    return next(filter(None, map(_fetches, _every(template["spec"]))), ())


def _fetches(container: Mapping[str, Any]) -> tuple[str, ...]:
    is_it = container.get("name") == INITIALIZER
    return tuple(map(str, (container.get("args") or ())[::2])) if is_it else ()


def _every(pod_spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*(pod_spec.get("initContainers") or ()), *pod_spec["containers"]]


def _containers(shape: _Shape) -> Mapping[str, Container]:
    known = _shared.get(shape)
    if known is None:
        known = _shared[shape] = _Containers(
            {
                intern(name): Container(
                    intern(image),
                    Variables(environment),
                    env_from,
                    _repeated(environment),
                    fetches,
                    words,
                )
                for name, image, environment, env_from, fetches, words in shape
            }
        )
    return known


def _repeated(environment: Environment) -> frozenset[str]:
    names = [each.name for each in environment]
    if len(set(names)) == len(names):
        return frozenset()
    return frozenset(name for name, count in Counter(names).items() if count > 1)
