"""A production and a staging on the control plane, and the refresh half of an operator.

Everything is real but the node (``kubelet``): watches, polls, kinds, plan, hands and record are the
operator's own; only the loop that calls them is the test's, so that it can be killed at any write.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from rig.kube import Kube
from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.parse import parse_environment, parse_mirror
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import Progress
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.api.types.times import rfc3339
from stagingmirror.component import Side, Sides
from stagingmirror.drift.places import Place
from stagingmirror.drift.plan import make
from stagingmirror.engine.check.judge import Scene, judge_all, observe_all, proposals_for
from stagingmirror.engine.context import Context, Judged
from stagingmirror.engine.holds.active import in_force, read
from stagingmirror.engine.observe.check_requests import REFRESH_AT
from stagingmirror.engine.observe.probes import Probes
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.view import RecordingView, Scope
from stagingmirror.engine.ownership.track_entries import all_production
from stagingmirror.engine.refresh.reconciler import RefreshReconciler
from stagingmirror.engine.refresh.start.state import RefreshState
from stagingmirror.engine.resources.mirror import MirrorKey, mirror_of
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.clusters.clusters import Clusters
from stagingmirror.sources.kubernetes.write.writer import Writer
from stagingmirror.sources.mlflow.poll.source import MlflowSource
from support.kinds.tools import tools_with
from support.operators.killing_client import Killed, KillingClient, KillingServer, KillSwitch
from support.operators.probes import probes_of
from support.operators.runtimes import a_runtime
from support.operators.waiting import holds
from support.resources import resources
from support.sandbox.refresher import Told

Object = dict[str, Any]


@dataclass(slots=True)
class Sandbox:
    kube: Kube
    production: str
    staging: str
    environments: tuple[str, str]
    client: KubernetesClient
    cluster: Clusters
    registry: MlflowSource
    settings: Settings
    told: Told = field(default_factory=Told)
    status: dict[str, Any] = field(default_factory=dict)
    leading: bool = True
    kill_switch: KillSwitch = field(default_factory=lambda: KillSwitch(None))
    refresher: RefreshReconciler | None = None
    memory: RefreshState = field(default_factory=RefreshState)
    tools: Tools = field(init=False)
    probes: Probes = field(init=False)
    judged: tuple[Judged, ...] = ()
    deaths: list[str] = field(default_factory=list)
    """The writes after which a process died."""

    def __post_init__(self) -> None:
        self.probes = probes_of(self.cluster, self.registry)

    @property
    def key(self) -> MirrorKey:
        return MirrorKey(self.staging, "fraud")

    def mirror(self, track: list[Object], **spec: Any) -> None:
        """The StagingMirror, created or replaced; refreshes are quick to settle and to give up."""
        quick = {"settle": "0s", "rolloutTimeout": "30s", "timeout": "2m"}
        refresh = {"schedule": "0 6 * * *"} | quick | spec.pop("refresh", {})
        body = resources.mirror(
            "fraud",
            self.staging,
            production={"environment": self.environments[0], "namespace": self.production},
            staging={"environment": self.environments[1]},
            refresh=refresh,
            checkInterval="5s",
            track=track,
            **spec,
        )
        self.kube.apply(body, manager="user")

    def ask(self, token: str) -> None:
        self._patch_mirror({"metadata": {"annotations": {REFRESH_AT: token}}})

    def patch_refresh(self, **refresh: Any) -> None:
        self._patch_mirror({"spec": {"refresh": refresh}})

    def _patch_mirror(self, patch: Object) -> None:
        self.kube.patch(API_VERSION, "StagingMirror", self.key.name, self.staging, patch)

    def operator(self, kill_switch: KillSwitch | None = None) -> RefreshReconciler:
        """A fresh operator process, as far as refreshing goes."""
        self.kill_switch, self.memory = kill_switch or KillSwitch(None), RefreshState()
        writer = Writer(
            KillingClient(self.client, self.kill_switch),
            productions=lambda: frozenset({self.production}),
            unproven=frozenset,
            is_elsewhere=lambda *_: None,
            leading=lambda: self.leading,
        )
        self.tools = tools_with(
            writer,
            time.time,
            server=lambda name: KillingServer(self.registry.server(name), self.kill_switch),
            is_production=self._is_production,
            may_copy=self._may_copy,
        )
        self.refresher = RefreshReconciler(
            self.tools,
            runtime=a_runtime(time.time, lambda: self.leading),
            settings=self.settings,
            reporter=self.told,
            mirror_is_there=lambda uid: self._uid() == uid,
            same_place=lambda one, other: one == other,
            prove=lambda key, since: None,
            deep_read=self.probes.deep_read,
        )
        return self.refresher

    def body(self) -> Object | None:
        return self.kube.find(API_VERSION, "StagingMirror", self.key.name, self.staging)

    async def context(self) -> Context:
        """Both sides looked at anew, judged and planned."""
        body = await asyncio.to_thread(self.body)
        assert body is not None
        spec = parse_mirror(body)
        sides = await asyncio.to_thread(self._sides)
        since, scene = time.time(), None
        for _ in range(2):  # the first shows what is read, the second is made of fresh looks
            view = RecordingView(
                Sources(self.cluster, self.registry),
                lambda scope, value: f"hmac-sha256:{hash((scope, value))}",
                Scope(self.staging, "uid"),
                is_production=lambda place: False,
                clock_margin=0.0,
            )
            scene = Scene(spec, sides, view, time.time(), {})
            held = await asyncio.to_thread(self._holds)
            self.judged = tuple(judge_all(scene, observe_all(scene), held))
            proposals = tuple(proposals_for(scene, self.judged))
            await self._look_anew(view, since)
        assert scene is not None
        return Context(
            mirror=replace(mirror_of(body), status=MirrorStatus.read(self.status)),
            spec=spec,
            sides=sides,
            components=self.judged,
            holds=tuple(held),
            proposals=proposals,
            plan=make(proposals, {}),
            parts={key: part.subjects for key, part in view.parts.items()},
            now=scene.now,
        )

    async def step(self) -> Progress:
        """One pass, and what it tells kept as status."""
        assert self.refresher is not None
        progress = await self.refresher.advance(await self.context(), self.memory)
        if self.kill_switch.killed:
            raise Killed
        self._keep(progress)
        return progress

    async def run(self, token: str | None = None, *, within: float = 120.0) -> Mapping[str, Any]:
        """Passes until a refresh has ended; its entry of ``status.refreshes``."""
        if token is not None:
            await asyncio.to_thread(self.ask, token)
        known = len(self.status.get("refreshes", ()))
        progress = Progress()
        try:
            async with asyncio.timeout(within):
                while len(self.status.get("refreshes", ())) == known:
                    progress = await self.step()
                    await asyncio.sleep(min(progress.again_in or 0.2, 0.2))
        except TimeoutError:
            raise AssertionError(f"no refresh has ended within {within} s: {progress}") from None
        return cast("Mapping[str, Any]", self.status["refreshes"][0])

    async def run_dying(self, token: str, *, within: float) -> Mapping[str, Any]:
        """As ``run``, but the process dies after each single write and another one goes on. The
        stamp that a new one puts on the record is not counted, nor are writes that every life must
        repeat.
        """
        await asyncio.to_thread(self.ask, token)
        known, repeated = len(self.status.get("refreshes", ())), 0
        async with asyncio.timeout(within):
            while len(self.status.get("refreshes", ())) == known:
                record = await asyncio.to_thread(self.record)
                labels = record["metadata"]["labels"] if record else {}
                begun = 2 if labels.get("stagingmirror.dev/open") == "true" else 1
                self.operator(KillSwitch(begun + repeated))
                with contextlib.suppress(Killed):
                    while len(self.status.get("refreshes", ())) == known:
                        await self.step()
                        await asyncio.sleep(0.1)
                last = self.kill_switch.writes[-1:]
                repeated = repeated + 1 if set(last) <= set(self.deaths) else 0
                self.deaths.extend(last)
                await self.tools.pool.close()
        self.operator()
        return cast("Mapping[str, Any]", self.status["refreshes"][0])

    async def until(self, condition: Callable[[Progress], bool], within: float = 60.0) -> Progress:
        progress = Progress()
        try:
            async with asyncio.timeout(within):
                while True:
                    progress = await self.step()
                    if condition(progress):
                        return progress
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not within {within} s: {progress}, {self.status}") from None

    async def until_gone(self) -> None:
        await holds(lambda: self.body() is None, within=60)

    def _keep(self, progress: Progress) -> None:
        ready = [{"type": "Ready", "status": "True"}]
        self.status = {"conditions": ready, **self.status, "observedGeneration": 1}
        if progress.handled_refresh_at:
            self.status["handledRefreshAt"] = progress.handled_refresh_at
        if progress.next_refresh:
            self.status["nextRefreshTime"] = rfc3339(progress.next_refresh)
        if progress.finished:
            told = self.status.get("refreshes", [])
            others = [each for each in told if each["id"] != progress.finished.id]
            self.status["refreshes"] = [progress.finished.dump(), *others][:10]

    async def _look_anew(self, view: RecordingView, since: float) -> None:
        for source, subjects in (
            Sources(self.cluster, self.registry).split(view.everything()).items()
        ):
            for subject in subjects:
                source.want(subject, 5.0)
            await source.prove(subjects, since=since, read_bytes=False)

    def _sides(self) -> Sides:
        production, staging = (
            parse_environment(self.kube.get(API_VERSION, "MirrorEnvironment", name))
            for name in self.environments
        )
        return Sides(
            Side("production", self.environments[0], production, self.production),
            Side("staging", self.environments[1], staging, self.staging),
            mirror="sandbox",
        )

    def _holds(self) -> list[Any]:
        bodies = self.kube.list(API_VERSION, "MirrorHold", self.staging)
        requests = [request for body in bodies if (request := read(body)) is not None]
        return [request.hold for request in in_force(requests, self.key, time.time())]

    def _uid(self) -> str | None:
        return body["metadata"]["uid"] if (body := self.body()) else None

    def _is_production(self, place: Place) -> bool:
        body = self.body()
        return body is not None and place in all_production(parse_mirror(body), self._sides())

    def _may_copy(self, source: str, destination: str) -> bool | None:
        if self._sides().staging.spec.shares_registry_with == source:
            return True
        same = self.registry.same_registry(source, destination)
        return None if same is None else not same

    def record(self) -> Object | None:
        """The record's ConfigMap."""
        found = self.kube.list(
            "v1", "ConfigMap", self.settings.namespace, labels="stagingmirror.dev/record=refresh"
        )
        uid = self._uid()
        return next((each for each in found if each["metadata"]["name"] == f"refresh-{uid}"), None)
