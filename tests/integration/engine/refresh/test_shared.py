"""One MLflow for both sides: every write that leaves us for it is of staging's alias."""

import json
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.subjects import Content, VersionSubject
from stagingmirror.view import Observed
from support.kubernetes.kubelet import Kubelet
from support.operators.killing_proxy import KillingProxy
from support.sandbox.image_refreshes import NEW, OLD, features, image_of, live
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = pytest.mark.integration


@dataclass(slots=True)
class Shared:
    """A model whose alias ``champion`` is production's, and ``candidate`` staging's."""

    sandbox: Sandbox
    server: MlflowServer
    model: str = field(default_factory=lambda: f"fraud-{secrets.token_hex(4)}")
    writes: list[tuple[str, str]] = field(default_factory=list)
    """What the operator wrote to MLflow: how, and which alias (empty where it was none)."""

    def hear(self, method: str, path: str, body: bytes) -> bool:
        if method != "GET" and "search" not in path:
            self.writes.append((f"{method} {path}", json.loads(body or b"{}").get("alias", "")))
        return False

    def aliases(self) -> dict[str, str]:
        found = client_of(self.server).get_registered_model(self.model).aliases
        return {alias: str(version) for alias, version in found.items()}

    def versions(self) -> int:
        return len(client_of(self.server).search_model_versions(f"name='{self.model}'"))

    def read(self, version: str) -> float | None:
        """When the bytes of this version were last read (POSIX s)."""
        look = self.sandbox.registry.get(
            VersionSubject(self.sandbox.environments[1], self.model, version)
        )
        found = look.value if isinstance(look, Observed) else None
        return found.content.read if found and isinstance(found.content, Content) else None

    def track(self, *more: dict[str, Any]) -> None:
        sides = {
            "production": {"model": self.model, "alias": "champion"},
            "staging": {"alias": "candidate"},
        }
        self.sandbox.mirror([{"name": "fraud-model", "modelAlias": sides}, *more])


@pytest.fixture
async def shared(control_plane: Any, mlflow_production: MlflowServer) -> AsyncIterator[Shared]:
    async with a_sandbox(control_plane, mlflow_production, mlflow_production) as sandbox:
        says = {"spec": {"sharesRegistryWith": sandbox.environments[0]}}
        sandbox.kube.patch(API_VERSION, "MirrorEnvironment", sandbox.environments[1], None, says)
        made = Shared(sandbox, mlflow_production)
        log_files(mlflow_production, made.model, {"w.bin": "old"}, alias="candidate")
        log_files(mlflow_production, made.model, {"w.bin": "new"}, alias="champion")
        spaces = (sandbox.production, sandbox.staging)
        with (
            KillingProxy(counts=made.hear, kill=lambda: None) as ear,
            Kubelet(sandbox.kube, spaces),
        ):
            address = ear.before(mlflow_production.url)
            for environment in sandbox.environments:
                sandbox.registry.registries.set(environment, RegistryAddress(address))
            yield made


async def test_only_stagings_alias_is_written_and_nothing_is_copied(shared: Shared) -> None:
    shared.track()
    await shared.sandbox.step()

    ended = await shared.sandbox.run("now")

    assert ended["result"] == "Succeeded", ended
    assert shared.aliases() == {"champion": "2", "candidate": "2"}
    assert shared.versions() == 2
    assert {alias for _, alias in shared.writes} == {"candidate"}, shared.writes


async def test_bytes_are_read_again_though_only_an_alias_was_moved(shared: Shared) -> None:
    """Production's version is the very one that staging gets: its hash is known already."""
    shared.track()
    await shared.sandbox.until(lambda _: shared.read("2") is not None)
    began = time.time()

    ended = await shared.sandbox.run("now")

    assert ended["result"] == "Succeeded", ended
    assert (shared.read("2") or 0.0) >= began


async def test_putting_back_moves_stagings_alias_alone_also_where_production_moved_on(
    shared: Shared,
) -> None:
    sandbox = shared.sandbox
    image = features(sandbox, NEW, OLD)[0]
    image["pipelineImage"]["staging"] = {"repository": "registry.example/never-ready"}
    shared.track(image)
    await sandbox.step()
    sandbox.ask("now")
    await sandbox.until(lambda _: shared.aliases()["candidate"] == "2")
    log_files(shared.server, shared.model, {"w.bin": "newest"}, alias="champion")

    ended = await sandbox.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert shared.aliases() == {"champion": "3", "candidate": "1"}
    assert image_of(live(sandbox)) == OLD
    assert [alias for _, alias in shared.writes] == ["candidate", "candidate"], shared.writes


async def test_an_alias_that_staging_did_not_have_is_taken_away_again(shared: Shared) -> None:
    client_of(shared.server).delete_registered_model_alias(shared.model, "candidate")
    sandbox = shared.sandbox
    image = features(sandbox, NEW, OLD)[0]
    image["pipelineImage"]["staging"] = {"repository": "registry.example/never-ready"}
    shared.track(image)
    await sandbox.step()

    ended = await sandbox.run("now")

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert shared.aliases() == {"champion": "2"}
    assert [alias for _, alias in shared.writes] == ["candidate", "candidate"], shared.writes
