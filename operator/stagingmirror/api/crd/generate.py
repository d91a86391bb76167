"""The CustomResourceDefinitions, generated from the models."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel

from stagingmirror.api.crd import printer_columns
from stagingmirror.api.crd.structural import Schema, structural
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.hold import MirrorHoldSpec
from stagingmirror.api.spec.installation import MirrorInstallationSpec
from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.status.model import EnvironmentStatus, HoldStatus, MirrorStatus
from stagingmirror.api.types.base import GROUP, INSTALLATION, VERSION, Model
from stagingmirror.api.types.constraints import VALIDATIONS

HEADER = "# Generated from the models by `make crds`; do not edit.\n"


@dataclass(frozen=True, slots=True)
class Resource:
    """One of our resources and everything that its CRD is made from."""

    kind: str
    plural: str
    short: str
    scope: Literal["Namespaced", "Cluster"]
    about: str
    spec: type[Model]
    status: type[BaseModel] | None
    """None: it has none, and its spec cannot be changed."""
    columns: list[printer_columns.Column]
    max_name: int | None = None
    """Bound of metadata.name, where it is used as a label's value and named by others."""
    only_name: str | None = None
    """The one name that it may have, where there is one of it per cluster."""

    @property
    def name(self) -> str:
        return f"{self.plural}.{GROUP}"


RESOURCES = (
    Resource(
        kind="StagingMirror",
        plural="stagingmirrors",
        short="smir",
        scope="Namespaced",
        about="Reports whether staging is in sync with production, where it is not, and makes it"
        " follow on a schedule.",
        spec=StagingMirrorSpec,
        status=MirrorStatus,
        columns=printer_columns.MIRROR,
    ),
    Resource(
        kind="MirrorEnvironment",
        plural="mirrorenvironments",
        short="menv",
        scope="Cluster",
        about="One side, production or staging, described by an admin.",
        spec=MirrorEnvironmentSpec,
        status=EnvironmentStatus,
        columns=printer_columns.ENVIRONMENT,
        max_name=63,
    ),
    Resource(
        kind="MirrorHold",
        plural="mirrorholds",
        short="mhold",
        scope="Namespaced",
        about="Staging, or single components of it, must be left alone for a while.",
        spec=MirrorHoldSpec,
        status=HoldStatus,
        columns=printer_columns.HOLD,
    ),
    Resource(
        kind="MirrorInstallation",
        plural="mirrorinstallations",
        short="minst",
        scope="Cluster",
        about="The installation of the operator that this cluster belongs to: there is one. It is"
        " deleted with its release.",
        spec=MirrorInstallationSpec,
        status=None,
        columns=printer_columns.INSTALLATION,
        only_name=INSTALLATION,
    ),
)


def crds() -> list[dict[str, Any]]:
    """The CRDs of all resources, in their order."""
    return [_crd(resource) for resource in RESOURCES]


def as_yaml(crd: dict[str, Any]) -> str:
    """One CRD as it is committed."""
    return HEADER + yaml.safe_dump(crd, sort_keys=False, width=100, allow_unicode=True)


def write(directory: Path) -> list[Path]:
    """Each CRD into a file of its own; returns the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for crd in crds():
        path = directory / f"{crd['metadata']['name']}.yaml"
        path.write_text(as_yaml(crd), encoding="utf-8")
        paths.append(path)
    return paths


def _crd(resource: Resource) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": resource.name},
        "spec": {
            "group": GROUP,
            "scope": resource.scope,
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "shortNames": [resource.short],
                "categories": ["mirroring"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    **({"subresources": {"status": {}}} if resource.status else {}),
                    "additionalPrinterColumns": resource.columns,
                    "schema": {"openAPIV3Schema": _schema(resource)},
                }
            ],
        },
    }


def _schema(resource: Resource) -> Schema:
    schema: Schema = {
        "description": resource.about,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": structural(resource.spec),
        },
    }
    if resource.status is None:
        schema["properties"]["spec"][VALIDATIONS] = [
            {"rule": "self == oldSelf", "message": "it cannot change, only be deleted"}
        ]
    else:
        # A new object must not be read as if its status were current.
        status = {**structural(resource.status), "default": {"observedGeneration": -1}}
        schema["properties"]["status"] = status
    if rules := list(_rules_of_name(resource)):
        schema[VALIDATIONS] = rules
    return schema


def _rules_of_name(resource: Resource) -> Iterator[dict[str, str]]:
    if (most := resource.max_name) is not None:
        yield {
            "rule": f"size(self.metadata.name) <= {most}",
            "message": f"use a name of at most {most} characters: it is used as a label",
        }
        yield {
            "rule": "!self.metadata.name.contains('.')",
            "message": "use a name without dots: mirrors could not name it",
        }
    if (name := resource.only_name) is not None:
        yield {
            "rule": f"self.metadata.name == '{name}'",
            "message": f"there is one per cluster, and its name is {name}",
        }
