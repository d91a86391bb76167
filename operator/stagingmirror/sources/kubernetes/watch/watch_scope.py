"""Which watches there are: one per kind for all namespaces where that is permitted, else one in
each namespace that an environment lists. Only objects of listed namespaces are kept.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.objects.entries import Entry
from stagingmirror.sources.kubernetes.objects.stores import Stores
from stagingmirror.sources.kubernetes.subjects import ClusterSubject
from stagingmirror.sources.kubernetes.watch.consistency_check import ConsistencyCheck, Counts
from stagingmirror.sources.kubernetes.watch.informer import Watch, WatchCallbacks
from stagingmirror.sources.kubernetes.watch.watched_kinds import ALWAYS, NEEDED, RESOURCES

LISTS_AT_ONCE = 8
# Seconds after which a kind that is watched by namespace is tried for all of them again.
WIDEN = 600.0
_CHANCE = SystemRandom()
_NOT_YET = Why(Reason.NOT_SEEN_YET, "The cluster has not answered yet.")
_NOT_LISTED = Why(Reason.NAMESPACE_NOT_READABLE, "No environment lists this namespace.")
# In place of the namespaces of what is in none.
_NOWHERE = frozenset({""})

# Kind, and namespace or all.
Place = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class ScopeCallbacks:
    """Called with what watches learn, by kind. None may raise or wait."""

    changed: Callable[[str], Callable[[Entry], None]]
    settled: Callable[[str, str | None], None]
    """A request for this kind, in a namespace or in all, was answered or failed anew."""
    set_back: Callable[[str], None]
    """The cluster was set back to a former state."""


@dataclass(slots=True)
class _Scope:
    check: ConsistencyCheck[Any]
    tasks: tuple[asyncio.Task[None], ...]


class WatchScope:
    """``run`` watches. ``namespaces``: those that are wanted; None: not known yet. Kinds that are
    watched on demand are so for all of these, or where that is not permitted in those that have
    the demand.
    """

    def __init__(
        self,
        client: KubernetesReader,
        stores: Stores,
        *,
        clock: Callable[[], float],
        interval: float,
        pace: Callable[[str], Mapping[str, float]],
        counts: Counts,
        callbacks: ScopeCallbacks,
    ) -> None:
        self.namespaces: frozenset[str] | None = None
        self._least: Mapping[str, float] = {}
        # By kind, where it is wanted.
        self._demand: dict[str, frozenset[str]] = {}
        self._client = client
        self._stores = stores
        self._clock = clock
        self._interval = interval
        self._pace = pace
        self._counts = counts
        self._callbacks = callbacks
        self._scopes: dict[Place, _Scope] = {}
        self._narrow: set[str] = set()
        self._rearrange = asyncio.Event()
        self._at_once = asyncio.Semaphore(LISTS_AT_ONCE)

    @property
    def ready(self) -> bool:
        """Every watch has been answered once, be it with a refusal. Kinds on demand are waited for
        only by who wants them.
        """
        return self.namespaces is not None and all(
            self._settled(kind, namespace) for kind in ALWAYS for namespace in self.namespaces
        )

    def want(self, specs: Iterable[MirrorEnvironmentSpec]) -> None:
        """The namespaces that environments list. All others are forgotten."""
        self._least = _least_intervals(specs)
        namespaces = frozenset(self._least)
        if namespaces != self.namespaces:
            self.namespaces = namespaces
            self._rearrange.set()

    def demand(self, kind: str, namespaces: frozenset[str]) -> None:
        """Where a kind is wanted that is watched on demand."""
        if RESOURCES[kind].on_demand and namespaces != self._demand.get(kind, frozenset()):
            self._demand[kind] = namespaces
            self._rearrange.set()

    def check(self, kind: str, namespace: str) -> ConsistencyCheck[Any] | None:
        """The proofs of the watch that covers, or is to cover, this namespace."""
        scope = self._scopes.get((kind, None)) or self._scopes.get((kind, namespace))
        return scope.check if scope else None

    def proof(self, subject: ClusterSubject) -> tuple[float, Why | None] | Unseen:
        """Since when the watches behind an answer are proven, or why there is no answer."""
        namespace, namespaces = subject.namespace, self.namespaces
        if namespace not in (namespaces or ()) and (namespaces is None or namespace):
            why = _NOT_YET if namespaces is None else _NOT_LISTED
            return Unseen(why, self._clock())
        began, trouble = float("inf"), None
        for needed in NEEDED[subject.kind]:
            check = self.check(needed, namespace)
            if check is None or not check.covers(namespace):
                why = (check.trouble(namespace) if check else None) or _NOT_YET
                if why.reason == Reason.KIND_NOT_INSTALLED and RESOURCES[needed].optional:
                    continue
                return Unseen(why, check.began(namespace) if check else 0.0)
            began = min(began, check.began(namespace))
            trouble = trouble or check.trouble(namespace)
        return began, trouble

    def proven(self, kind: str, namespace: str) -> float:
        """Since when (POSIX s) a kind is proven of a namespace; 0: it is not."""
        check = self.check(kind, namespace)
        return check.began(namespace) if check is not None else 0.0

    def repace(self, kind: str, namespace: str) -> None:
        """Something of this namespace is wanted more often than before."""
        if (check := self.check(kind, namespace)) is not None:
            check.watch.resumed.end()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._widen())
            while True:
                self._rearrange.clear()
                self._arrange(group)
                await self._rearrange.wait()

    def _settled(self, kind: str, namespace: str) -> bool:
        check = self.check(kind, namespace)
        return check is not None and (
            check.covers(namespace) or check.trouble(namespace) is not None
        )

    def _arrange(self, group: asyncio.TaskGroup) -> None:
        """Start and end watches so that they are the ones that are needed now."""
        needed = {(kind, place) for kind in RESOURCES for place in self._places(kind)}
        former = dict(self._scopes)
        for place in self._scopes.keys() - needed:
            for task in self._scopes.pop(place).tasks:
                task.cancel()
        for kind, namespace in needed:
            scope = self._scopes.get((kind, namespace))
            if scope is None:
                self._scopes[kind, namespace] = self._started(group, kind, namespace, former)
            elif namespace is None and scope.check.watch.sought not in (None, self._listed(kind)):
                scope.check.watch.relist()
        self._forget_others()

    def _places(self, kind: str) -> frozenset[str | None]:
        """The watches of a kind: of all namespaces, or one for each that is wanted."""
        wanted = self._wanted(kind)
        is_wide = bool(wanted) and kind not in self._narrow
        return frozenset({None}) if is_wide else wanted

    def _listed(self, kind: str) -> frozenset[str]:
        """Where objects of a kind may be kept of: the namespaces, or none where it has none."""
        return _NOWHERE if RESOURCES[kind].cluster_wide else self.namespaces or frozenset()

    def _wanted(self, kind: str) -> frozenset[str]:
        listed = self._listed(kind)
        return listed if kind in ALWAYS else listed & self._demand.get(kind, frozenset())

    def _forget_others(self) -> None:
        for kind, resource in RESOURCES.items():
            store = resource.store(self._stores)
            kept = self._listed(kind) if None in self._places(kind) else self._wanted(kind)
            for namespace in store.namespaces() - kept:
                for entry in list(store.within(namespace)):
                    store.drop(namespace, entry.uid)

    def _started(
        self,
        group: asyncio.TaskGroup,
        kind: str,
        namespace: str | None,
        former: Mapping[Place, _Scope],
    ) -> _Scope:
        resource = RESOURCES[kind]
        watch = Watch(
            self._client,
            resource,
            resource.store(self._stores),
            namespace=namespace,
            wanted=lambda: self._listed(kind),
            callbacks=WatchCallbacks(
                self._callbacks.changed(kind),
                lambda: self._callbacks.settled(kind, namespace),
                lambda: self._make_narrow(kind),
                lambda: self._callbacks.set_back(kind),
            ),
            clock=self._clock,
            at_once=self._at_once,
        )
        check = ConsistencyCheck(
            watch,
            interval=self._interval,
            pace=lambda: self._pace(kind),
            least=lambda each: self._least.get(each, 0.0),
            counts=self._counts,
            settled=lambda proven: self._callbacks.settled(kind, namespace or proven),
        )
        heirs = frozenset({namespace}) if namespace else self._listed(kind)
        _inherit(check, kind, heirs, former)
        tasks = (group.create_task(watch.run()), group.create_task(check.run()))
        return _Scope(check, tasks)

    def _make_narrow(self, kind: str) -> None:
        self._narrow.add(kind)
        self._rearrange.set()

    async def _widen(self) -> None:
        """Try, now and then, whether what was forbidden is permitted now. For ever."""
        while True:
            await asyncio.sleep(WIDEN * _CHANCE.uniform(0.8, 1.0))
            for kind in sorted(each for each in self._narrow if self._wanted(each)):
                path = RESOURCES[kind].path(None)
                try:
                    await self._client.get(path, query={"limit": "1"})
                except StagingMirrorError:
                    continue
                self._narrow.discard(kind)
                self._rearrange.set()


def _least_intervals(specs: Iterable[MirrorEnvironmentSpec]) -> dict[str, float]:
    """The shortest ``minCheckInterval`` (s) of the environments that list each namespace."""
    found: dict[str, float] = {}
    for spec in specs:
        for namespace in spec.namespaces:
            least = seconds(spec.min_check_interval)
            found[namespace] = min(least, found.get(namespace, least))
    return found


def _inherit(
    check: ConsistencyCheck[Any],
    kind: str,
    namespaces: frozenset[str],
    former: Mapping[Place, _Scope],
) -> None:
    """What is known stays known while it is watched in another way: it only ages."""
    sources = {
        namespace: scope.check
        for namespace in namespaces
        for place in (None, namespace)
        if (scope := former.get((kind, place))) is not None and scope.check.covers(namespace)
    }
    began = {namespace: source.began(namespace) for namespace, source in sources.items()}
    newest = max((source.watch.newest for source in sources.values()), default=0)
    check.inherit(began, newest)
