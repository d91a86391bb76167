"""Kubernetes' objects, and what names an image."""

from collections.abc import Iterator
from typing import Any

from stagingmirror.reading.images import Reference, digest_of
from stagingmirror.sources.kubernetes.objects import parse
from support.growth.parser import OBJECT, Parser, repeated
from support.kubernetes import cluster_bodies


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
