"""Every source of the operator with a small system behind it that can fall silent."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.settings import Settings
from stagingmirror.sources.index.source import IndexSource
from stagingmirror.sources.index.stores import Stores
from stagingmirror.sources.index.subjects import IndexAlias, IndexPair, IndexSubject
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.kubernetes.clusters.clusters import Clusters
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapSubject, WorkloadSubject
from stagingmirror.sources.kubernetes.subjects.serving import AutoscalerSubject, NodesSubject
from stagingmirror.sources.mlflow.poll.source import MlflowSource
from stagingmirror.sources.mlflow.subjects import AliasSubject, VersionSubject
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.files import ObjectFiles
from stagingmirror.sources.objectstore.prefix import Prefix
from stagingmirror.sources.objectstore.source import ObjectStoreSource
from stagingmirror.sources.objectstore.subjects import FolderSubject, TableSubject
from stagingmirror.sources.source import SecretsUse, SecretUse, Source
from stagingmirror.view import Observed, Subject
from support.index.builds import built
from support.kubernetes.cluster_bodies import bare_config_map, deployment
from support.kubernetes.scripted_cluster import ScriptedCluster
from support.mlflow.fake_mlflow import NAME, NUMBER, an_mlflow
from support.mlflow.registries import serving
from support.objectstore.fake_s3 import BUCKET, FakeS3
from support.parity.source import ENDPOINTS

ENVIRONMENT = "production"
SETTINGS = Settings(
    sweep_interval=60.0, store_interval=0.5, request_timeout=5.0, upstream_timeout=5.0
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOGIN = SecretUse("login", None)


@dataclass(slots=True)
class World:
    """A source and what it reads. ``silent``: every request is answered with 503."""

    source: Source[Any]
    spec: MirrorEnvironmentSpec
    changes: list[Subject[Any]]
    silent: bool = False

    def is_answered(self, subject: Subject[Any]) -> bool:
        return isinstance(self.source.get(subject), Observed)

    def value(self, subject: Subject[Any]) -> object:
        return self._observed(subject).value

    def began(self, subject: Subject[Any]) -> float:
        return self._observed(subject).began

    def _observed(self, subject: Subject[Any]) -> Observed[Any]:
        answer = self.source.get(subject)
        assert isinstance(answer, Observed), answer
        return answer

    def configure(self) -> None:
        self.source.configure({ENVIRONMENT: self.spec}, {})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Until the end of the block; the source must not end by itself."""
        task = asyncio.ensure_future(self.source.run())
        try:
            yield
            assert not task.done(), "the source has ended"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Example:
    """``there`` exist in its world, ``missing`` do not; one of each type of subject at least.
    ``server``: the field of an environment that has the address; None: it needs none. ``offered``:
    that field, of an address and what else is given.
    """

    source: type[Any]
    there: tuple[Subject[Any], ...]
    missing: tuple[Subject[Any], ...]
    server: str | None
    _make: Callable[[AsyncExitStack, Handler, list[Any]], Awaitable[tuple[Source[Any], str]]]
    _answer: Callable[[], Handler]
    offered: Callable[[str, dict[str, Any]], Any] = lambda url, more: {"url": url, **more}
    secret: SecretUse | SecretsUse = LOGIN
    """What is read where the field names the Secret ``login``."""

    @property
    def is_probed(self) -> bool:
        """Whether its answers have an age of their own, and are requested anew as deep reads."""
        return any(each.deep == "probe" for each in self.there)

    @asynccontextmanager
    async def world(self) -> AsyncIterator[World]:
        """Nothing is configured, wanted or running yet."""
        changes: list[Subject[Any]] = []
        answer = self._answer()

        async def gate(request: web.Request) -> web.StreamResponse:
            return web.Response(status=503) if world.silent else await answer(request)

        async with AsyncExitStack() as stack:
            source, url = await self._make(stack, gate, changes)
            given = {"role": "Production", "usableFrom": ["ml-staging"], "namespaces": ["ml"]}
            server = {self.server: self.offered(url, {})} if self.server else {}
            spec = MirrorEnvironmentSpec.model_validate(given | server)
            world = World(source, spec, changes)
            yield world


async def _kubernetes(
    stack: AsyncExitStack, gate: Handler, changes: list[Any]
) -> tuple[Source[Any], str]:
    url = await stack.enter_async_context(serving(gate))
    client = KubernetesClient(
        Login(url, None, _no_authorization, "default"), timeout=SETTINGS.request_timeout
    )
    await stack.enter_async_context(client)

    def on_change(subject: Subject[Any], /, *, since: float | None = None) -> None:
        changes.append(subject)

    source = Clusters(
        client,
        clock=time.time,
        on_change=on_change,
        on_proof=lambda _: None,
        settings=SETTINGS,
        on_call=lambda *_: None,
    )
    return source, url


