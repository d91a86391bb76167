"""Which registry each environment leads to, and the poller of each."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from stagingmirror.drift.facts import Why
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.content.files import WritableFiles
from stagingmirror.sources.mlflow.client.address import RegistryAddress, ServerKey, server_key
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.poll.identity import Compared, RegistryIdentity, evidence
from stagingmirror.sources.mlflow.poll.server_poller import ServerPoller
from stagingmirror.sources.mlflow.subjects import RegistrySubject

# Called for metrics with server, operation, result and seconds of each call. ``server`` is the name
# of the environment, of several with the same server the first.
OnServerCall = Callable[[str, str, str, float], None]
# The files at a URI of an object store of an environment, by the environment's name; see
# ``OpenFolder``.
OpenIn = Callable[[str, str], WritableFiles | Why | None]

# Names that are requested of a registry at most because another one has them.
_WITNESSES = 3
# Rounds that may come early so that two registries are distinguished.
_EARLY_ROUNDS = 4

_UNKNOWN_ENVIRONMENT = Why(Reason.NO_ENVIRONMENT, "the environment is not known")


class Registries:
    """One poller per distinct server (address and credentials), however many environments lead to
    it. What is wanted of an environment goes with it to another server.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        on_change: Callable[[RegistrySubject], None],
        settings: Settings,
        on_call: OnServerCall,
        open_in: OpenIn,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._settings = settings
        self._on_call = on_call
        self._open_in = open_in
        self._environments: dict[str, ServerKey | Why] = {}
        self._pollers: dict[ServerKey, ServerPoller] = {}
        self._wanted: dict[str, dict[RegistrySubject, float]] = defaultdict(dict)
        self._closing: list[ServerPoller] = []
        self._compared = Compared()
        self._changed = asyncio.Event()

    def set(self, environment: str, address: RegistryAddress | Why | None) -> None:
        """Where an environment's registry is; a Why where that cannot be known; None: it has none,
        or is gone. Idempotent.
        """
        before, after = self._environments.get(environment), self._opened(address)
        if after is None:
            self._environments.pop(environment, None)
            self._compared.forget(environment)
        else:
            self._environments[environment] = after
        if after != before:
            self._move(environment, before, after)
        if isinstance(address, RegistryAddress) and isinstance(after, ServerKey):
            self._pollers[after].serve(environment, address)
        self._changed.set()

    def environments(self) -> frozenset[str]:
        return frozenset(self._environments)

    def want(self, subject: RegistrySubject, period: float) -> None:
        self._wanted[subject.environment][subject] = period
        if isinstance(poller := self.poller(subject.environment), ServerPoller):
            poller.want(subject, period)

    def unwant(self, subject: RegistrySubject) -> None:
        if self._wanted[subject.environment].pop(subject, None) is None:
            return
        if isinstance(poller := self.poller(subject.environment), ServerPoller):
            poller.unwant(subject)

    def wanted(self) -> Iterator[RegistrySubject]:
        for subjects in self._wanted.values():
            yield from subjects

    def poller(self, environment: str) -> ServerPoller | Why:
        """Why: the environment leads to no registry."""
        where = self._environments.get(environment, _UNKNOWN_ENVIRONMENT)
        return self._pollers[where] if isinstance(where, ServerKey) else where

    def are_one(self, one: str, other: str) -> bool | None:
        """Whether two environments lead to one registry, by what it holds; None: not known."""
        found = (self._environments.get(each) for each in (one, other))
        keys = [where for where in found if isinstance(where, ServerKey)]
        if len(keys) < 2:
            return None
        if (keys[0].url, keys[0].workspace) == (keys[1].url, keys[1].workspace):
            return True
        first, second = (self._pollers[key].poll.identity() for key in keys)
        if first is None or second is None:
            return None
        pollers = [self._pollers[key] for key in keys]
        doubt = partial(_look_for_evidence, pollers, [first, second])
        return self._compared.same((one, other), first, second, doubt)

    async def run(self) -> None:
        """Poll until cancelled; closes every connection then. Ends with the error of a poller that
        ended with one.
        """
        try:
            while True:
                self._changed.clear()
                await self._tend()
                waiting = asyncio.ensure_future(self._changed.wait())
                tasks = [poller.task for poller in self._pollers.values() if poller.task]
                try:
                    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    waiting.cancel()
                for task in tasks:
                    if task.done():
                        task.result()
        finally:
            for poller in [*self._pollers.values(), *self._closing]:
                await poller.close()

    async def _tend(self) -> None:
        """Start the pollers that are new, end those that no environment leads to."""
        while self._closing:
            await self._closing.pop().close()
        for poller in self._pollers.values():
            if poller.task is None:
                poller.task = asyncio.create_task(poller.run())

    def _opened(self, address: RegistryAddress | Why | None) -> ServerKey | Why | None:
        """The server at an address, with a poller."""
        if not isinstance(address, RegistryAddress):
            return address
        try:
            key = server_key(address)
            if key not in self._pollers:
                self._pollers[key] = self._new_poller(key)
        except NeedsHuman as error:
            return Why(error.reason, error.message)
        return key

    def _new_poller(self, key: ServerKey) -> ServerPoller:
        server = MlflowServer(
            key.url,
            credentials=key.credentials,
            ca_bundle=key.ca_bundle,
            proxy=key.proxy,
            workspace=key.workspace,
            settings=self._settings,
            clock=self._clock,
            on_call=partial(self._called, key),
            direct=partial(self._open, key),
        )
        return ServerPoller(
            server, clock=self._clock, on_change=self._on_change, settings=self._settings
        )

    def _open(self, key: ServerKey, uri: str) -> WritableFiles | Why | None:
        return None if key.stores is None else self._open_in(key.stores.environment, uri)

    def _called(self, key: ServerKey, operation: str, result: str, seconds: float) -> None:
        named = (name for name, where in self._environments.items() if where == key)
        self._on_call(min(named, default="none"), operation, result, seconds)

    def _move(
        self, environment: str, before: ServerKey | Why | None, after: ServerKey | Why | None
    ) -> None:
        """All that is wanted of the environment has another answer now."""
        wanted = self._wanted[environment]
        if isinstance(before, ServerKey):
            former = self._pollers[before]
            former.leave(environment, wanted)
            if former.is_unused:
                self._closing.append(self._pollers.pop(before))
        for subject, period in wanted.items():
            if isinstance(after, ServerKey):
                self._pollers[after].want(subject, period)
            self._on_change(subject)


def _look_for_evidence(
    pollers: list[ServerPoller], identities: list[RegistryIdentity], doubts: int
) -> None:
    """Request in each what the other has: the answers show whether they are two."""
    for poller, ours, theirs in zip(pollers, identities, reversed(identities), strict=True):
        poller.witness(islice(evidence(theirs, ours), _WITNESSES), early=doubts < _EARLY_ROUNDS)
