"""Our own resources as tests write them: valid, small, and everything irrelevant hidden."""

import copy
from typing import Any

from rig.kube import Kube
from rig.run import until
from stagingmirror.api.crd.generate import crds
from stagingmirror.api.types.base import API_VERSION

Object = dict[str, Any]


def install_crds(kube: Kube) -> None:
    """All CRDs, ready for use."""
    for crd in crds():
        kube.apply(crd)
    for crd in crds():
        name = crd["metadata"]["name"]
        until(
            lambda name=name: _is_established(kube, name),  # type: ignore[misc]
            within=30,
            what=f"{name} is not established",
            every=0.02,
        )


def _is_established(kube: Kube, name: str) -> bool:
    crd = kube.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)
    conditions = crd.get("status", {}).get("conditions") or ()
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


def resource(kind: str, name: str, spec: Object, namespace: str | None = None) -> Object:
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, **place},
        "spec": spec,
    }


def mirror(name: str = "fraud", namespace: str = "ml-staging", **spec: Any) -> Object:
    """A StagingMirror that tracks one ConfigMap key; ``spec`` replaces whole fields of the spec."""
    whole = {
        "production": {"environment": "production", "namespace": "ml-prod"},
        "staging": {"environment": "staging"},
        "track": [setting()],
    } | spec
    return resource("StagingMirror", name, copy.deepcopy(whole), namespace)


def setting(name: str = "training-data", **more: Any) -> Object:
    place = {"configMap": {"name": "training-data", "key": "snapshot"}}
    return {"name": name, "setting": {"production": place} | more}


def model_alias(name: str = "fraud-model", loaded_by: Object | None = None, **more: Any) -> Object:
    loaded = loaded_by or {
        "kind": "Deployment",
        "name": "fraud-server",
        "container": "server",
        "variable": "MODEL_VERSION",
    }
    production = {"model": "fraud-detector", "alias": "champion", "loadedBy": [loaded]}
    return {"name": name, "modelAlias": {"production": production} | more}


def pipeline_image(name: str = "feature-pipeline", **more: Any) -> Object:
    production = {"kind": "Deployment", "name": "features", "container": "app"}
    return {"name": name, "pipelineImage": {"production": production} | more}


# What an environment of the tests and the bench offers.
READABLE: Object = {
    "configMaps": ["training-data", "data-*"],
    "variables": ["MODEL_VERSION"],
    "annotations": ["bench.example/*"],
    "arguments": ["--tokenizer-revision"],
    "models": ["*"],
    "tags": ["*"],
    "parameters": ["*"],
}
EVERYTHING: Object = {
    which: ["*"]
    for which in (
        "configMaps",
        "variables",
        "annotations",
        "models",
        "tags",
        "parameters",
        "arguments",
    )
}


def environment(name: str = "production", role: str = "Production", **spec: Any) -> Object:
    """It offers what the tests use, unless they say otherwise."""
    whole = {
        "role": role,
        "usableFrom": ["ml-staging"],
        "namespaces": ["ml-prod"],
        "readable": READABLE,
        "comparable": EVERYTHING,
        **spec,
    }
    return resource("MirrorEnvironment", name, copy.deepcopy(whole))


def hold(name: str = "ci-4711", namespace: str = "ml-staging", **spec: Any) -> Object:
    whole = {"reason": "candidate 14", "until": "2099-11-25T18:00:00Z"} | spec
    return resource("MirrorHold", name, copy.deepcopy(whole), namespace)
