"""Configures the sources with the environments, and reports in the status of each whether what it
names can be reached.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

import structlog

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.parse import parse_environment
from stagingmirror.api.status.conditions import condition, stamped
from stagingmirror.api.status.model import Condition, EnvironmentStatus
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.engine.environments.former_stores import with_former_stores
from stagingmirror.engine.environments.permissions import Permissions
from stagingmirror.engine.environments.resolve import read_environments
from stagingmirror.engine.resources.cache import Body, Plural, ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.workqueue.loop import Loop
from stagingmirror.errors import Conflicted, NeedsHuman, NotAnswered, NotThere, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime
from stagingmirror.sources.source import Access, SecretsUse, SecretUse, Source
from stagingmirror.view import Observed

log = structlog.get_logger(__name__)

PLURAL: Plural = "mirrorenvironments"
# Seconds between two checks of an environment that is not ready; Secrets are not watched. Unknown:
# a server has not answered yet.
PAUSES = {"Unknown": 0.5, "False": 5.0}
# Seconds after a change of credentials in which a source still tries them: what it finds is shown
# soon.
TRIED_FOR = 5.0


# An environment, and what its Secrets hold, by source.
Connection = tuple[MirrorEnvironmentSpec, Mapping[str, Access | Why]]


# What the Secret that an environment uses holds for it. Raises what ``read_credentials`` raises.
ReadSecret = Callable[[str, SecretUse | SecretsUse], Awaitable[Access | Why]]
# The specs of environments that are needed though they may be deleted, as JSON, by name.
Remembered = Callable[[], Awaitable[Mapping[str, Mapping[str, Any]]]]


class EnvironmentReconciler:
    """``changed`` is called with an environment whose spec or credentials are others now. Raises
    what ``remembered`` raises.
    """

    def __init__(
        self,
        rights: Permissions,
        *,
        cache: ResourceCache,
        resources: ResourceClient,
        sources: Iterable[Source[Any]],
        credentials: ReadSecret,
        runtime: Runtime,
        changed: Callable[[str], None],
        interval: float,
        remembered: Remembered,
    ) -> None:
        self._rights = rights
        self._cache = cache
        self._resources = resources
        self._sources = tuple(sources)
        self._read_secret = credentials
        self._runtime = runtime
        self._changed = changed
        self._interval = interval
        self._remembered = remembered
        self._known: dict[str, Connection] = {}
        # When a spec or credentials were others (POSIX s).
        self._connected_at = float("-inf")
        self.loop = Loop(self.tend)

    def wake(self) -> None:
        """An environment has changed."""
        self._watch_namespaces()
        self.loop.wake()

    async def connect(self) -> None:
        """Configure all sources, before anything is wanted of those that are polled.

        Errors: those of the client.
        """
        found = await self._connect(read_environments(self._cache), self._sources)
        for error in found.values():
            raise error

    async def tend(self) -> float:
        """Check every environment once; returns the seconds until the next time."""
        self._watch_namespaces()
        # Of one moment: what changes while Secrets are read is checked the next time.
        bodies, environments = self._cache.all(PLURAL), read_environments(self._cache)
        errors = await self._connect(environments, self._used())
        self._rights.keep(environments)
        here, elsewhere = list[Body](), list[Body]()
        for body in bodies:
            spec = environments.get(body["metadata"]["name"])
            (here if spec is None or spec.cluster is None else elsewhere).append(body)
        # Another cluster that does not answer holds no other environment up.
        pauses = await asyncio.gather(
            self._check_all(here, environments, errors),
            *(self._check_all([body], environments, errors) for body in elsewhere),
        )
        is_new = self._runtime.clock() - self._connected_at < TRIED_FOR
        return min(*pauses, PAUSES["Unknown"]) if is_new else min(pauses)

    async def _check_all(
        self,
        bodies: Iterable[Body],
        environments: Mapping[str, MirrorEnvironmentSpec],
        errors: Mapping[str, StagingMirrorError],
    ) -> float:
        """Check these environments, one after the other; the seconds until the next time."""
        pause = self._interval
        for body in bodies:
            name = body["metadata"]["name"]
            try:
                if name in errors:
                    raise errors[name]
                ready = await self._check(name, body, environments.get(name))
                pause = min(pause, PAUSES.get(ready, pause))
            except (NotAnswered, Conflicted, NotThere) as error:
                log.info("environment checked again", environment=name, why=str(error))
                pause = min(pause, PAUSES["Unknown"])
            except StagingMirrorError as error:
                log.warning("environment status not written", environment=name, why=str(error))
            except Exception:  # a defect met with one environment is not another one's
                log.exception("environment not checked", environment=name)
        return pause

    def _used(self) -> tuple[Source[Any], ...]:
        """Two operators would poll each system twice: a standby has only what is watched."""
        leads = self._runtime.leading()
        return tuple(source for source in self._sources if leads or not source.polled)

    def _watch_namespaces(self) -> None:
        for source in self._sources:
            if not source.polled:
                source.configure(read_environments(self._cache), {})

    async def _connect(
        self, environments: Mapping[str, MirrorEnvironmentSpec], sources: Iterable[Source[Any]]
    ) -> dict[str, StagingMirrorError]:
        """Configure these sources, with what Secrets hold. Returns the errors of environments whose
        Secrets could not be read: they stay connected as they were.
        """
        sources = tuple(sources)
        is_polled = any(source.polled for source in sources)
        needed = await self._needed() if is_polled else {}
        specs = with_former_stores(environments, needed)
        read, errors = dict[str, Connection](), dict[str, StagingMirrorError]()
        for name, spec in specs.items():
            try:
                read[name] = spec, await self._credentials(name, spec, sources)
            except StagingMirrorError as error:
                errors[name] = error
        before, self._known = self._known, _joined(specs, read, self._known)
        self._configure(sources)
        for name in before.keys() | self._known.keys():
            if before.get(name) != self._known.get(name):
                self._connected_at = self._runtime.clock()
                self._changed(name)
        return errors

    def _configure(self, sources: Iterable[Source[Any]]) -> None:
        """What is watched is of the environments that are there now. What was read for another spec
        than theirs is not theirs.
        """
        now = read_environments(self._cache)
        for source in sources:
            specs = {name: s for name, (s, _) in self._known.items()} if source.polled else now
            access = {
                name: by[source.name]
                for name, (spec, by) in self._known.items()
                if source.name in by and spec == specs.get(name)
            }
            source.configure(specs, access)

    async def _needed(self) -> dict[str, MirrorEnvironmentSpec]:
        """Environments of open refreshes, which may be deleted by now, or have lost a store. What
        cannot be read any more is left out.
        """
        found = {}
        for name, spec in (await self._remembered()).items():
            with suppress(NeedsHuman):
                found[name] = parse_environment({"metadata": {"name": name}, "spec": spec})
        return found

    async def _credentials(
        self, name: str, spec: MirrorEnvironmentSpec, sources: Iterable[Source[Any]]
    ) -> dict[str, Access | Why]:
        return {
            source.name: await self._read_secret(name, secret)
            for source in sources
            if (secret := source.secret(spec)) is not None
        }

    async def _check(self, name: str, body: Body, spec: MirrorEnvironmentSpec | None) -> str:
        """The status of the condition Ready."""
        if spec is None:
            await self._write(body, [_unreadable(body)])
            return ""
        if not self._runtime.leading() or name not in self._known:
            return ""
        credentials = self._known[name][1].values()
        answers = [found for source in self._sources if (found := source.answers(name)) is not None]
        if not answers and not spec.namespaces:
            conditions = [_NOTHING]
        else:
            forbidden = await self._rights.unreadable(name, spec)
            conditions = [_ready(forbidden, credentials, answers)]
        if spec.role == "Production":
            conditions.append(await self._rights.read_only(name, spec))
            conditions += self._rights.upstreams(name)
        conditions += self._rights.expiring(name, spec)
        await self._write(body, conditions)
        return conditions[0].status

    async def _write(self, body: Body, conditions: list[Condition]) -> None:
        """Only what changed, and only by the leader."""
        if not self._runtime.leading():
            return
        former = EnvironmentStatus.read(body.get("status") or {})
        generation = int(body["metadata"].get("generation") or 0)
        status = EnvironmentStatus(
            observed_generation=generation,
            conditions=stamped(
                conditions,
                generation=generation,
                now=self._runtime.clock(),
                previous=former.conditions,
            ),
        )
        if status != former:
            await self._resources.put_status(PLURAL, body, status.dump())


def _joined(
    names: Iterable[str], read: Mapping[str, Connection], former: Mapping[str, Connection]
) -> dict[str, Connection]:
    """What was read now, beside what was read for other sources and the same spec meanwhile: a
    standby becomes the leader while it reads. What could not be read is as it was.
    """
    found = {name: former[name] for name in names if name in former}
    for name, (spec, by) in read.items():
        others = found[name][1] if name in found and found[name][0] == spec else {}
        found[name] = spec, {**others, **by}
    return found


_NOTHING = condition(
    "Ready",
    "False",
    Reason.NOTHING_LISTED,
    "the spec has neither namespaces nor a server, so nothing is observed; list what may be read",
)


def _unreadable(body: Body) -> Condition:
    try:
        parse_environment(body)
    except NeedsHuman as error:
        return condition("Ready", "False", error.reason, error.message)
    return condition("Ready", "False", Reason.DELETING, "the environment is being deleted")


def _ready(
    forbidden: Why | None,
    credentials: Collection[Access | Why],
    answers: Collection[Observed[Any] | Unseen],
) -> Condition:
    """Reachable, and the credentials work."""
    unusable = (each for each in credentials if isinstance(each, Why))
    troubles = (each.why if isinstance(each, Unseen) else each.trouble for each in answers)
    why = next((each for each in (*unusable, forbidden, *troubles) if each is not None), None)
    if why is None and not answers:
        return condition("Ready", "True", Reason.READABLE, "its namespaces can be read")
    if why is None:
        known = any(
            isinstance(each, Access) and (each.server or each.document or each.variables)
            for each in credentials
        )
        how = "and the credentials work" if known else "without credentials"
        return condition("Ready", "True", Reason.REACHABLE, f"reachable, {how}")
    if why.reason in (Reason.NOT_POLLED_YET, Reason.NOT_SEEN_YET):
        return condition("Ready", "Unknown", why.reason, why.message)
    return condition("Ready", "False", why.reason, why.message)
