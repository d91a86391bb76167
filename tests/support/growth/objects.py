"""Kubernetes' objects, and what names an image."""

from collections.abc import Callable, Iterator
from typing import Any

from stagingmirror.api.types.quantity import canonical
from stagingmirror.reading.images import Reference, digest_of
from stagingmirror.sources.kubernetes.objects import parse
from stagingmirror.sources.kubernetes.objects.serving.autoscalers import horizontal, scaled_object
from support.growth.parser import OBJECT, Parser, repeated
from support.kubernetes import cluster_bodies

_METRIC: dict[str, Any] = {"type": "Pods", "pods": {"metric": {"name": "queue"}}}
_TRIGGER: dict[str, Any] = {"type": "cron", "metadata": {"desiredReplicas": "5"}}


def objects() -> Iterator[tuple[str, Parser]]:
    yield "a ConfigMap with many owners of many keys", Parser(_managed, parse.config_map, 10_000)
    yield (
        "annotations",
        Parser(
            lambda size: cluster_bodies.deployment(
                annotations={f"a/{n}": "x" for n in range(size)}
            ),
            parse.deployment,
            20_000,
        ),
    )
    yield "a pod's containers", Parser(_crowded_pod, parse.pod, 5_000)
    yield "a pod that mounts a lot", Parser(_mounting_pod, parse.pod, 5_000)
    yield "an autoscaler with many metrics", Parser(_scaler("metrics", _METRIC), horizontal, 5_000)
    yield (
        "a ScaledObject with many triggers",
        Parser(_scaler("triggers", _TRIGGER), scaled_object, 5_000),
    )
    for text in ("9" * 8, "1e", "."):
        yield (
            f"a quantity of {text}",
            Parser(repeated(text), lambda given: canonical("memory", given), OBJECT),
        )
    for text in (":", "/", "@", "a:", "@sha256:", "://"):
        yield f"an image of {text}", Parser(repeated(text), Reference.parse, OBJECT)
        yield f"an image id of {text}", Parser(repeated(text), digest_of, OBJECT)


def _managed(size: int) -> Any:
    keys: dict[str, Any] = {f"f:k{n}": {} for n in range(size // 10)}
    entry = {"time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:data": keys}}
    metadata = {
        "namespace": "ml",
        "name": "c",
        "resourceVersion": "1",
        "managedFields": [entry] * 10,
    }
    return {"metadata": metadata, "data": {f"k{n}": "x" for n in range(size // 10)}}


def _crowded_pod(size: int) -> Any:
    names = [f"c{n}" for n in range(size)]
    spec = cluster_bodies.pod_spec(*(cluster_bodies.container(name=name) for name in names))
    body = cluster_bodies.pod(spec=spec)
    body["status"]["containerStatuses"] = [{"name": n, "imageID": f"r@sha256:{n}"} for n in names]
    return body


def _mounting_pod(size: int) -> Any:
    names = [f"v{n}" for n in range(size // 2)]
    mounts = [{"name": name, "mountPath": f"/{name}"} for name in names]
    spec = cluster_bodies.pod_spec(cluster_bodies.container(volumeMounts=mounts))
    spec["volumes"] = [{"name": name, "configMap": {"name": name}} for name in names]
    return cluster_bodies.pod(spec=spec)


def _scaler(field: str, one: dict[str, Any]) -> Callable[[int], Any]:
    metadata = {"uid": "u", "namespace": "ml", "name": "n", "resourceVersion": "1"}
    spec = {"scaleTargetRef": {"name": "server"}, "maxReplicas": 3}
    return lambda size: {"metadata": metadata, "spec": spec | {field: [one] * size}}
