"""One pass over one mirror, through all rooms of the operator; only the API server is played."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.types.times import rfc3339
from stagingmirror.cli.operator.wiring import Operator
from stagingmirror.engine.check import assessment
from stagingmirror.engine.check.conclusion import FAILED_RETRY
from stagingmirror.engine.leader.installation import Installation, InstallationClaim
from stagingmirror.engine.observe.check_requests import CHECK_AT, REFRESH_AT
from stagingmirror.engine.resources.mirror import key_of
from stagingmirror.engine.sealing import sealer
from stagingmirror.engine.status.changes import changes
from stagingmirror.engine.workqueue.queue import Done
from stagingmirror.metrics import Metrics
from stagingmirror.settings import Settings
from support.kubernetes.api_server import Answer, an_api_server, not_found
from support.resources import resources

T = 1_000_000.0


class World:
    """A leader, and the one mirror that the API server has."""

    operator: Operator

    def __init__(self) -> None:
        self.now = T
        self.puts = 0
        self.body: dict[str, Any] = resources.mirror()

    def respond(self, method: str, path: str, body: Any) -> Answer:
        if method != "PUT":
            return not_found("nothing")
        if body["metadata"]["uid"] != self.body["metadata"]["uid"]:
            return 409, {"kind": "Status", "reason": "Conflict"}
        self.puts += 1
        version = str(int(self.body["metadata"]["resourceVersion"]) + 1)
        metadata = self.body["metadata"] | {"resourceVersion": version}
        self.body = self.body | {"metadata": metadata, "status": body["status"]}
        return 200, self.body

    def make(self, uid: str, **status: Any) -> None:
        """The mirror, made anew or changed; not yet told."""
        version = int(self.body["metadata"].get("resourceVersion", 0)) + 1
        self.body = resources.mirror(production={"environment": "missing", "namespace": "ml-prod"})
        self.body["metadata"] |= {"uid": uid, "resourceVersion": str(version), "generation": 1}
        self.body |= status

    async def look(self) -> None:
        self.operator.reactions.event("stagingmirrors", "MODIFIED", self.body)
        await self.operator.check(key_of(self.body))

    @property
    def since(self) -> str:
        """Since when the mirror is told to be stalled."""
        conditions = self.body["status"]["conditions"]
        return next(str(c["lastTransitionTime"]) for c in conditions if c["type"] == "Stalled")


@asynccontextmanager
async def a_leader() -> AsyncIterator[World]:
    world = World()
    async with an_api_server(world.respond) as client:
        world.operator = Operator(
            client,
            settings=Settings(),
            metrics=Metrics(clock=lambda: T, version="0"),
            seal=sealer(b"k" * 32),
            clock=lambda: world.now,
            claim=InstallationClaim(client, Installation("operator", "mirror")),
            lost=lambda: None,
        )
        world.operator.elector._leads_until = math.inf
        world.operator.leadership._prepared = True
        world.operator.claim.held = True
        yield world
        await world.operator.close()


async def test_a_mirror_that_was_made_again_inherits_nothing_of_the_former_one() -> None:
    async with a_leader() as world:
        world.make("first")
        await world.look()
        assert world.since == rfc3339(T)

        world.now += 10
        world.make("second")
        await world.look()

        assert world.since == rfc3339(T + 10)


async def test_a_pass_that_fails_by_a_defect_is_a_written_unknown_and_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_leader() as world:
        world.make("first")
        world.body["metadata"]["annotations"] = {CHECK_AT: "now"}
        monkeypatch.setattr(assessment, "spec_of", broken)

        await world.look()
        result = await world.operator.check(key_of(world.body))

    status = world.body["status"]
    assert (status["sync"], status["observedGeneration"]) == ("Unknown", 1)
    assert {each["reason"] for each in status["conditions"]} == {"InternalError"}
    assert status["handledCheckAt"] == "now", "who waits for an answer gets this one"
    assert result == Done(T + FAILED_RETRY)
    assert world.puts == 1, "the same Unknown is not written again"


async def test_a_mirror_that_meets_a_defect_keeps_no_hold_of_its_namespace_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_leader() as world:
        world.make("first")
        monkeypatch.setattr(assessment, "spec_of", broken)
        monkeypatch.setattr(world.operator.refresher.records, "_loaded", True)
        came = world.operator.acknowledged.turn()

        await world.look()

        assert world.operator.acknowledged.passed_at(key_of(world.body)) > came


async def test_a_defect_that_is_mended_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_leader() as world:
        world.make("first")
        with monkeypatch.context() as patched:
            patched.setattr(assessment, "spec_of", broken)
            await world.look()
        await world.look()

    assert world.since == rfc3339(T), "it is judged as if nothing had been"


def reasons(status: dict[str, Any]) -> dict[str, str]:
    return {each["type"]: each["reason"] for each in status["conditions"]}


@pytest.mark.parametrize("ahead", [0.0, 3600.0])
async def test_a_new_mirror_waits_a_moment_for_its_environments_and_calls_nobody(
    ahead: float,
) -> None:
    async with a_leader() as world:
        world.make("first")
        world.body["metadata"] |= {
            "creationTimestamp": rfc3339(T + ahead),
            "annotations": {REFRESH_AT: "r", CHECK_AT: "c"},
        }
        await world.look()
        waiting = world.body["status"]
        world.now += 9.9
        await world.look()
        puts = world.puts
        world.now += 0.1
        await world.look()

    assert reasons(waiting) == {
        "Ready": "Waiting",
        "InSync": "Waiting",
        "InSyncExceptHeld": "Waiting",
    }
    assert waiting["sync"] == "Unknown"
    assert (waiting["handledRefreshAt"], waiting["handledCheckAt"]) == ("r", "c")
    assert changes(MirrorStatus(), MirrorStatus.read(waiting)) == []
    assert puts == 1
    assert reasons(world.body["status"])["Stalled"] == "EnvironmentMissing"


async def test_a_mirror_that_is_not_new_is_stalled_at_once() -> None:
    async with a_leader() as world:
        world.make("first")
        world.body["metadata"]["creationTimestamp"] = rfc3339(T - 10)
        await world.look()

    assert reasons(world.body["status"])["Stalled"] == "EnvironmentMissing"


def broken(*_: object) -> None:
    raise RuntimeError("a defect")
