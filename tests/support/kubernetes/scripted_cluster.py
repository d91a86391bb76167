"""A cluster on loopback that is listed and watched as a real one, and may do what none should."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.drift.facts import Unseen
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.kubernetes.subjects import OWN, Workload, WorkloadSubject
from stagingmirror.sources.kubernetes.watch.consistency_check import Counts
from stagingmirror.sources.kubernetes.watch.source import KubernetesSource
from stagingmirror.view import Observed, Subject
from support.kubernetes.listing import list_namespaces
from support.operators.waiting import holds

Body = dict[str, Any]
# Plurals by the API that has them.
_DISCOVERED = {
    "argoproj.io/v1alpha1": "rollouts",
    "autoscaling/v2": "horizontalpodautoscalers",
    "keda.sh/v1alpha1": "scaledobjects",
}
QUICK = Settings(sweep_interval=0.2, request_timeout=5.0)


class ScriptedCluster:
    """``forbidden``: plurals with a namespace, or with None for all at once. ``garbage``: what a
    LIST of a plural has in place of items. ``held``: plurals whose LISTs wait until they are not.
    ``behind``: seconds by which its clock is behind. ``absent``: plurals that it does not serve.
    """

    def __init__(self) -> None:
        self.version = 100
        self.objects: dict[tuple[str, str, str], Body] = {}
        self.forbidden: set[tuple[str, str | None]] = set()
        self.garbage: dict[str, Any] = {}
        self.held: set[str] = set()
        self.absent: set[str] = set()
        self.behind = 0.0
        self.lists: Counter[tuple[str, str | None]] = Counter()
        self.watches: dict[tuple[str, str | None], list[asyncio.Queue[Body]]] = {}

    def put(self, plural: str, body: Body, *, emit: bool = True) -> None:
        """The object is there, in its next version, and whoever watches hears of it."""
        metadata = body["metadata"]
        self.version += 1
        metadata["resourceVersion"] = str(self.version)
        space = metadata.get("namespace", "")
        self.objects[plural, space, metadata["name"]] = body
        if emit:
            for place in {(plural, None), (plural, space or None)}:
                for queue in self.watches.get(place, ()):
                    queue.put_nowait({"type": "MODIFIED", "object": body})

    def set_back(self, version: int, plural: str, *bodies: Body) -> None:
        """A backup is restored: these are all that there are of this plural."""
        self.version = version
        self.objects = {key: each for key, each in self.objects.items() if key[0] != plural}
        for body in bodies:
            metadata = body["metadata"]
            self.objects[plural, metadata["namespace"], metadata["name"]] = body

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if (discovery := self._discovered(request.path)) is not None:
            return discovery
        plural, namespace, name = _asked(request.path)
        if (plural, namespace) in self.forbidden:
            return web.json_response({"kind": "Status", "reason": "Forbidden"}, status=403)
        if plural in self.absent:
            self.lists[plural, namespace] += 1
            return web.Response(text="404 page not found\n", status=404)
        if request.query.get("watch"):
            return await self._watched(request, plural, namespace)
        if name is not None:
            return self._one(plural, str(namespace), name)
        self.lists[plural, namespace] += 1
        await holds(lambda: plural not in self.held)
        items = [
            body
            for (each, space, _), body in sorted(self.objects.items())
            if each == plural and namespace in (None, space)
        ]
        listed = self.garbage.get(plural, items)
        metadata = {"resourceVersion": str(self.version)}
        return web.json_response({"kind": "List", "metadata": metadata, "items": listed})

    def _discovered(self, path: str) -> web.Response | None:
        """Of the kinds that may be missing; None: the path is of something else."""
        there = {api: plural for api, plural in _DISCOVERED.items() if plural not in self.absent}
        if path == "/apis":
            groups = [
                {"name": api.partition("/")[0], "versions": [{"groupVersion": api, "version": "v"}]}
                for api in there
            ]
            return web.json_response({"kind": "APIGroupList", "groups": groups})
        api = path.removeprefix("/apis/")
        if api in _DISCOVERED:
            resources = [{"name": there[api]}] if api in there else []
            return web.json_response({"kind": "APIResourceList", "resources": resources})
        return None

    def _one(self, plural: str, namespace: str, name: str) -> web.Response:
        body = self.objects.get((plural, namespace, name))
        if body is None:
            details = {"name": name}
            return web.json_response(
                {"kind": "Status", "reason": "NotFound", "details": details}, status=404
            )
        return web.json_response({"kind": "Object", **body})

    async def _watched(
        self, request: web.Request, plural: str, namespace: str | None
    ) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        if int(request.query["resourceVersion"]) > self.version:
            error = {"type": "ERROR", "object": {"kind": "Status", "code": 504}}
            await response.write(json.dumps(error).encode() + b"\n")
            return response
        queue: asyncio.Queue[Body] = asyncio.Queue()
        queues = self.watches.setdefault((plural, namespace), [])
        queues.append(queue)
        try:
            while True:
                await response.write(json.dumps(await queue.get()).encode() + b"\n")
        finally:
            queues.remove(queue)


class Seen:
    """A ClusterSource that runs against it, with what it told."""

    def __init__(self, client: KubernetesClient, settings: Settings) -> None:
        self.told: list[Subject[Any]] = []
        self.calls: Counter[tuple[str, str]] = Counter()
        client.on_call = lambda method, outcome, seconds: self.calls.update([(method, outcome)])
        self.source = KubernetesSource(
            client,
            cluster=OWN,
            counts=Counts(),
            clock=time.time,
            on_change=self._hear,
            settings=settings,
        )

    def _hear(self, subject: Subject[Any], /, *, since: float | None = None) -> None:
        self.told.append(subject)

    def look(
        self, namespace: str = "ml", name: str = "web", kind: WorkloadKind = "Deployment"
    ) -> Observed[Workload]:
        look = self.source.get(WorkloadSubject(OWN, kind, namespace, name))
        assert isinstance(look, Observed)
        return look

    def sees(self, namespace: str = "ml", name: str = "web", *, replicas: int = 1) -> bool:
        look = self.source.get(WorkloadSubject(OWN, "Deployment", namespace, name))
        return (
            not isinstance(look, Unseen)
            and look.value is not None
            and look.value.replicas == replicas
        )


@asynccontextmanager
async def seeing(
    cluster: ScriptedCluster, *namespaces: str, settings: Settings = QUICK, ready: bool = True
) -> AsyncIterator[Seen]:
    """What is seen of it, once everything was answered (``ready``)."""

    async def nobody() -> None:
        return None

    async def date(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(time.time() - cluster.behind, usegmt=True)

    app = web.Application()
    app.on_response_prepare.append(date)
    app.router.add_get("/{path:.*}", cluster.answer)
    async with TestServer(app) as server:
        access = Login(str(server.make_url("/")), None, nobody, "default")
        async with KubernetesClient(access, timeout=settings.request_timeout) as client:
            seen = Seen(client, settings)
            list_namespaces(seen.source, *(namespaces or ("ml",)))
            task = asyncio.create_task(seen.source.run())
            try:
                if ready:
                    await holds(lambda: seen.source.ready)
                yield seen
                assert not task.done(), "the source has ended"
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


def _asked(path: str) -> tuple[str, str | None, str | None]:
    """Plural, namespace and name."""
    parts = path.strip("/").split("/")
    parts = parts[2 if parts[0] == "api" else 3 :]
    namespace = None
    if parts[0] == "namespaces":
        namespace, parts = parts[1], parts[2:]
    return parts[0], namespace, parts[1] if len(parts) > 1 else None
