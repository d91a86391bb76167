"""Clusters on loopback, each with its UID and a certificate, and the source of all of them."""

import asyncio
import base64
import json
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from rig.certificates import Authority
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.clusters.clusters import Clusters
from stagingmirror.sources.kubernetes.subjects import WorkloadSubject
from stagingmirror.sources.source import Access
from stagingmirror.view import Observed, Subject
from support.kubernetes.cluster_bodies import bare_config_map, deployment
from support.kubernetes.scripted_cluster import ScriptedCluster
from support.mlflow.registries import serving
from support.operators.waiting import holds

CLUSTER = {"kubeconfigSecretRef": {"name": "production", "key": "kubeconfig"}}
SETTINGS = Settings(sweep_interval=0.3, request_timeout=2.0)
HERE = "uid-here"
THERE = "uid-there"


class Remote(ScriptedCluster):
    """``accepted``: bearer tokens that are let in. ``silent``: nothing is answered at all."""

    def __init__(self, authority: Authority, *, uid: str = THERE, token: str = "one") -> None:
        super().__init__()
        self.authority = authority
        self.uid = uid
        # What it answers in place of its namespace.
        self.identity: dict[str, Any] = {}
        self.accepted = {token}
        self.silent = False
        # Seconds before each answer.
        self.delay = 0.0
        self.url = ""
        self.used: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.used[token] += 1
        self.methods[request.method] += 1
        await holds(lambda: not self.silent)
        await asyncio.sleep(self.delay)
        if token not in self.accepted:
            return web.json_response({"kind": "Status", "reason": "Unauthorized"}, status=401)
        if request.path == "/api/v1/namespaces/kube-system":
            return web.json_response(self.identity or a_namespace(self.uid))
        return await super().answer(request)

    def kubeconfig(self, token: str = "one", **cluster: Any) -> str:
        authorities = base64.b64encode(self.authority.certificate.read_bytes()).decode()
        server = {"server": self.url, "certificate-authority-data": authorities} | cluster
        return json.dumps(
            {
                "clusters": [{"name": "c", "cluster": server}],
                "users": [{"name": "u", "user": {"token": token}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            }
        )


def a_namespace(uid: object, name: str = "kube-system") -> dict[str, Any]:
    return {"kind": "Namespace", "metadata": {"name": name, "uid": uid}}


class Known:
    """``clusters`` with what it announced; ``own`` is the cluster that it runs in."""

    def __init__(self, own: Remote, client: KubernetesReader) -> None:
        self.own = own
        self.changes: list[Subject[Any]] = []
        # Of which environment ``is_elsewhere`` was announced to be another one, and what it was.
        self.proofs: list[tuple[str, bool | None]] = []
        self.calls: Counter[str] = Counter()
        self.clusters = Clusters(
            client,
            clock=time.time,
            on_change=self._hear,
            on_proof=self._hear_proof,
            settings=SETTINGS,
            on_call=lambda server, *_: self.calls.update([server]),
        )

    def _hear(self, subject: Subject[Any], /, *, since: float | None = None) -> None:
        self.changes.append(subject)

    def _hear_proof(self, environment: str) -> None:
        self.proofs.append((environment, self.clusters.is_elsewhere(environment, CLUSTER)))

    def configure(self, **kubeconfigs: str | Why | None) -> None:
        """Environments by name with what their Secrets hold; None: it is not read yet."""
        spec = {"role": "Production", "namespaces": ["ml"], "cluster": CLUSTER}
        self.clusters.configure(
            {name: MirrorEnvironmentSpec.model_validate(spec) for name in kubeconfigs},
            {
                name: Access(None, document=each) if isinstance(each, str) else each
                for name, each in kubeconfigs.items()
                if each is not None
            },
        )


@asynccontextmanager
async def known_clusters(folder: Path, *remotes: Remote) -> AsyncIterator[Known]:
    """They answer, and the source runs, configured with nothing yet."""
    async with AsyncExitStack() as stack:
        own = Remote(Authority(folder / "own"), uid=HERE, token="")
        own.url = await stack.enter_async_context(serving(own.answer))
        for remote in remotes:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(
                *remote.authority.server("api", names=["kubernetes"], addresses=["127.0.0.1"])
            )
            remote.url = await stack.enter_async_context(serving(remote.answer, tls=tls))
        login = Login(own.url, None, _nobody, "default")
        client = await stack.enter_async_context(
            KubernetesReader(login, timeout=SETTINGS.request_timeout)
        )
        known = Known(own, client)
        running = asyncio.create_task(known.clusters.run())
        try:
            yield known
            assert not running.done(), "the source has ended"
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _nobody() -> None:
    return None


WEB = WorkloadSubject("production", "Deployment", "ml", "web")
"""A Deployment of ``a_remote``."""


def a_remote(folder: Path) -> Remote:
    """One with a Deployment ``web`` and a ConfigMap ``data``."""
    remote = Remote(Authority(folder / "there"))
    remote.put("deployments", deployment(replicas=0))
    body = bare_config_map("ml", snapshot="1")
    body["metadata"]["uid"] = "uid-data"
    remote.put("configmaps", body)
    return remote


def is_seen(known: Known) -> bool:
    """``WEB`` is, without a doubt."""
    answer = known.clusters.get(WEB)
    return isinstance(answer, Observed) and answer.value is not None and answer.trouble is None


def why(known: Known) -> Why:
    """Why ``WEB`` is not."""
    answer = known.clusters.get(WEB)
    assert isinstance(answer, Unseen)
    return answer.why
