"""The last known answers of the object stores of all environments."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import TypeAdapter

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.location import Location
from stagingmirror.api.spec.environment.object_store import offering, place_of
from stagingmirror.api.types.times import AHEAD
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.places import Place
from stagingmirror.errors import CannotRefresh
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.content.subjects import Content
from stagingmirror.sources.objectstore.environment import EnvironmentStores
from stagingmirror.sources.objectstore.files import ObjectFiles
from stagingmirror.sources.objectstore.subjects import FolderSubject, TableSubject
from stagingmirror.sources.objectstore.tables.poller import Tables
from stagingmirror.sources.pause import Pause
from stagingmirror.sources.proofs import all_proven
from stagingmirror.sources.source import Access, SecretsUse
from stagingmirror.view import Observed, Subject

T = TypeVar("T")
Wanted = FolderSubject | TableSubject

# Server (an environment), operation, result, seconds.
OnServerCall = Callable[[str, str, str, float], None]

# Seconds between two looks at what is due.
_TICK = 1.0
_UNKNOWN_ENVIRONMENT = Why(Reason.NO_ENVIRONMENT, "the environment is not known")
_CONTENT: TypeAdapter[Content] = TypeAdapter(Content)


class ObjectStoreSource:
    """``on_change`` is called with each wanted subject whose answer changed (value or trouble, not
    its mere age). ``productions``: the places that Production environments list.
    """

    name: ClassVar[str] = "objectstore"
    subjects: ClassVar[frozenset[type]] = frozenset({FolderSubject, TableSubject})
    places: ClassVar[frozenset[type]] = frozenset()
    polled: ClassVar[bool] = True

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        on_change: Callable[[Wanted], None],
        settings: Settings,
        on_call: OnServerCall = lambda server, operation, result, seconds: None,
        productions: Callable[[], Iterable[Location]],
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._settings = settings
        self._on_call = on_call
        self._productions = productions
        self._environments: dict[str, EnvironmentStores] = {}
        self._wanted: dict[FolderSubject, float] = {}
        # What an earlier process knew of what is not wanted yet.
        self._kept: dict[FolderSubject, Content] = {}
        self._exported: dict[FolderSubject, tuple[Content, Mapping[str, Any]]] = {}
        self._tables = Tables(clock=clock, opened=self.opened, changed=self._table_changed)
        self._wanted_tables: dict[TableSubject, float] = {}
        self._pause = Pause()

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretsUse | None:
        names = {
            each.credentials_secret_ref.name
            for each in spec.object_stores
            if each.credentials_secret_ref is not None
        }
        return SecretsUse(tuple(sorted(names))) if names else None

    def configure(
        self,
        specs: Mapping[str, MirrorEnvironmentSpec],
        access: Mapping[str, Access | Why],
    ) -> None:
        for name in self._environments.keys() - {n for n, s in specs.items() if s.object_stores}:
            self._environments.pop(name).close()
            self._announce(name)
        for name, spec in specs.items():
            known = access.get(name)
            if spec.object_stores and (known is not None or self.secret(spec) is None):
                self._configure(name, spec, known)
        self._pause.end()

    def _configure(
        self, name: str, spec: MirrorEnvironmentSpec, known: Access | Why | None
    ) -> None:
        before = self._environments.get(name)
        if before is not None and before.stores != spec.object_stores:
            self._keep(name, before)
            before.close()
            before = None
        if before is None:
            before = self._environments[name] = EnvironmentStores(
                name,
                spec.object_stores,
                clock=self._clock,
                settings=self._settings,
                changed=self._changed,
                on_call=self._on_call,
                productions=self._productions,
            )
            self._announce(name)
        before.configure(spec, known)

    def _keep(self, name: str, former: EnvironmentStores) -> None:
        """What is known of its folders counts again where the listing is the same."""
        for subject in self._wanted:
            if subject.environment == name and (content := former.content(subject.uri)) is not None:
                self._kept[subject] = content

    def files(self, environment: str, uri: str) -> ObjectFiles | Why | None:
        """The files at a URI; a Why where its store cannot be used; None: the environment has no
        store for it.
        """
        known = self._environments.get(environment)
        return None if known is None else known.files(uri)

    @property
    def clock_margin(self) -> float:
        """Seconds by which times of two clocks must differ to prove an order."""
        return self._settings.clock_margin

    def offers(self, environment: str, uri: str) -> bool:
        """Whether the environment has a store that lists the folder as readable, as last seen."""
        known = self._environments.get(environment)
        return known is not None and offering(uri, known.stores) is not None

    def opened(self, environment: str, uri: str) -> ObjectFiles:
        """The files at a URI. Raises CannotRefresh where no store of the environment has it."""
        found = self.files(environment, uri)
        if not isinstance(found, ObjectFiles):
            why = found or Why(Reason.ARTIFACTS_NOT_READABLE, f"no object store has {uri} any more")
            raise CannotRefresh(why.reason, why.message)
        return found

    def opened_in(self, environment: str, store: str, path: str) -> ObjectFiles:
        """The files at a path below the place of an entry of ``objectStores``. Raises CannotRefresh
        where the environment has no such entry.
        """
        known = self._environments.get(environment)
        named = () if known is None else known.stores
        uri = next((f"{place_of(each).uri}/{path}" for each in named if each.name == store), "")
        return self.opened(environment, uri)

    def answers(self, environment: str) -> Observed[str] | Unseen | None:
        known = self._environments.get(environment)
        return None if known is None else known.answers()

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        if isinstance(subject, TableSubject):
            return self._table(subject)
        if not isinstance(subject, FolderSubject):
            raise LookupError(f"{subject} is of another source")
        known = self._environments.get(subject.environment)
        found: Observed[Any] | Unseen = (
            Unseen(_UNKNOWN_ENVIRONMENT, self._clock()) if known is None else known.get(subject.uri)
        )
        return found

    def _table(self, subject: TableSubject) -> Observed[Any] | Unseen:
        known = self._environments.get(subject.environment)
        if known is None:
            return Unseen(_UNKNOWN_ENVIRONMENT, self._clock())
        if (why := known.refusal(subject.uri)) is not None:
            return Unseen(why, self._clock())
        return self._tables.get(subject)

    def want(self, subject: Wanted, period: float) -> None:
        if isinstance(subject, TableSubject):
            self._wanted_tables[subject] = period
        else:
            self._wanted[subject] = period
        self._pause.end()

    def unwant(self, subject: Wanted) -> None:
        if isinstance(subject, TableSubject):
            self._wanted_tables.pop(subject, None)
            return
        self._wanted.pop(subject, None)
        self._exported.pop(subject, None)

    def same_place(self, one: Place, other: Place) -> bool | None:
        raise LookupError("nothing is written to object stores")

    async def prove(
        self,
        subjects: Iterable[Wanted],
        *,
        since: float,
        read_bytes: bool,
        within: float = 300.0,
    ) -> None:
        """Reading goes on where it takes longer than ``within`` seconds: prove again with the same
        ``since``.
        """
        self._tend()
        by_environment, tables = dict[str, list[str]](), set[TableSubject]()
        for subject in subjects:
            if subject.environment not in self._environments:
                continue
            if isinstance(subject, TableSubject):
                tables.add(subject)
            else:
                by_environment.setdefault(subject.environment, []).append(subject.uri)
        probes = [
            self._environments[name].prove(uris, since=since, read_bytes=read_bytes)
            for name, uris in by_environment.items()
        ]
        probes.append(self._tables.prove(tables, since=since, least=self._least_interval))
        await all_proven(probes, within=within, what="object stores")

    def export(self) -> Mapping[str, Mapping[str, Any] | None]:
        return {json.dumps(subject): self._entry(subject) for subject in self._wanted}

    def adopt(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        for name, entry in entries.items():
            try:
                environment, uri, _ = map(str, json.loads(name))
                content = _CONTENT.validate_python(entry)
            except (ValueError, TypeError):
                continue
            if content.read <= self._clock() + AHEAD:  # a clock that was ahead says nothing
                self._kept[FolderSubject(environment, uri)] = content

    async def run(self) -> None:
        try:
            while True:
                self._tend()
                await self._pause.sleep(_TICK)
        finally:
            self._tables.forget([*self._wanted_tables])
            for each in self._environments.values():
                each.close()

    def _tend(self) -> None:
        """Start what is due. Does not wait."""
        wanted: dict[str, dict[str, float | None]] = {name: {} for name in self._environments}
        for subject, period in self._wanted.items():
            if subject.environment in wanted:
                wanted[subject.environment][subject.uri] = period
                if (content := self._kept.pop(subject, None)) is not None:
                    self._environments[subject.environment].adopt(subject.uri, content)
        for name, uris in wanted.items():
            self._environments[name].tend(uris)
        self._tables.tend(
            {
                each: max(period, self._least_interval(each.environment))
                for each, period in self._wanted_tables.items()
                if each.environment in self._environments
            }
        )

    def _least_interval(self, environment: str) -> float:
        known = self._environments.get(environment)
        return 0.0 if known is None else known.least_interval

    def _entry(self, subject: FolderSubject) -> Mapping[str, Any] | None:
        """The same object until there is something new."""
        known = self._environments.get(subject.environment)
        content = None if known is None else known.content(subject.uri)
        if content is None:
            return None
        before = self._exported.get(subject)
        if before is None or before[0] != content:
            before = content, _CONTENT.dump_python(content, mode="json")
            self._exported[subject] = before
        return before[1]

    def _changed(self, environment: str, uri: str) -> None:
        subject = FolderSubject(environment, uri)
        if subject in self._wanted:
            self._on_change(subject)

    def _announce(self, environment: str) -> None:
        """All that is wanted of the environment has another answer now."""
        self._tables.forget([each for each in self._wanted_tables if each[0] == environment])
        wanted: list[Wanted] = [*self._wanted, *self._wanted_tables]
        for subject in wanted:
            if subject.environment == environment:
                self._on_change(subject)

    def _table_changed(self, subject: TableSubject) -> None:
        if subject in self._wanted_tables:
            self._on_change(subject)
