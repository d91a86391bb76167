"""A standby is let in to what is watched, so it is connected when it leads; it polls nothing."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Why
from stagingmirror.engine.environments.permissions import Permissions
from stagingmirror.engine.environments.reconciler import EnvironmentReconciler
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.sources.source import Access, SecretsUse, SecretUse, Source
from stagingmirror.view import Observed
from support.kubernetes.api_server import Answer, an_api_server
from support.operators.runtimes import a_runtime
from support.operators.waiting import holds
from support.resources import resources


class System:
    """A source that each environment needs a Secret for, which has the source's name."""

    def __init__(self, name: str, *, polled: bool) -> None:
        self.name, self.polled = name, polled
        self.given: dict[str, object] = {}

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretUse:
        return SecretUse(self.name, None)

    def configure(self, specs: object, access: Mapping[str, object]) -> None:
        self.given |= access

    def answers(self, environment: str) -> Observed[str]:
        return Observed("", 0.0)


class Process:
    """One of two processes, with an environment ``production`` and a source of each sort. The
    Secret of ``polled`` is not there.
    """

    keeper: EnvironmentReconciler

    def __init__(self) -> None:
        self.leads = False
        self.watched, self.polled = System("watched", polled=False), System("polled", polled=True)
        self.reads: list[str] = []
        # A standby waits for it to read a Secret.
        self.gate = asyncio.Event()
        self.gate.set()
        # Reason of Ready of each status that is written.
        self.written: list[str] = []

    async def read(self, name: str, secret: SecretUse | SecretsUse) -> Access | Why:
        assert isinstance(secret, SecretUse)
        self.reads.append(secret.name)
        if not self.leads:
            await self.gate.wait()
        missing = Why("SecretMissing", "it does not exist.")
        return missing if secret.name == "polled" else Access(None, document="a kubeconfig")

    def respond(self, method: str, path: str, body: Any) -> Answer:
        if method == "PUT":
            self.written.append(body["status"]["conditions"][0]["reason"])
            return 200, {**body, "metadata": {**body["metadata"], "resourceVersion": "9"}}
        return 201, {"kind": "Review", "status": {"allowed": True, "resourceRules": []}}


async def _nothing_open() -> dict[str, dict[str, Any]]:
    return {}


@asynccontextmanager
async def a_process() -> AsyncIterator[Process]:
    process, cache = Process(), ResourceCache()
    body = resources.environment()
    body["metadata"] |= {"uid": "uid", "generation": 1, "resourceVersion": "1"}
    cache.put("mirrorenvironments", body)
    runtime = a_runtime(lambda: 0.0, lambda: process.leads)
    async with an_api_server(process.respond) as client:
        process.keeper = EnvironmentReconciler(
            Permissions(lambda name, spec: client, runtime=runtime),
            cache=cache,
            resources=ResourceClient(client, cache, runtime=runtime),
            sources=[cast("Source[Any]", each) for each in (process.watched, process.polled)],
            credentials=process.read,
            runtime=runtime,
            changed=lambda name: None,
            interval=30.0,
            remembered=_nothing_open,
        )
        yield process


async def test_a_standby_is_let_in_to_what_is_watched_and_to_nothing_that_is_polled() -> None:
    async with a_process() as process:
        await process.keeper.tend()

        assert set(process.watched.given) == {"production"}
        assert process.reads == ["watched"]
        assert process.polled.given == {}
        assert process.written == []


async def test_what_a_new_leader_was_given_is_not_lost_to_what_it_read_as_a_standby() -> None:
    async with a_process() as process:
        process.gate.clear()
        tending = asyncio.create_task(process.keeper.tend())
        await holds(lambda: bool(process.reads))

        process.leads = True
        await process.keeper.connect()
        process.gate.set()
        await tending

        assert set(process.polled.given) == {"production"}
        assert process.written == ["SecretMissing"]
