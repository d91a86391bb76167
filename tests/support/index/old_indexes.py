"""A component with former indexes in a store of files, and the part of a refresh that removes them.
The store and the API server are played on the wire.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from stagingmirror.actions.copies.restore_index import RestoreIndex
from stagingmirror.actions.step import Json
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.execute.state import RemovalCheck
from stagingmirror.engine.refresh.record.copies import Copy
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.engine.refresh.removal.old_copies import Removal
from support.index.restoring import FIRST, Bench, bench, builds, environment, pointing, staging
from support.kinds.builders import NOW, sides
from support.kinds.cases import context
from support.kinds.records import a_record, an_entry
from support.objectstore.fake_s3 import FakeS3
from support.operators.object_server import ObjectServer, a_writer
from support.resources import resources

_ROOT = "/apis/stagingmirror.dev/v1alpha1"
MIRROR = f"{_ROOT}/namespaces/ml-staging/stagingmirrors/fraud"
REFRESHES = ("r1", "r2", "r3", "r4")
_TRACK: dict[str, Any] = {
    "name": "search",
    "indexSnapshot": {"production": {"store": "vectors", "alias": "CURRENT"}},
}


@dataclass
class Mirror:
    """One whose refresh has just succeeded. ``made``: the indexes of its refreshes, the oldest
    first; the last is the one that is served.
    """

    bench: Bench
    server: ObjectServer
    removal: Removal
    made: tuple[str, ...]
    check: RemovalCheck = field(default_factory=RemovalCheck)

    @property
    def store(self) -> FakeS3:
        return self.bench.destination

    @property
    def record(self) -> Record:
        found = self.removal.records.get("uid-1")
        assert found is not None
        return found

    def there(self) -> set[str]:
        return builds(self.store)

    async def tend(self, keep: int | None) -> list[str]:
        """Until nothing is done any more; what was done."""
        given, done = judged(keep), list[str]()
        async with asyncio.timeout(20):
            while True:
                message = await self.removal.tend(self.record, given, self.check)
                done += [message] if message else []
                if message is None and self.check.running is None:
                    return done
                await asyncio.sleep(0.01)


def judged(keep: int | None) -> Context:
    body = resources.mirror(track=[_TRACK], refresh={"schedule": "0 6 * * *"})
    around = sides(
        environment("Production", "http://127.0.0.1:9", copies="Allowed"),
        environment("Staging", "http://127.0.0.1:9", **({} if keep is None else {"keep": keep})),
    )
    return replace(context(), spec=StagingMirrorSpec.model_validate(body["spec"]), sides=around)


async def _made(made: Bench, step: RestoreIndex, refresh: str) -> tuple[Json, Json]:
    before = await step.survey(refresh, made.tools)
    task = replace(FIRST, refresh=refresh, before=before)
    arrived = step.arrived(await step.copy(task, made.tools, lambda done, total: None))
    return before, arrived.after or {}


@asynccontextmanager
async def a_mirror(store: FakeS3 | None = None) -> AsyncIterator[Mirror]:
    server = ObjectServer()
    body = resources.mirror(track=[_TRACK], refresh={"schedule": "0 6 * * *"})
    metadata = {**body["metadata"], "uid": "uid-1", "generation": 1}
    server.put(MIRROR, {**body, "metadata": metadata})
    async with bench(store or staging()) as made, a_writer(server) as writer:
        for name, role in (("production", "Production"), ("staging", "Staging")):
            spec = environment(
                role, made.addresses[name], **({"copies": "Allowed"} if name != "staging" else {})
            )
            _offer(server, name, spec)
        step = await made.step()
        done = [await _made(made, step, each) for each in REFRESHES]
        names = tuple(str(before["index"]) for before, _ in done)
        pointing(made.destination, names[-1])
        records = Records(writer, namespace="operator", writer_name="one", clock=lambda: NOW)
        await records.load()
        own = an_entry("Verified", step, before=done[-1][0], after=done[-1][1])
        former = tuple(Copy(step, after, NOW, before) for before, after in done[:-1])
        await records.begin(
            a_record(own, copies=former, phase="Closed", result="Succeeded", message="all")
        )
        made.tools = replace(made.tools, writer=writer)
        yield Mirror(made, server, Removal(records, made.tools), names)


def _offer(server: ObjectServer, name: str, spec: MirrorEnvironmentSpec) -> None:
    body = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    body |= {"namespaces": ["ml-staging" if name == "staging" else "ml-prod"]}
    server.put(
        f"{_ROOT}/mirrorenvironments/{name}", resources.resource("MirrorEnvironment", name, body)
    )
