"""Polls one distinct server for all that is wanted of it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from math import inf
from typing import Any

from stagingmirror.drift.facts import Unseen
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.poll.poll_round import PollRound, Wanted
from stagingmirror.sources.mlflow.poll.published import SubjectType
from stagingmirror.sources.mlflow.poll.version_cache import Key
from stagingmirror.sources.mlflow.subjects import AliasSubject, RegistrySubject, VersionSubject
from stagingmirror.sources.pace import BURST, Extra, Pace
from stagingmirror.sources.pause import Pause
from stagingmirror.view import Observed

# Seconds between rounds where nothing is wanted: whether the server answers is wanted always.
_IDLE = 60.0
# Seconds between the ends and beginnings of rounds: what is wanted together is requested together.
_APART = 0.2
# Rounds for what is new that may come at once.
_NEW_AT_ONCE = 100
# Rounds after which two registries are distinguished by models that stay as they are.
_WITNESSED = 2

# The part of the time between two rounds after which aliases are searched once more.
GLANCE_AT = 0.5
# Distinct keys from which that one call is cheap: a round sends far less than one request per key
# then.
_GLANCE_FROM = 20


class ServerPoller:
    def __init__(
        self,
        server: MlflowServer,
        *,
        clock: Callable[[], float],
        on_change: Callable[[RegistrySubject], None],
        settings: Settings,
    ) -> None:
        self.poll = PollRound(
            server, clock=clock, store_interval=settings.store_interval, announce=self._announce
        )
        self.task: asyncio.Task[None] | None = None
        self._clock = clock
        self._on_change = on_change
        self._addresses: dict[str, RegistryAddress] = {}
        self._pace = Pace[RegistrySubject]()
        self._subjects: dict[tuple[SubjectType, Key], set[RegistrySubject]] = defaultdict(set)
        self._probes: list[Wanted] = []
        self._since: dict[Key, float] = {}
        # Numbers of the newest round that began, and of the newest that ended.
        self._begun = self._done = 0
        # Whether a round is wanted now, whatever is due.
        self._now = False
        # Whether a probe waits for a round, and how often that may bring one forward; how often
        # something new may.
        self._is_probed = False
        self._extra = Extra(BURST)
        self._extra_new = Extra(_NEW_AT_ONCE)
        self._least_interval = 0.0
        # Rounds that come at once.
        self._early = 0
        self._pause = Pause()
        self._ended = asyncio.Condition()

    def serve(self, environment: str, address: RegistryAddress) -> None:
        self._addresses[environment] = address
        self._bound()
        self._hurry()

    def leave(self, environment: str, wanted: Iterable[RegistrySubject]) -> None:
        """The environment leads elsewhere now, and what is wanted of it is not wanted here."""
        del self._addresses[environment]
        self._bound()
        for subject in wanted:
            self.unwant(subject)

    def get(self, subject: RegistrySubject) -> Observed[Any] | Unseen:
        return self._known(subject).get(subject.key) or self.poll.unanswered()

    @property
    def is_unused(self) -> bool:
        return not self._addresses

    def want(self, subject: RegistrySubject, interval: float) -> None:
        """Something new is requested at once, within a floor."""
        self._pace.want(subject, interval)
        self._subjects[type(subject), subject.key].add(subject)
        self._pause.end()
        if isinstance(subject, AliasSubject):
            self.poll.recall(subject.key)

    def unwant(self, subject: RegistrySubject) -> None:
        self._pace.unwant(subject)
        readers = self._subjects[type(subject), subject.key]
        readers.discard(subject)
        if not readers:
            del self._subjects[type(subject), subject.key]

    def witness(self, names: Iterable[str], *, early: bool) -> None:
        """Request these registered models too; ``early``: at once, and once more."""
        self.poll.models.witness(names)
        if early:
            self._early = _WITNESSED
            self._hurry()

    async def run(self) -> None:
        while True:
            due = await self._until_due()
            self._now = False
            self._pause.forget()
            if self._is_probed:
                self._is_probed = False
                self._extra.spent(self._clock(), self._least_interval)
            if self._pace.has_new(due):
                self._extra_new.spent(self._clock(), self._least_interval)
            self._begun += 1
            await self.poll.round(
                self._with_probes(due), wanted=self._with_probes(self._pace), since=self._since
            )
            self._done = self._begun
            if self.poll.again:
                self._hurry()
            else:
                self._pace.polled(due, self.poll.tried)
            if self._early:
                self._early -= 1
                self._hurry()
            async with self._ended:
                self._ended.notify_all()
            await asyncio.sleep(_APART)

    async def prove(
        self, subjects: Collection[RegistrySubject], *, since: float, read_bytes: bool
    ) -> None:
        """Everything of these subjects was requested after ``since`` (POSIX s), or could not be."""
        wanted = _wanted(subjects)
        self._probes.append(wanted)
        keys: set[Key] = set()
        try:
            keys = wanted.versions | self.poll.observations.named(wanted.aliases)
            self._since |= dict.fromkeys(keys, since)
            if not self._is_known(wanted, since):
                await self._round()
            keys |= self.poll.observations.named(wanted.aliases)
            await self.poll.reading.prove(self.poll.roots(keys), since=since, bytes_too=read_bytes)
        finally:
            self._probes.remove(wanted)
            for key in keys:
                if self._since.get(key) == since:
                    del self._since[key]

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
        await self.poll.close()

    def _known(self, subject: RegistrySubject) -> Mapping[Key, Observed[Any] | Unseen]:
        observations = self.poll.observations
        return observations.aliases if isinstance(subject, AliasSubject) else observations.versions

    async def _round(self) -> None:
        """One whole round from now on: one that has begun does not know what is wanted since."""
        number = self._begun + 1
        async with self._ended:
            while self._done < number:
                self._is_probed = True
                self._pause.end()
                await self._ended.wait()

    def _is_known(self, wanted: Wanted, since: float) -> bool:
        """Whether everything was requested after ``since`` already."""
        observations = self.poll.observations
        known = (
            *(observations.aliases.get(key) for key in wanted.aliases),
            *(
                observations.versions.get(key)
                for key in wanted.versions | observations.named(wanted.aliases)
            ),
        )
        return all(isinstance(each, Observed) and each.began >= since for each in known)

    async def _until_due(self) -> Collection[RegistrySubject]:
        """What the next round polls: what is due, or what a glance shows to have moved before."""
        glanced = False
        while not self._now and (now := self._clock()) < (due_at := self._due_at()):
            soon = self._pace.due(due_at)
            glance_at = self.poll.tried + (due_at - self.poll.tried) * GLANCE_AT
            glances = not glanced and len(soon) >= _GLANCE_FROM and now < glance_at
            ended = await self._pause.sleep((glance_at if glances else due_at) - now)
            if glances and not ended:
                glanced = True
                if await self.poll.has_moved(_wanted(soon).aliases):
                    return soon
        return self._pace.due(self._clock())

    def _due_at(self) -> float:
        least = self._least_interval
        due_at = self._pace.due_at(default=self.poll.tried + _IDLE)
        new_at = max(self._pace.new_at(), self._extra_new.at(least))
        probed_at = self._extra.at(least) if self._is_probed else inf
        return min(due_at, new_at, probed_at)

    def _hurry(self) -> None:
        """A round now."""
        self._now = True
        self._pause.end()

    def _with_probes(self, subjects: Iterable[RegistrySubject]) -> Wanted:
        wanted = _wanted(subjects)
        for more in self._probes:
            wanted.aliases |= more.aliases
            wanted.versions |= more.versions
        return wanted

    def _bound(self) -> None:
        """Environments that share a server share what is read: the widest bound counts."""
        addresses = self._addresses.values()
        if addresses:
            self._least_interval = min(address.least_interval for address in addresses)
            self._pace.least = self._least_interval
            self.poll.reading.bound(
                content_interval=min(address.content_interval for address in addresses),
                max_bytes=max(address.max_bytes for address in addresses),
                least_interval=self._least_interval,
            )

    def _announce(self, kind: SubjectType, key: Key) -> None:
        for subject in list(self._subjects.get((kind, key), ())):
            self._on_change(subject)


def _wanted(subjects: Iterable[RegistrySubject]) -> Wanted:
    return Wanted(
        aliases={subject.key for subject in subjects if isinstance(subject, AliasSubject)},
        versions={subject.key for subject in subjects if isinstance(subject, VersionSubject)},
    )
