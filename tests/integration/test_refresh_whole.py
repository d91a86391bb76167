"""Refreshing all three kinds at once, with two real MLflow servers; dying at every write of it."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from support.kubelet import Kubelet
from support.stage import Stage, a_stage, config_map, cron_job, deployment

pytestmark = pytest.mark.integration

DIGEST = "registry.example/features@sha256:{:064x}"


@dataclass(slots=True)
class World:
    """Production, one state after another, and what staging then has to be."""

    stage: Stage
    servers: tuple[MlflowServer, MlflowServer]
    model: str = field(default_factory=lambda: f"fraud-{secrets.token_hex(4)}")
    round: int = 0
    repository: str = "registry.example/features"
    """Where staging pulls from."""

    def begin(self) -> None:
        for server, space, n in ((0, self.stage.production, 0), (1, self.stage.staging, 0)):
            version = log_files(
                self.servers[server], self.model, {"w.bin": f"bytes-{n}"}, alias="champion"
            )
            self._apply(space, n, version.version)
        self.stage.kube.apply(cron_job("load", self.stage.staging, "loader:1"), manager="owner")
        self.track()

    def track(self) -> None:
        """The mirror, with what staging pulls from now."""
        workload = {"kind": "Deployment", "name": "server"}
        loaded_by = {**workload, "container": "app", "variable": "MODEL_VERSION"}
        place = {"configMap": {"name": "training-data", "key": "snapshot"}}
        trainer = {"kind": "Deployment", "name": "trainer"}
        self.stage.mirror(
            [
                {
                    "name": "fraud-model",
                    "modelAlias": {
                        "production": {
                            "model": self.model,
                            "alias": "champion",
                            "loadedBy": [loaded_by],
                        }
                    },
                },
                {
                    "name": "feature-pipeline",
                    "pipelineImage": {
                        "production": {**workload, "container": "app"},
                        "staging": {"repository": self.repository},
                    },
                },
                {
                    "name": "training-data",
                    "setting": {
                        "production": {**place, "usedBy": [trainer]},
                        "load": {"cronJob": "load", "container": "load", "variable": "SNAPSHOT"},
                    },
                },
            ]
        )

    def produce(self) -> None:
        """Production moves on: new bytes, a new image, a new snapshot."""
        self.round += 1
        version = log_files(
            self.servers[0], self.model, {"w.bin": f"bytes-{self.round}"}, alias="champion"
        )
        self._apply(self.stage.production, self.round, version.version)

    def _apply(self, space: str, n: int, version: str) -> None:
        kube, variables = self.stage.kube, {"MODEL_VERSION": version}
        kube.apply(
            config_map("training-data", space, {"snapshot": f"2026-11-{n:02d}"}),
            deployment("server", space, DIGEST.format(n), variables=variables),
            manager="owner",
        )
        time.sleep(1.1)  # what runs the snapshot has started in a later second than it was written
        trainer = deployment(
            "trainer", space, "trainer@sha256:" + "0" * 64, annotations={"round": str(n)}
        )
        kube.apply(trainer, manager="owner")

    def rollouts(self) -> dict[str, int]:
        """How often each Deployment of staging has got a new template."""
        return {
            name: int(
                self._deployment(name)["metadata"]["annotations"][
                    "deployment.kubernetes.io/revision"
                ]
            )
            for name in ("server", "trainer")
        }

    def seen(self) -> dict[str, Any]:
        """What staging is now."""
        container = self._deployment("server")["spec"]["template"]["spec"]["containers"][0]
        data = self.stage.kube.get("v1", "ConfigMap", "training-data", self.stage.staging)["data"]
        alias = client_of(self.servers[1]).get_model_version_by_alias(self.model, "champion")
        return {
            "image": container["image"],
            "env": container["env"],
            "snapshot": data["snapshot"],
            "alias": str(alias.version),
            "versions": len(self._versions()),
            "jobs": len(self.stage.kube.list("batch/v1", "Job", self.stage.staging)),
        }

    def wanted(self) -> dict[str, Any]:
        """Every round adds one version and one Job, not more."""
        version = str(self.round + 1)
        return {
            "image": DIGEST.format(self.round),
            "env": [{"name": "MODEL_VERSION", "value": version}],
            "snapshot": f"2026-11-{self.round:02d}",
            "alias": version,
            "versions": self.round + 1,
            "jobs": self.round,
        }

    def _versions(self) -> list[Any]:
        return list(client_of(self.servers[1]).search_model_versions(f"name='{self.model}'"))

    def _deployment(self, name: str) -> dict[str, Any]:
        return self.stage.kube.get("apps/v1", "Deployment", name, self.stage.staging)


@pytest.fixture
async def world(
    control_plane: Any, mlflow_production: MlflowServer, mlflow_staging: MlflowServer
) -> AsyncIterator[World]:
    async with a_stage(control_plane, mlflow_production, mlflow_staging) as stage:
        with Kubelet(stage.kube, (stage.production, stage.staging)):
            world = World(stage, (mlflow_production, mlflow_staging))
            await asyncio.to_thread(world.begin)
            yield world


async def all_in_sync(world: World) -> list[str]:
    case = await world.stage.case()
    return [type(judged.verdict).__name__ for judged in case.components]


async def test_model_image_and_setting_arrive_together(world: World) -> None:
    await world.stage.until(lambda _: True)
    await asyncio.to_thread(world.produce)

    ended = await world.stage.run("now")

    assert ended["result"] == "Succeeded", ended
    assert world.seen() == world.wanted()
    assert await all_in_sync(world) == ["InSync"] * 3


async def test_dying_after_every_write_ends_as_if_nothing_had_happened(world: World) -> None:
    await world.stage.until(lambda _: True)
    before = world.rollouts()
    await asyncio.to_thread(world.produce)

    ended = await world.stage.run_dying("now", within=200)

    assert ended["result"] == "Succeeded", "\n".join([str(ended), *world.stage.deaths])
    assert world.seen() == world.wanted()
    after = world.rollouts()
    assert {name: after[name] - before[name] for name in after} == {"server": 1, "trainer": 1}
    assert await all_in_sync(world) == ["InSync"] * 3
    assert len(world.stage.deaths) > 20, world.stage.deaths


async def test_dying_after_every_write_of_the_way_back_leaves_staging_as_it_was(
    world: World,
) -> None:
    await world.stage.until(lambda _: True)
    before, rollouts = world.seen(), world.rollouts()
    world.repository = "registry.example/never-ready"
    await asyncio.to_thread(world.track)
    await asyncio.to_thread(world.produce)

    ended = await world.stage.run_dying("now", within=240)

    assert (ended["result"], ended["reason"]) == ("PutBack", "ImagePullBackOff"), ended
    left = {"versions": before["versions"] + 1, "jobs": before["jobs"] + 2}
    assert world.seen() == {**before, **left}
    after = world.rollouts()
    assert {name: after[name] - rollouts[name] for name in after} == {"server": 2, "trainer": 2}
