"""The refresh half of an operator on a server, and a mirror ``ml-staging/fraud`` to refresh."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from stagingmirror.api.status.report import Progress
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.reconciler import RefreshReconciler
from stagingmirror.engine.refresh.record.record import Record, from_json, to_json
from stagingmirror.engine.refresh.record.record_store import KEY
from stagingmirror.engine.refresh.start.state import RefreshState
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.errors import CannotRefresh
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client.client import MlflowServer
from support.kinds.builders import NOW, environment
from support.kinds.cases import a_mirror, context
from support.kinds.tools import tools_with
from support.operators.object_server import ObjectServer, a_writer
from support.operators.runtimes import a_runtime
from support.resources import resources

_ROOT = "/apis/stagingmirror.dev/v1alpha1"
MIRROR = f"{_ROOT}/namespaces/ml-staging/stagingmirrors/fraud"
STAGING = f"{_ROOT}/mirrorenvironments/staging"
RECORD = "/api/v1/namespaces/operator/configmaps/refresh-{}"
REQUESTED = {"stagingmirror.dev/refresh-at": "now"}
SEEN_BEFORE = {"conditions": [{"type": "Ready", "status": "True"}]}


@dataclass(slots=True)
class Told:
    """What was reported, in order."""

    news: list[str] = field(default_factory=list)
    waits: list[str | None] = field(default_factory=list)
    """What rollbacks waited for."""

    def took_over(self, key: MirrorKey, uid: str, message: str) -> None:
        self.news.append(message)

    def removed(self, key: MirrorKey, uid: str, message: str) -> None:
        self.news.append(message)

    def rollback_waits(self, key: MirrorKey, awaited: str | None) -> None:
        self.waits.append(awaited)


@dataclass
class ServedRefresher:
    server: ObjectServer
    refresher: RefreshReconciler
    now: float
    mirrors: set[str]
    """The uids of mirrors that are there."""
    states: defaultdict[str, RefreshState] = field(
        default_factory=lambda: defaultdict(RefreshState), init=False
    )
    """By uid."""

    async def advance(self, context: Context) -> Progress:
        return await self.refresher.advance(context, self.states[context.mirror.uid])

    async def retreat(self, status: Mapping[str, Any]) -> Progress:
        return await self.refresher.roll_back(a_mirror(status=status), "why", self.states["uid-1"])

    async def tend(self) -> None:
        await tend(self.refresher)

    def context(self, **given: Any) -> Context:
        """A mirror whose refresh was requested, as of now."""
        whole: Mapping[str, Any] = {"annotations": REQUESTED, "status": SEEN_BEFORE, **given}
        return context(now=self.now, **whole)


async def tend(refresher: RefreshReconciler) -> None:
    """Roll every record whose mirror is gone back to its end, and remove it."""
    goes_on = True
    while goes_on:
        goes_on = bool(await refresher.orphans.step())
        await asyncio.sleep(0.1)


@asynccontextmanager
async def a_refresher() -> AsyncIterator[ServedRefresher]:
    server = ObjectServer()
    body = resources.mirror(refresh={"schedule": "0 6 * * *"})
    whole = {"uid": "uid-1", "generation": 1, "annotations": REQUESTED}
    metadata = {**body["metadata"], **whole}
    server.put(MIRROR, {**body, "metadata": metadata})
    for role in ("Production", "Staging"):
        spec = environment(role).model_dump(mode="json", by_alias=True, exclude_unset=True)
        name = role.lower()
        made = resources.resource("MirrorEnvironment", name, spec)
        server.put(f"{_ROOT}/mirrorenvironments/{name}", made)
    async with a_writer(server) as writer:
        tools = tools_with(writer, lambda: served.now, server=_no_server)
        mirrors = {"uid-1"}
        refresher = RefreshReconciler(
            tools,
            runtime=a_runtime(lambda: served.now),
            settings=Settings(namespace="operator"),
            reporter=Told(),
            mirror_is_there=mirrors.__contains__,
            same_place=lambda one, other: one == other,
            prove=lambda key, since: None,
            deep_read=lambda deep, key, subjects, since, observed: True,
        )
        served = ServedRefresher(server, refresher, NOW, mirrors)
        yield served


def on_the_server(server: ObjectServer, record: Record | None, uid: str, **labels: str) -> None:
    """A record that an operator before us has left; None: one that nobody can read."""
    text = "{}" if record is None else json.dumps(to_json(record))
    metadata = {
        "name": f"refresh-{uid}",
        "namespace": "operator",
        "annotations": {"stagingmirror.dev/mirror": "ml-staging/fraud"},
        "labels": labels,
    }
    body = {"kind": "ConfigMap", "metadata": metadata, "data": {KEY: text}}
    server.put(RECORD.format(uid), body)


def kept(served: ServedRefresher, uid: str = "uid-1") -> Record:
    return from_json(json.loads(served.server.objects[RECORD.format(uid)]["data"][KEY]))


def _no_server(environment: str) -> MlflowServer:
    raise CannotRefresh("NoCredentials", f"{environment} has none")
