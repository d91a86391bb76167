"""A component with old copies in a store, and the part of a refresh that removes them. The store
and the API server are played on the wire.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from stagingmirror.actions.copies.copy_files import CopyFiles
from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.execute.state import RemovalCheck
from stagingmirror.engine.refresh.record.copies import Copy
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.engine.refresh.removal.old_copies import Removal
from support.kinds.builders import NOW
from support.kinds.cases import context
from support.kinds.records import a_record, an_entry
from support.kinds.tools import tools_with
from support.objectstore.copying import Bench, bench, copy_of, environment
from support.objectstore.fake_s3 import BUCKET, FakeS3
from support.operators.object_server import ObjectServer, a_writer
from support.resources import resources

FOLDER = "ml-staging/fraud/ranker"
HASHES = ("aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "dddddddddddd")
"""Of copies, the oldest first; the last is the one that staging has now."""
FILES = ("config.json", "deep/t.json", "w.bin")
_ROOT = "/apis/stagingmirror.dev/v1alpha1"
MIRROR = f"{_ROOT}/namespaces/ml-staging/stagingmirrors/fraud"


def copies(store: FakeS3, *hashes: str) -> tuple[Copy, ...]:
    return tuple(
        Copy(step_to(name), {"written": store.written.timestamp()}, NOW) for name in hashes
    )


def step_to(name: str) -> CopyFiles:
    return replace(copy_of(), to_uri=f"s3://{BUCKET}/{FOLDER}/{name}")


def objects(*hashes: str) -> dict[str, bytes]:
    return {f"{FOLDER}/{name}/{path}": name.encode() for name in hashes for path in FILES}


def tracking(**staging: Any) -> dict[str, Any]:
    loaded = {"kind": "Deployment", "name": "ranker", "container": "server", "variable": "URI"}
    files = {"production": {"loadedBy": [loaded]}, "staging": {"store": "models", **staging}}
    return {"name": "ranker", "modelFiles": files}


@dataclass
class Mirror:
    """One whose refresh has just succeeded."""

    made: Bench
    server: ObjectServer
    removal: Removal
    check: RemovalCheck = field(default_factory=RemovalCheck)

    @property
    def store(self) -> FakeS3:
        return self.made.destination

    @property
    def record(self) -> Record:
        found = self.removal.records.get("uid-1")
        assert found is not None
        return found

    async def tend(self, given: Context | None = None, **staging: Any) -> list[str]:
        """Until nothing is done any more; what was done."""
        given = given or judged(**staging)
        done: list[str] = []
        async with asyncio.timeout(20):
            while True:
                message = await self.removal.tend(self.record, given, self.check)
                done += [message] if message else []
                if message is None and self.check.running is None:
                    return done
                await asyncio.sleep(0.01)

    def stays(self) -> bool:
        """Whether all is there, and nothing was even tried."""
        return self.store.objects == objects(*HASHES) and self.made.uploads == []


def judged(**staging: Any) -> Context:
    body = resources.mirror(track=[tracking(**staging)], refresh={"schedule": "0 6 * * *"})
    return replace(context(), spec=StagingMirrorSpec.model_validate(body["spec"]))


@asynccontextmanager
async def a_mirror(store: FakeS3 | None = None) -> AsyncIterator[Mirror]:
    server = ObjectServer()
    body = resources.mirror(track=[tracking(keep=1)], refresh={"schedule": "0 6 * * *"})
    metadata = {**body["metadata"], "uid": "uid-1", "generation": 1}
    server.put(MIRROR, {**body, "metadata": metadata})
    async with bench(destination=store) as made, a_writer(server) as writer:
        for name, url in made.addresses.items():
            spec = environment(name, url, "*").model_dump(
                mode="json", by_alias=True, exclude_unset=True
            )
            spec |= {"namespaces": ["ml-staging" if name == "staging" else "ml-prod"]}
            named = resources.resource("MirrorEnvironment", name, spec)
            server.put(f"{_ROOT}/mirrorenvironments/{name}", named)
        made.destination.objects |= objects(*HASHES)
        records = Records(writer, namespace="operator", writer_name="one", clock=lambda: NOW)
        await records.load()
        own = an_entry("Verified", step_to(HASHES[-1]), before={"empty": True})
        own = replace(own, after={"written": made.destination.written.timestamp()})
        former = copies(made.destination, *HASHES[:-1])
        await records.begin(
            a_record(own, copies=former, phase="Closed", result="Succeeded", message="all")
        )
        source_of: Any = lambda kind: made.stores  # noqa: E731
        tools = replace(tools_with(writer, lambda: NOW), source=source_of)
        yield Mirror(made, server, Removal(records, tools))
        await tools.pool.close()
