"""A production that moves on in all three kinds at once, and what staging then has to be."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rig.kube import Kube
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from support.kubernetes.workloads import config_map, cron_job, deployment

Object = dict[str, Any]

DIGEST = "registry.example/features@sha256:{:064x}"
_TRAINER = "trainer@sha256:" + "0" * 64


@dataclass(slots=True)
class ThreeKinds:
    """``servers`` are production's and staging's; ``apply`` makes, or changes, the mirror from its
    track. ``round`` counts how often production has moved on.
    """

    kube: Kube
    production: str
    staging: str
    servers: tuple[MlflowServer, MlflowServer]
    apply: Callable[[list[Object]], object]
    model: str = field(default_factory=lambda: f"fraud-{secrets.token_hex(4)}")
    round: int = 0
    repository: str = "registry.example/features"
    """Where staging pulls from."""

    def begin(self) -> None:
        """Both sides alike, and the mirror."""
        for server, space in zip(self.servers, (self.production, self.staging), strict=True):
            version = log_files(server, self.model, {"w.bin": "bytes-0"}, alias="champion")
            self._apply(space, version.version)
        self.kube.apply(cron_job("load", self.staging, "loader:1"), manager="owner")
        self.track()

    def track(self) -> None:
        """The mirror, with what staging pulls from now."""
        server = {"kind": "Deployment", "name": "server", "container": "app"}
        model = {
            "model": self.model,
            "alias": "champion",
            "loadedBy": [{**server, "variable": "MODEL_VERSION"}],
        }
        place = {"configMap": {"name": "training-data", "key": "snapshot"}}
        used_by = [{"kind": "Deployment", "name": "trainer"}]
        load = {"cronJob": "load", "container": "load", "variable": "SNAPSHOT"}
        image = {"production": server, "staging": {"repository": self.repository}}
        setting = {"production": {**place, "usedBy": used_by}, "load": load}
        self.apply(
            [
                {"name": "fraud-model", "modelAlias": {"production": model}},
                {"name": "feature-pipeline", "pipelineImage": image},
                {"name": "training-data", "setting": setting},
            ]
        )

    def produce(self) -> None:
        """Production moves on: new bytes, a new image, a new snapshot."""
        self.round += 1
        files = {"w.bin": f"bytes-{self.round}"}
        version = log_files(self.servers[0], self.model, files, alias="champion")
        self._apply(self.production, version.version)

    def rollouts(self) -> dict[str, int]:
        """How often each Deployment of staging has got a new template."""
        return {name: self._revision(name) for name in ("server", "trainer")}

    def seen(self) -> Object:
        """What staging is now."""
        container = self._deployment("server")["spec"]["template"]["spec"]["containers"][0]
        data = self.kube.get("v1", "ConfigMap", "training-data", self.staging)["data"]
        client = client_of(self.servers[1])
        alias = client.get_model_version_by_alias(self.model, "champion")
        versions = client.search_model_versions(f"name='{self.model}'")
        return {
            "image": container["image"],
            "env": container["env"],
            "snapshot": data["snapshot"],
            "alias": str(alias.version),
            "versions": len(list(versions)),
            "jobs": len(self.kube.list("batch/v1", "Job", self.staging)),
        }

    def wanted(self) -> Object:
        """What staging is to be: every round adds one version and one Job, not more."""
        version = str(self.round + 1)
        return {
            "image": DIGEST.format(self.round),
            "env": [{"name": "MODEL_VERSION", "value": version}],
            "snapshot": f"2026-11-{self.round:02d}",
            "alias": version,
            "versions": self.round + 1,
            "jobs": self.round,
        }

    def _apply(self, space: str, version: str) -> None:
        snapshot = {"snapshot": f"2026-11-{self.round:02d}"}
        image, variables = DIGEST.format(self.round), {"MODEL_VERSION": version}
        self.kube.apply(config_map("training-data", space, snapshot), manager="owner")
        time.sleep(1.1)  # pods start in a later second than the snapshot and the model were made in
        marks = {"round": str(self.round)}
        read = {"configMapKeyRef": {"name": "training-data", "key": "snapshot"}}
        self.kube.apply(
            deployment("server", space, image, variables=variables),
            deployment("trainer", space, _TRAINER, annotations=marks, variables={"SNAPSHOT": read}),
            manager="owner",
        )

    def _revision(self, name: str) -> int:
        annotations = self._deployment(name)["metadata"]["annotations"]
        return int(annotations["deployment.kubernetes.io/revision"])

    def _deployment(self, name: str) -> Object:
        return self.kube.get("apps/v1", "Deployment", name, self.staging)
