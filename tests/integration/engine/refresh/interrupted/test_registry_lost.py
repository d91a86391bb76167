"""Staging's MLflow goes away in mid-refresh: what was written is rolled back, or named."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from support.mlflow.registries import in_front_of
from support.sandbox.image_refreshes import states
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = pytest.mark.integration


@dataclass(slots=True)
class Losing:
    """A model whose bytes staging has to copy, and a staging registry that can be lost: at the call
    with which its alias is moved, or with the next one (``acts``: the alias was moved).
    """

    sandbox: Sandbox
    staging: MlflowServer
    model: str = field(default_factory=lambda: f"fraud-{secrets.token_hex(4)}")
    loses: bool = False
    acts: bool = False
    lost: bool = False

    def instead(self, request: web.Request) -> web.Response | None:
        moves = request.method == "POST" and request.path.endswith("registered-models/alias")
        passes = not self.lost and not (self.loses and moves and not self.acts)
        self.lost = self.lost or (self.loses and moves)
        if passes:
            return None
        return web.json_response({"error_code": "INTERNAL_ERROR", "message": "lost"}, status=500)

    def lose(self, *, acts: bool) -> None:
        self.loses, self.acts = True, acts

    def heal(self) -> None:
        self.loses = self.lost = False

    def alias(self) -> str:
        """The version that staging's alias names, whatever the operator can see."""
        found = client_of(self.staging).get_model_version_by_alias(self.model, "champion")
        return str(found.version)

    async def until_put_back_is_tried(self) -> None:
        """The refresh has turned back, and its first try to put the alias back was in vain."""
        await self.sandbox.until(
            lambda p: (
                p.refresh is not None
                and p.refresh.phase == "RollBack"
                and "RollingBack" in states(p)
            ),
            within=90,
        )


@pytest.fixture
async def losing(
    control_plane: Any, mlflow_production: MlflowServer, mlflow_staging: MlflowServer
) -> AsyncIterator[Losing]:
    async with a_sandbox(control_plane, mlflow_production, mlflow_staging) as sandbox:
        made = Losing(sandbox, mlflow_staging)
        log_files(mlflow_staging, made.model, {"w.bin": "old"}, alias="champion")
        log_files(mlflow_production, made.model, {"w.bin": "new"}, alias="champion")
        async with in_front_of(mlflow_staging.url, made.instead) as address:
            sandbox.registry.registries.set(sandbox.environments[1], RegistryAddress(address))
            sandbox.mirror(
                [
                    {
                        "name": "fraud-model",
                        "modelAlias": {"production": {"model": made.model, "alias": "champion"}},
                    }
                ],
                refresh={"timeout": "12s", "rolloutTimeout": "4s"},
            )
            await sandbox.until(
                lambda _: [type(each.verdict).__name__ for each in sandbox.judged] == DRIFTED
            )
            yield made


DRIFTED = ["Drifted"]


@pytest.mark.parametrize("acts", [False, True], ids=["before the alias moved", "after it moved"])
async def test_a_registry_that_comes_back_is_put_back_to_what_it_was(
    losing: Losing, *, acts: bool
) -> None:
    losing.lose(acts=acts)
    losing.sandbox.ask("now")
    await losing.until_put_back_is_tried()
    assert losing.alias() == ("2" if acts else "1")

    losing.heal()
    ended = await losing.sandbox.run()

    assert ended["result"] == "RolledBack", ended
    assert "Everything was rolled back" in ended["message"]
    assert losing.alias() == "1"


async def test_a_registry_that_stays_away_is_told_as_half_refreshed_by_name(losing: Losing) -> None:
    losing.lose(acts=True)
    losing.sandbox.ask("now")
    await losing.until_put_back_is_tried()

    ended = await losing.sandbox.run(within=120)

    assert ended["result"] == "RollbackIncomplete", ended
    assert f"alias champion of {losing.model}" in ended["message"]
    progress = await losing.sandbox.step()
    assert progress.stalled is not None
    assert progress.stalled[0] == "RollbackIncomplete"
    assert losing.alias() == "2"


async def test_after_it_the_next_refresh_uses_the_copy_that_is_there_and_arrives(
    losing: Losing,
) -> None:
    losing.lose(acts=False)
    losing.sandbox.ask("now")
    await losing.until_put_back_is_tried()
    losing.heal()
    await losing.sandbox.run()

    ended = await losing.sandbox.run("again")

    assert ended["result"] == "Succeeded", ended
    assert losing.alias() == "2"
    versions = client_of(losing.staging).search_model_versions(f"name='{losing.model}'")
    assert len(list(versions)) == 2
