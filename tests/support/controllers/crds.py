"""Definitions of custom resources of others, read where their Go modules are unpacked.

Fetched when a test needs them, verified by the go.sum beside the go.mod that names the versions;
no file of theirs is a part of this repository. Their controllers do not run here: tests play them.
"""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from rig.kube import Kube, Refused
from rig.programs import TOOLS, RigError, alone, cache_home, go, report
from rig.run import until

_LIMIT_SECONDS = 600
_API = "apiextensions.k8s.io/v1"


class Definition(NamedTuple):
    """``path``: of its file inside of the module."""

    module: str
    path: str
    name: str
    api: str
    kind: str


ROLLOUT = Definition(
    "github.com/argoproj/argo-rollouts",
    "manifests/crds/rollout-crd.yaml",
    "rollouts.argoproj.io",
    "argoproj.io/v1alpha1",
    "Rollout",
)

INFERENCE_SERVICE = Definition(
    "github.com/kserve/kserve",
    "config/crd/full/serving.kserve.io_inferenceservices.yaml",
    "inferenceservices.serving.kserve.io",
    "serving.kserve.io/v1beta1",
    "InferenceService",
)

SCALED_OBJECT = Definition(
    "github.com/kedacore/keda/v2",
    "config/crd/bases/keda.sh_scaledobjects.yaml",
    "scaledobjects.keda.sh",
    "keda.sh/v1alpha1",
    "ScaledObject",
)


def install(kube: Kube, definition: Definition) -> None:
    """The API server serves it then; nothing is done where it does already."""
    if kube.find(_API, "CustomResourceDefinition", definition.name) is None:
        kube.apply(_body(definition))
    until(
        lambda: _is_served(kube, definition),
        within=60,
        what=f"{definition.name} is not served",
        every=0.05,
    )


def remove(kube: Kube, definition: Definition) -> None:
    """With all its objects; until it is served no more."""
    kube.delete(_API, "CustomResourceDefinition", definition.name)
    until(
        lambda: (
            kube.find(_API, "CustomResourceDefinition", definition.name) is None
            and not _is_served(kube, definition)
        ),
        within=60,
        what=f"{definition.name} is still served",
        every=0.05,
    )


def _is_served(kube: Kube, definition: Definition) -> bool:
    """Discovery is made anew some moments after a definition came or went."""
    group, _, version = definition.api.partition("/")
    groups = kube.request("GET", "/apis")["groups"]
    versions = {
        each["version"] for one in groups if one["name"] == group for each in one["versions"]
    }
    if version not in versions:
        return False
    try:
        listed = kube.request("GET", f"/apis/{definition.api}")["resources"]
    except Refused:  # the group is listed before its resources are
        return False
    plurals = [
        each["name"]
        for each in listed
        if each["kind"] == definition.kind and "/" not in each["name"]
    ]
    return any(_is_stored(kube, f"/apis/{definition.api}/{plural}") for plural in plurals)


def _is_stored(kube: Kube, path: str) -> bool:
    """For a moment a LIST of a kind that is new answers 429: its storage is initialised."""
    try:
        kube.request("GET", f"{path}?limit=1")
    except Refused:
        return False
    return True


@cache
def _body(definition: Definition) -> dict[str, Any]:
    text = (_folder(definition.module) / definition.path).read_text()
    loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return dict(loaded)


@cache
def _folder(module: str) -> Path:
    """Where the module is unpacked."""
    with alone(cache_home() / "crds"):
        report(f"fetching {module} (once) …")
        done = subprocess.run(
            [go(), "mod", "download", "-json", f"{module}@{_version(module)}"],
            cwd=TOOLS / "crds",
            env=os.environ | {"GOWORK": "off", "GOFLAGS": "-mod=mod"},
            check=False,
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
        )
    if done.returncode:
        raise RigError(f"{module} cannot be fetched: {done.stdout[-500:]}{done.stderr[-500:]}")
    return Path(json.loads(done.stdout)["Dir"])


def _version(module: str) -> str:
    for line in (TOOLS / "crds" / "go.mod").read_text().splitlines():
        words = line.removeprefix("require").split()
        if words[:1] == [module]:
            return words[1]
    raise RigError(f"tests/rig/tools/crds/go.mod does not name {module}")
