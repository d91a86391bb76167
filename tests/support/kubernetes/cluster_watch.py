"""A ClusterSource that runs, with what it told."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.drift.facts import Unseen
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.subjects import (
    OWN,
    ClusterSubject,
    ConfigMap,
    ConfigMapSubject,
    Workload,
    WorkloadSubject,
)
from stagingmirror.sources.kubernetes.watch.consistency_check import Counts
from stagingmirror.sources.kubernetes.watch.source import KubernetesSource
from stagingmirror.view import Observed, Subject
from support.kubernetes.listing import list_namespaces
from support.operators.waiting import holds

CALM = Settings(sweep_interval=600.0, request_timeout=2.0)
"""No sweep falls into a test by itself."""
BRISK = Settings(sweep_interval=0.3, request_timeout=1.0)


class Watching:
    """``told``: every subject that was announced. ``calls``: by method, without subject reviews."""

    def __init__(
        self, client: KubernetesClient, namespaces: tuple[str, ...], settings: Settings
    ) -> None:
        self.namespaces = namespaces
        self.client = client
        self.told: list[Subject[Any]] = []
        self.heard: Callable[[], None] = lambda: None
        """Called with each announcement."""
        self.calls: Counter[str] = Counter()
        client.on_call = lambda method, outcome, seconds: self.calls.update([method])
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
        self.heard()

    def streams_are_open(self) -> bool:
        """Seven kinds are watched; where lists fail, there is nothing to wait for."""
        lists = [
            self.source.get(WorkloadSubject(OWN, "Deployment", one, "")) for one in self.namespaces
        ]
        return self.calls["WATCH"] >= 7 or any(isinstance(one, Unseen) for one in lists)

    def workload(self, namespace: str, name: str, kind: TemplateKind = "Deployment") -> Workload:
        """As last seen; it must be there."""
        found = self.look(namespace, name, kind).value
        assert found is not None
        return found

    def look(
        self, namespace: str, name: str, kind: TemplateKind = "Deployment"
    ) -> Observed[Workload]:
        look = self.source.get(WorkloadSubject(OWN, kind, namespace, name))
        assert isinstance(look, Observed)
        return look

    def config_map(self, namespace: str, name: str) -> ConfigMap | None:
        look = self.source.get(ConfigMapSubject(OWN, namespace, name))
        return None if isinstance(look, Unseen) else look.value

    def reads(self, namespace: str, name: str, **data: str) -> bool:
        """The ConfigMap shows these keys with these values."""
        found = self.config_map(namespace, name)
        return found is not None and data.items() <= found.data.items()

    def scaled(self, namespace: str, replicas: int) -> bool:
        """The Deployment ``web`` is seen to want so many."""
        return self.has(namespace, "web") and self.workload(namespace, "web").replicas == replicas

    def has(self, namespace: str, name: str, kind: TemplateKind = "Deployment") -> bool:
        look = self.source.get(WorkloadSubject(OWN, kind, namespace, name))
        return isinstance(look, Observed) and look.value is not None


@asynccontextmanager
async def watching(
    kubeconfig: Path, *namespaces: str, settings: Settings = CALM
) -> AsyncIterator[Watching]:
    """A source whose first lists are done, and whose streams are open unless something fails."""
    async with await KubernetesClient.connect(
        kubeconfig=str(kubeconfig), timeout=settings.request_timeout
    ) as client:
        one = Watching(client, namespaces, settings)
        list_namespaces(one.source, *(namespaces))
        task = asyncio.create_task(one.source.run())
        try:
            await holds(lambda: one.source.ready)
            await holds(one.streams_are_open)
            yield one
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def subject(kind: TemplateKind | Literal["ConfigMap"], namespace: str, name: str) -> ClusterSubject:
    if kind == "ConfigMap":
        return ConfigMapSubject(OWN, namespace, name)
    return WorkloadSubject(OWN, kind, namespace, name)
