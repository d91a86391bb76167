"""The last known answers of the registries of all environments."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar, TypeVar

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import CannotRefresh, NeedsHuman, NotAnswered, NotRead
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client.address import RegistryAddress, ServerKey, server_key
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.poll.identity import Compared, RegistryIdentity
from stagingmirror.sources.mlflow.poll.server_poller import ServerPoller
from stagingmirror.sources.mlflow.subjects import (
    AliasHistory,
    AliasSubject,
    Content,
    ModelAlias,
    ModelVersion,
    RegistrySubject,
    VersionSubject,
)
from stagingmirror.view import Observed, Subject

T = TypeVar("T")

OnServerCall = Callable[[str, str, str, float], None]
"""Told (server, operation, result, seconds) of each call, for metrics. ``server`` is the name of
the environment, of several with the same server the first.
"""

_UNKNOWN_ENVIRONMENT = Why(Reason.NO_ENVIRONMENT, "the environment is not known")


class MlflowSource:
    """One line per distinct server (address and credentials), however many environments, mirrors
    and aliases use it.

    All methods but ``run`` and ``prove`` are synchronous and cheap; everything happens on one event
    loop. ``on_change`` is called, on that loop, with each wanted subject whose answer changed
    (value or trouble, not its mere age).
    """

    subjects: ClassVar[frozenset[type]] = frozenset({AliasSubject, VersionSubject})
    polled: ClassVar[bool] = True

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        on_change: Callable[[RegistrySubject], None],
        settings: Settings,
        on_call: OnServerCall = lambda server, operation, result, seconds: None,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._settings = settings
        self._on_call = on_call
        self._environments: dict[str, ServerKey | Why] = {}
        self._lines: dict[ServerKey, ServerPoller] = {}
        self._waiting: dict[str, dict[RegistrySubject, float]] = defaultdict(dict)
        """Wanted of environments that have no registry now."""
        self._closing: list[ServerPoller] = []
        self._compared = Compared()
        self._changed = asyncio.Event()
        self._answers: Mapping[type, Callable[[Any], Observed[Any] | Unseen]] = {
            AliasSubject: self._alias,
            VersionSubject: self._version,
        }

    def configure(self, environment: str, address: RegistryAddress | Why) -> None:
        """Where an environment's registry is; a Why where that cannot be known. Idempotent."""
        where = self._opened(address)
        before = self._environments.get(environment)
        self._environments[environment] = where
        if where != before:
            self._move(environment, before, where)
        if isinstance(address, RegistryAddress) and isinstance(where, ServerKey):
            self._lines[where].serve(environment, address)
        self._changed.set()

    def remove(self, environment: str) -> None:
        before = self._environments.pop(environment, None)
        self._compared.forget(environment)
        if before is not None:
            self._move(environment, before, None)
        self._changed.set()

    def want(self, subject: RegistrySubject, interval: float) -> None:
        """Keep this subject's answer younger than ``interval`` seconds. Idempotent: the newest
        interval counts.
        """
        line = self._line(subject.environment)
        if line is not None:
            line.want(subject, interval)
        else:
            self._waiting[subject.environment][subject] = interval

    def unwant(self, subject: RegistrySubject) -> None:
        line = self._line(subject.environment)
        if line is not None:
            line.unwant(subject)
        else:
            self._waiting[subject.environment].pop(subject, None)

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        return self._answers[type(subject)](subject)

    def _alias(self, subject: AliasSubject) -> Observed[ModelAlias] | Unseen:
        line = self._line(subject.environment)
        if line is None:
            return self._unasked(subject.environment)
        return line.poll.observations.aliases.get(subject.key) or line.poll.unanswered()

    def _version(self, subject: VersionSubject) -> Observed[ModelVersion] | Unseen:
        line = self._line(subject.environment)
        if line is None:
            return self._unasked(subject.environment)
        return line.poll.observations.versions.get(subject.key) or line.poll.unanswered()

    async def run(self) -> None:
        """Poll until cancelled; closes every connection then. Ends with the error of a line that
        ended with one.
        """
        try:
            while True:
                self._changed.clear()
                await self._tend()
                waiting = asyncio.ensure_future(self._changed.wait())
                tasks = [line.task for line in self._lines.values() if line.task is not None]
                try:
                    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    waiting.cancel()
                for task in tasks:
                    if task.done():
                        task.result()
        finally:
            for line in [*self._lines.values(), *self._closing]:
                await line.close()

    async def prove(
        self,
        subjects: Iterable[RegistrySubject],
        *,
        since: float,
        read_bytes: bool,
        within: float = 300.0,
    ) -> None:
        """Ask anew for everything whose look began before ``since`` (POSIX s); with ``read_bytes``
        also read all bytes that were last read before it.

        Returns when asked; what the answer was, the looks tell (``began``). Raises NotAnswered
        where that took longer than ``within`` seconds (reading goes on; ask again with the same
        ``since``), NotRead where bytes that were to be read could not be.
        """
        asked: dict[ServerKey, list[RegistrySubject]] = defaultdict(list)
        for subject in subjects:
            where = self._environments.get(subject.environment)
            if isinstance(where, ServerKey):
                asked[where].append(subject)
        proofs = [
            self._lines[key].prove(some, since=since, read_bytes=read_bytes)
            for key, some in asked.items()
        ]
        try:
            async with asyncio.timeout(within):
                ends = await asyncio.gather(*proofs, return_exceptions=True)
        except TimeoutError:
            raise NotAnswered(
                Reason.TIMED_OUT, f"asking the registries anew took longer than {within:.0f} s"
            ) from None
        # One that could not be read says nothing of whether the others were asked.
        failed = [end for end in ends if isinstance(end, BaseException)]
        for error in sorted(failed, key=lambda end: isinstance(end, NotRead)):
            raise error

    def adopt(self, environment: str, model: str, version: str, content: Content) -> None:
        """A hash known from before a restart. See ``content_poller`` for what it is good for."""
        line = self._line(environment)
        if line is not None:
            line.poll.adopt((model, version), content)

    def adopt_alias(self, environment: str, model: str, alias: str, former: AliasHistory) -> None:
        """What was seen of an alias before a restart."""
        line = self._line(environment)
        if line is not None:
            line.poll.observations.adopt((model, alias), former)

    def doubt(self, environment: str, model: str, version: str) -> None:
        """Somebody read other bytes than are known of it: they are read anew, and not shown until
        then.
        """
        line = self._line(environment)
        if line is not None:
            line.poll.doubt((model, version))

    def identity(self, environment: str) -> RegistryIdentity | None:
        """What proves which registry answers there; None: it has not answered yet."""
        line = self._line(environment)
        return line.poll.identity() if line is not None else None

    def same_registry(self, one: str, other: str) -> bool | None:
        """Whether two environments lead to one registry, by what it holds; None: not known."""
        keys = self._environments.get(one), self._environments.get(other)
        if isinstance(keys[0], ServerKey) and isinstance(keys[1], ServerKey):
            if keys[0].url == keys[1].url:
                return True
            identities = self.identity(one), self.identity(other)
            if identities[0] is not None and identities[1] is not None:
                return self._compared.same((one, other), identities[0], identities[1])
        return None

    def answers(self, environment: str) -> Observed[RegistryIdentity] | Unseen:
        """Whether the registry lets us in and answers, for the environment's own status."""
        line = self._line(environment)
        if line is None:
            return self._unasked(environment)
        poll = line.poll
        if poll.searched is None:
            return poll.unanswered()
        return Observed(poll.identity(), poll.searched, poll.trouble)

    def server(self, environment: str) -> MlflowServer:
        """For ``copy`` and ``aliases``. Raises CannotRefresh where the environment has no
        registry.
        """
        line = self._line(environment)
        if line is None:
            why = self._unasked(environment).why
            raise CannotRefresh(why.reason, why.message)
        return line.poll.server

    def _line(self, environment: str) -> ServerPoller | None:
        where = self._environments.get(environment)
        return self._lines[where] if isinstance(where, ServerKey) else None

    def _unasked(self, environment: str) -> Unseen:
        where = self._environments.get(environment)
        return Unseen(where if isinstance(where, Why) else _UNKNOWN_ENVIRONMENT, self._clock())

    def _opened(self, address: RegistryAddress | Why) -> ServerKey | Why:
        """The line to an address, made if it is new."""
        if isinstance(address, Why):
            return address
        try:
            key = server_key(address)
            if key not in self._lines:
                self._lines[key] = self._new_line(key)
        except NeedsHuman as error:
            return Why(error.reason, error.message)
        return key

    def _new_line(self, key: ServerKey) -> ServerPoller:
        server = MlflowServer(
            key.url,
            credentials=key.credentials,
            ca_bundle=key.ca_bundle,
            settings=self._settings,
            on_call=partial(self._told, key),
        )
        return ServerPoller(
            server, clock=self._clock, on_change=self._on_change, settings=self._settings
        )

    def _told(self, key: ServerKey, operation: str, result: str, seconds: float) -> None:
        named = (name for name, where in self._environments.items() if where == key)
        self._on_call(min(named, default="none"), operation, result, seconds)

    def _move(
        self, environment: str, before: ServerKey | Why | None, after: ServerKey | Why | None
    ) -> None:
        """Take what is wanted of the environment along, and tell that every answer is another."""
        wanted = self._waiting.pop(environment, {})
        if isinstance(before, ServerKey):
            line = self._lines[before]
            wanted |= dict(line.leave(environment))
            if line.is_unused and before != after:
                self._closing.append(self._lines.pop(before))
        for subject, interval in wanted.items():
            if isinstance(after, ServerKey):
                self._lines[after].want(subject, interval)
            else:
                self._waiting[environment][subject] = interval
            self._on_change(subject)

    async def _tend(self) -> None:
        """Start the lines that are new, end those that nobody uses."""
        while self._closing:
            await self._closing.pop().close()
        for line in self._lines.values():
            if line.task is None:
                line.task = asyncio.create_task(line.run())
