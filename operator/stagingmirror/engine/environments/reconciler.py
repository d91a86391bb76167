"""Keeps what environments stand for: which namespaces are watched, where registries are and how to
be let in, and what the status of each environment says of that.
"""

from collections.abc import Callable
from typing import Protocol

import structlog

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.parse import parse_environment
from stagingmirror.api.status.conditions import condition, stamped
from stagingmirror.api.status.model import Condition, EnvironmentStatus
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.engine.environments.credentials import address_of
from stagingmirror.engine.environments.permissions import Permissions
from stagingmirror.engine.environments.resolve import read_environments
from stagingmirror.engine.resources.cache import Body, Plural, ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.workqueue.loop import Loop
from stagingmirror.errors import Conflicted, NeedsHuman, NotAnswered, NotThere, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.poll.identity import RegistryIdentity
from stagingmirror.view import Observed

log = structlog.get_logger(__name__)

PLURAL: Plural = "mirrorenvironments"
PAUSES = {"Unknown": 0.5, "False": 5.0}
"""Seconds between two looks at an environment that is not ready; Secrets are not watched. Unknown:
its registry has not answered yet.
"""


class Registries(Protocol):
    """What is needed of the registries' source."""

    def configure(self, environment: str, address: RegistryAddress | Why) -> None: ...

    def remove(self, environment: str) -> None: ...

    def answers(self, environment: str) -> Observed[RegistryIdentity] | Unseen: ...


class EnvironmentReconciler:
    """``changed`` is called with an environment whose registry or credentials are others now."""

    def __init__(
        self,
        client: KubernetesClient,
        *,
        cache: ResourceCache,
        resources: ResourceClient,
        registries: Registries,
        want_namespaces: Callable[[frozenset[str]], None],
        namespace: str,
        runtime: Runtime,
        changed: Callable[[str], None],
        interval: float,
    ) -> None:
        self._client = client
        self._rights = Permissions(client, runtime=runtime)
        self._cache = cache
        self._resources = resources
        self._registries = registries
        self._want_namespaces = want_namespaces
        self._namespace = namespace
        self._runtime = runtime
        self._changed = changed
        self._interval = interval
        self._known: dict[str, RegistryAddress | Why | None] = {}
        self.loop = Loop(self.tend)

    def wake(self) -> None:
        """An environment has changed."""
        self._watch_namespaces()
        self.loop.wake()

    async def open_registries(self) -> None:
        """Before anybody may want something of them: say where each environment's registry is.

        Errors: those of the client.
        """
        for name, spec in read_environments(self._cache).items():
            self._configure(name, await address_of(self._client, self._namespace, name, spec))

    async def tend(self) -> float:
        """Look at every environment once; returns the seconds until the next look."""
        self._watch_namespaces()
        environments = read_environments(self._cache)
        for name in self._known.keys() - environments.keys():
            del self._known[name]
            self._registries.remove(name)
            self._changed(name)
        pause = self._interval
        for body in self._cache.all(PLURAL):
            name = body["metadata"]["name"]
            try:
                ready = await self._look(name, body, environments.get(name))
                pause = min(pause, PAUSES.get(ready, pause))
            except (NotAnswered, Conflicted, NotThere) as error:
                log.info("environment looked at again", environment=name, why=str(error))
                pause = min(pause, PAUSES["Unknown"])
            except StagingMirrorError as error:
                log.warning("environment not told", environment=name, why=str(error))
        return pause

    def _watch_namespaces(self) -> None:
        specs = read_environments(self._cache).values()
        self._want_namespaces(frozenset(each for spec in specs for each in spec.namespaces))

    async def _look(self, name: str, body: Body, spec: MirrorEnvironmentSpec | None) -> str:
        """What the condition Ready is."""
        if spec is None:
            await self._write(body, [_unreadable(body)])
            return ""
        if not self._runtime.leading():
            return ""  # two operators would ask each registry twice
        address = await address_of(self._client, self._namespace, name, spec)
        self._configure(name, address)
        answer = None if address is None else self._registries.answers(name)
        if address is None and not spec.namespaces:
            conditions = [_NOTHING]
        else:
            conditions = [_ready(await self._rights.unreadable(spec.namespaces), address, answer)]
        if spec.role == "Production":
            conditions.append(await self._rights.read_only(spec.namespaces))
        await self._write(body, conditions)
        return conditions[0].status

    def _configure(self, name: str, address: RegistryAddress | Why | None) -> None:
        if address is None:
            self._registries.remove(name)
        else:
            self._registries.configure(name, address)
        if name not in self._known or self._known[name] != address:
            self._known[name] = address
            self._changed(name)

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


_NOTHING = condition(
    "Ready",
    "False",
    Reason.NOTHING_LISTED,
    "spec.namespaces and spec.mlflow are empty: there is nothing to look at; list what may be read",
)


def _unreadable(body: Body) -> Condition:
    try:
        parse_environment(body)
    except NeedsHuman as error:
        return condition("Ready", "False", error.reason, error.message)
    return condition("Ready", "False", Reason.DELETING, "the environment is being deleted")


def _ready(
    forbidden: Why | None,
    address: RegistryAddress | Why | None,
    answer: Observed[RegistryIdentity] | Unseen | None,
) -> Condition:
    """Reachable, and the credentials work."""
    why = address if isinstance(address, Why) else forbidden
    if why is None and isinstance(answer, Unseen):
        why = answer.why
    elif why is None and isinstance(answer, Observed):
        why = answer.trouble
    if why is None and address is None:
        return condition("Ready", "True", Reason.READABLE, "its namespaces can be read")
    if why is None:
        is_asked = isinstance(address, RegistryAddress) and address.credentials is not None
        said = "and the credentials work" if is_asked else "without credentials"
        return condition("Ready", "True", Reason.REACHABLE, f"reachable, {said}")
    if why.reason == Reason.NOT_POLLED_YET:
        return condition("Ready", "Unknown", why.reason, why.message)
    return condition("Ready", "False", why.reason, why.message)
