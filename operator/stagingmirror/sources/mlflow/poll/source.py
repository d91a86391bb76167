"""The last known answers of the registries of all environments."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.types.times import AHEAD
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.places import Place
from stagingmirror.errors import CannotRefresh
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client.address import address_of
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.content.input_example import read_input_example
from stagingmirror.sources.mlflow.poll.exports import Exports
from stagingmirror.sources.mlflow.poll.identity import RegistryIdentity
from stagingmirror.sources.mlflow.poll.registries import OnServerCall, OpenIn, Registries
from stagingmirror.sources.mlflow.poll.server_poller import ServerPoller
from stagingmirror.sources.mlflow.subjects import (
    AliasSubject,
    Content,
    RegistryAlias,
    RegistrySubject,
    VersionSubject,
)
from stagingmirror.sources.proofs import all_proven
from stagingmirror.sources.source import Access, SecretUse
from stagingmirror.view import Observed, Subject

T = TypeVar("T")


class MlflowSource:
    """``on_change`` is called with each wanted subject whose answer changed (value or trouble, not
    its mere age). ``open_in`` opens what a registry names in an object store.
    """

    name: ClassVar[str] = "mlflow"
    subjects: ClassVar[frozenset[type]] = frozenset({AliasSubject, VersionSubject})
    places: ClassVar[frozenset[type]] = frozenset({RegistryAlias})
    polled: ClassVar[bool] = True

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        on_change: Callable[[RegistrySubject], None],
        settings: Settings,
        on_call: OnServerCall = lambda server, operation, result, seconds: None,
        open_in: OpenIn = lambda environment, uri: None,
    ) -> None:
        self.registries = Registries(
            clock=clock,
            on_change=on_change,
            settings=settings,
            on_call=on_call,
            open_in=open_in,
        )
        self.want = self.registries.want
        self.unwant = self.registries.unwant
        self.run = self.registries.run
        self._clock = clock
        self._exports = Exports()

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretUse | None:
        if spec.mlflow is None or spec.mlflow.credentials_secret_ref is None:
            return None
        return SecretUse(spec.mlflow.credentials_secret_ref.name, None)

    def configure(
        self,
        specs: Mapping[str, MirrorEnvironmentSpec],
        access: Mapping[str, Access | Why],
    ) -> None:
        for name in self.registries.environments() - specs.keys():
            self.registries.set(name, None)
        for name, spec in specs.items():
            known = access.get(name)
            if isinstance(known, Why):
                self.registries.set(name, known)
            elif known is not None or self.secret(spec) is None:
                self.registries.set(name, address_of(name, spec, known))

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        if not isinstance(subject, AliasSubject | VersionSubject):
            raise LookupError(f"{subject} is of another source")
        found: Observed[Any] | Unseen = self._answer(subject)
        return found

    def _answer(self, subject: RegistrySubject) -> Observed[Any] | Unseen:
        poller = self.registries.poller(subject.environment)
        return Unseen(poller, self._clock()) if isinstance(poller, Why) else poller.get(subject)

    async def prove(
        self,
        subjects: Iterable[RegistrySubject],
        *,
        since: float,
        read_bytes: bool,
        within: float = 300.0,
    ) -> None:
        """Reading goes on where it takes longer than ``within`` seconds: prove again with the same
        ``since``.
        """
        by_poller: dict[ServerPoller, list[RegistrySubject]] = defaultdict(list)
        for subject in subjects:
            poller = self.registries.poller(subject.environment)
            if isinstance(poller, ServerPoller):
                by_poller[poller].append(subject)
        probes = [
            poller.prove(some, since=since, read_bytes=read_bytes)
            for poller, some in by_poller.items()
        ]
        await all_proven(probes, within=within, what="registries")

    def export(self) -> Mapping[str, Mapping[str, Any] | None]:
        return self._exports.export(
            (subject, self._answer(subject)) for subject in self.registries.wanted()
        )

    def adopt(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """See ``content_poller`` for when a hash of an earlier process counts."""
        latest = self._clock() + AHEAD
        for subject, kept in self._exports.adopt(entries):
            # A clock that was ahead says nothing of when.
            if (kept.read if isinstance(kept, Content) else kept.seen) > latest:
                continue
            poller = self.registries.poller(subject.environment)
            if isinstance(poller, Why):
                continue
            if isinstance(kept, Content):
                poller.poll.adopt(subject.key, kept)
            else:
                poller.poll.observations.adopt(subject.key, kept)

    def same_place(self, one: Place, other: Place) -> bool | None:
        assert isinstance(one, RegistryAlias)
        assert isinstance(other, RegistryAlias)
        return self.same_registry(one.environment, other.environment)

    def same_registry(self, one: str, other: str) -> bool | None:
        """Whether two environments lead to one registry, by what it holds; None: not known."""
        return self.registries.are_one(one, other)

    def doubt(self, environment: str, model: str, version: str) -> None:
        """Other bytes were read than are known of this version: they are read anew, and not shown
        until then.
        """
        poller = self.registries.poller(environment)
        if isinstance(poller, ServerPoller):
            poller.poll.doubt((model, version))

    def answers(self, environment: str) -> Observed[RegistryIdentity] | Unseen | None:
        if environment not in self.registries.environments():
            return None
        poller = self.registries.poller(environment)
        if isinstance(poller, Why):
            return Unseen(poller, self._clock())
        poll = poller.poll
        if poll.searched is None:
            return poll.unanswered()
        return Observed(poll.identity(), poll.searched, poll.trouble)

    async def input_example(self, environment: str, name: str, version: str) -> bytes:
        """What was logged with a version as an example of its input. Raises CannotRefresh as
        ``server`` does, and as ``read_input_example``.
        """
        server, now = self.server(environment), self._clock()
        return await read_input_example(server, name, version, began=now)

    def server(self, environment: str) -> MlflowServer:
        """What copies versions and moves aliases. Raises CannotRefresh where the environment has no
        registry.
        """
        poller = self.registries.poller(environment)
        if isinstance(poller, Why):
            raise CannotRefresh(poller.reason, poller.message)
        return poller.poll.server