def _a_cluster() -> Handler:
    cluster = ScriptedCluster()
    cluster.put("deployments", deployment(replicas=0))
    config_map = bare_config_map("ml", snapshot="1")
    config_map["metadata"]["uid"] = "uid-data"
    cluster.put("configmaps", config_map)
    return cluster.answer


async def _no_authorization() -> None:
    return None


async def _mlflow(
    stack: AsyncExitStack, gate: Handler, changes: list[Any]
) -> tuple[Source[Any], str]:
    url = await stack.enter_async_context(serving(gate))
    source = MlflowSource(clock=time.time, on_change=changes.append, settings=SETTINGS)
    return source, url


async def _objectstore(
    stack: AsyncExitStack, gate: Handler, changes: list[Any]
) -> tuple[Source[Any], str]:
    url = await stack.enter_async_context(serving(gate))
    source = ObjectStoreSource(
        clock=time.time, on_change=changes.append, settings=SETTINGS, productions=tuple
    )
    return source, url


def _a_bucket() -> Handler:
    commit = f"ranker/table/_delta_log/{0:020d}.json"
    return FakeS3({"ranker/1/model.bin": b"weights", commit: b"{}"}).answer


def _a_store(url: str, more: dict[str, Any]) -> list[dict[str, Any]]:
    known = more or {"anonymous": True}
    return [{"name": "models", "url": f"s3://{BUCKET}/ranker", "endpoint": url, **known}]


async def _index(
    stack: AsyncExitStack, gate: Handler, changes: list[Any]
) -> tuple[Source[Any], str]:
    url = await stack.enter_async_context(serving(gate))
    bucket = ObjectStore.model_validate(
        {"name": "indexes", "url": f"s3://{BUCKET}", "endpoint": url, "anonymous": True}
    )
    opened = Bucket(bucket, None, settings=SETTINGS, on_call=lambda *_: None)
    stores = Stores(
        settings=SETTINGS,
        on_call=lambda *_: None,
        folder=lambda *_: Prefix(lambda: ObjectFiles(lambda: opened, "idx", lambda: None)),
    )
    return IndexSource(clock=time.time, on_change=changes.append, stores=stores), url


def _an_index() -> Handler:
    store = built(side="idx")
    store.objects["idx/CURRENT"] = b"b2"
    return store.answer


def _an_index_store(url: str, more: dict[str, Any]) -> list[dict[str, Any]]:
    place = {"objectStore": "indexes", "prefix": "idx"}
    return [{"name": "vectors", "type": "Files", "aliases": ["*"], **place, **more}]


EXAMPLES = (
    Example(
        Clusters,
        there=(
            WorkloadSubject(OWN, "Deployment", "ml", "web"),
            ConfigMapSubject(OWN, "ml", "data"),
            AutoscalerSubject(OWN, "Deployment", "ml", "web"),
            NodesSubject(OWN, "Deployment", "ml", "web"),
        ),
        missing=(
            WorkloadSubject(OWN, "StatefulSet", "ml", "web"),
            ConfigMapSubject(OWN, "ml", "other"),
        ),
        server=None,
        _make=_kubernetes,
        _answer=_a_cluster,
    ),
    Example(
        MlflowSource,
        there=(
            AliasSubject(ENVIRONMENT, NAME, "champion"),
            VersionSubject(ENVIRONMENT, NAME, NUMBER),
        ),
        missing=(AliasSubject(ENVIRONMENT, NAME, "challenger"),),
        server="mlflow",
        _make=_mlflow,
        _answer=an_mlflow,
    ),
    Example(
        ObjectStoreSource,
        there=(
            FolderSubject(ENVIRONMENT, "s3://models/ranker/1"),
            TableSubject(ENVIRONMENT, "s3://models/ranker/table"),
        ),
        missing=(
            FolderSubject(ENVIRONMENT, "s3://models/ranker/2"),
            TableSubject(ENVIRONMENT, "s3://models/ranker/2"),
        ),
        server="objectStores",
        _make=_objectstore,
        _answer=_a_bucket,
        offered=_a_store,
        secret=SecretsUse(("login",)),
    ),
    Example(
        IndexSource,
        there=(
            IndexSubject(ENVIRONMENT, "vectors", "CURRENT"),
            IndexPair(
                IndexAlias(ENVIRONMENT, "vectors", "CURRENT"),
                IndexAlias(ENVIRONMENT, "vectors", "CURRENT"),
            ),
        ),
        missing=(IndexSubject(ENVIRONMENT, "vectors", "OTHER"),),
        server="indexStores",
        _make=_index,
        _answer=_an_index,
        offered=_an_index_store,
        secret=SecretsUse(("login",)),
    ),
    Example(**ENDPOINTS),
)
