"""The last known answers of the index stores of all environments."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar, TypeVar

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.index_store import IndexStore, may_be_copied
from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.places import Place
from stagingmirror.errors import CannotRefresh
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.comparing import PairReadings
from stagingmirror.sources.index.poller import NOT_POLLED, StorePoller, served
from stagingmirror.sources.index.store import IndexReader, IndexWriter
from stagingmirror.sources.index.stores import Stores, credentials_of, may_be_productions, no_store
from stagingmirror.sources.index.subjects import IndexAlias, IndexPair, IndexSubject
from stagingmirror.sources.pause import Pause
from stagingmirror.sources.proofs import all_proven
from stagingmirror.sources.source import Access, Credentials, SecretsUse
from stagingmirror.view import Observed, Subject

T = TypeVar("T")

# Seconds between two looks at what is due.
_TICK = 1.0
# An environment and the name of a store in it.
Key = tuple[str, str]
Wanted = IndexSubject | IndexPair


class IndexSource:
    """``on_change`` is called with each wanted subject whose answer changed (value or trouble, not
    its mere age). ``stores`` makes readers and writers.
    """

    name: ClassVar[str] = "index"
    subjects: ClassVar[frozenset[type]] = frozenset({IndexSubject, IndexPair})
    places: ClassVar[frozenset[type]] = frozenset({IndexAlias})
    polled: ClassVar[bool] = True

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        on_change: Callable[[Wanted], None],
        stores: Stores,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._stores = stores
        self._specs: dict[str, MirrorEnvironmentSpec] = {}
        self._pollers: dict[Key, StorePoller | Why] = {}
        # What each was made of.
        self._made_of: dict[
            Key, tuple[IndexStore, ObjectStore | None, Credentials | Why | None]
        ] = {}
        self._wanted: dict[Wanted, float] = {}
        self._pairs = PairReadings(clock=clock, changed=on_change, poller=self._poller_of)
        # Of staging's stores, made when the first refresh wants one.
        self._writers: dict[Key, IndexWriter] = {}
        self._closing: list[StorePoller | IndexWriter] = []
        self._pause = Pause()

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretsUse | None:
        references = (each.credentials_secret_ref for each in spec.index_stores)
        names = {each.name for each in references if each is not None}
        return SecretsUse(tuple(sorted(names))) if names else None

    def configure(
        self,
        specs: Mapping[str, MirrorEnvironmentSpec],
        access: Mapping[str, Access | Why],
    ) -> None:
        self._specs = {name: spec for name, spec in specs.items() if spec.index_stores}
        meant = {
            (name, store.name): store
            for name, spec in self._specs.items()
            for store in spec.index_stores
        }
        for key in self._pollers.keys() - meant.keys():
            self._leave(key)
        for key, store in meant.items():
            known = access.get(key[0])
            if known is not None or self.secret(self._specs[key[0]]) is None:
                self._configure(key, store, credentials_of(store, known))
        self._pause.end()

    def _configure(self, key: Key, store: IndexStore, login: Credentials | Why | None) -> None:
        spec = self._specs[key[0]]
        folder = next((o for o in spec.object_stores if o.name == store.object_store), None)
        way = store.connection, folder, login
        if self._made_of.get(key) != way:
            self._leave(key)
            self._pollers[key] = self._poller(key, store, login)
            self._made_of[key] = way
            self._announce(key)
        if isinstance(poller := self._pollers[key], StorePoller):
            poller.bound(
                content_interval=seconds(store.content.interval),
                least_interval=seconds(spec.min_check_interval),
            )

    def _poller(
        self, key: Key, store: IndexStore, login: Credentials | Why | None
    ) -> StorePoller | Why:
        if isinstance(login, Why):
            return login
        reader = self._stores.reader(key[0], store, login)
        if isinstance(reader, Why):
            return reader
        return StorePoller(
            reader,
            clock=self._clock,
            changed=partial(self._announce, key),
            follows_writes=self._specs[key[0]].role == "Staging",
        )

    def answers(self, environment: str) -> Observed[str] | Unseen | None:
        """Of all its stores the worst answer."""
        found = [
            Unseen(poller, self._clock())
            if isinstance(poller, Why)
            else poller.answer or Unseen(NOT_POLLED, self._clock())
            for (name, _), poller in self._pollers.items()
            if name == environment
        ]
        bad = [each for each in found if isinstance(each, Unseen) or each.trouble is not None]
        return min(bad or found, key=lambda each: each.began, default=None)

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        if not isinstance(subject, IndexSubject | IndexPair):
            raise LookupError(f"{subject} is of another source")
        found: Observed[Any] | Unseen = self._answer(subject)
        return found

    def _answer(self, subject: Wanted) -> Observed[Any] | Unseen:
        if isinstance(subject, IndexPair):
            return self._pairs.get(subject)
        return served(self._poller_of(subject), subject.alias, self._clock)

    def _poller_of(self, alias: IndexAlias | IndexSubject) -> StorePoller | Why:
        known = self._pollers.get((alias.environment, alias.store))
        return no_store(alias.environment, alias.store) if known is None else known

    def want(self, subject: Wanted, period: float) -> None:
        self._wanted[subject] = period
        self._pause.end()

    def unwant(self, subject: Wanted) -> None:
        self._wanted.pop(subject, None)

    def same_place(self, one: Place, other: Place) -> bool | None:
        assert isinstance(one, IndexAlias)
        assert isinstance(other, IndexAlias)
        same = self.same_store((one.environment, one.store), (other.environment, other.store))
        return one.alias == other.alias if same else same

    def same_store(self, one: Key, other: Key) -> bool | None:
        """Whether two names lead to one system, by what it answers; None: not known."""
        identities = [self._identity(each) for each in (one, other)]
        if None in identities:
            return None
        return identities[0] == identities[1]

    def _identity(self, key: Key) -> str | None:
        poller = self._pollers.get(key)
        return poller.identity if isinstance(poller, StorePoller) else None

    def reader(self, environment: str, store: str) -> IndexReader:
        """Raises CannotRefresh where the environment has no such store, or it cannot be used."""
        poller = self._pollers.get((environment, store))
        if not isinstance(poller, StorePoller):
            why = poller or no_store(environment, store)
            raise CannotRefresh(why.reason, why.message)
        return poller.reader

    def writer(self, environment: str, store: str, *, proven: bool) -> IndexWriter:
        """Staging's only. Raises CannotRefresh as ``reader`` does, and where the environment is
        production's, the store is only compared, or it is production's; with ``proven`` also where
        it is not proven to be another. What was written is rolled back without: somebody else's
        store that does not answer then keeps nobody.
        """
        self.reader(environment, store)
        spec, _, login = self._made_of[environment, store]
        if self._specs[environment].role != "Staging":
            raise CannotRefresh(
                Reason.PRODUCTION_IS_READ_ONLY, f'environment "{environment}" is production\'s'
            )
        self._refuse_productions(environment, store, proven=proven)
        assert not isinstance(login, Why), "then there is no reader"
        if (known := self._writers.get((environment, store))) is not None:
            return known
        made = self._stores.writer(environment, spec, login)
        if isinstance(made, Why):
            raise CannotRefresh(made.reason, made.message)
        self._writers[environment, store] = made
        return made

    def _refuse_productions(self, environment: str, store: str, *, proven: bool) -> None:
        mine, theirs = self._made_of[environment, store][0], self._specs.items()
        for name, each in (
            (n, e) for n, s in theirs if s.role != "Staging" for e in s.index_stores
        ):
            same = self.same_store((environment, store), (name, each.name))
            if same or (proven and same is None and each.type == mine.type):
                raise may_be_productions((environment, store), (name, each.name), proven=bool(same))

    def offers(self, environment: str, store: str, alias: str) -> bool:
        """Whether the environment lists the alias, as last seen."""
        spec = self._specs.get(environment)
        return spec is not None and spec.offers("index_aliases", f"{store}/{alias}")

    def copies(self, environment: str, store: str, *, masked: bool) -> bool:
        """Whether the environment lets the indexes of a store be copied, as last seen."""
        spec = self._specs.get(environment)
        return spec is not None and may_be_copied(store, spec.index_stores, masked=masked)

    def may_write(self, environment: str) -> bool | None:
        """Whether our accounts may change one of its stores; None: not known of any."""
        known = [
            poller.may_write
            for (name, _), poller in self._pollers.items()
            if name == environment and isinstance(poller, StorePoller)
        ]
        return True if True in known else None if None in known or not known else False

    async def prove(
        self,
        subjects: Iterable[Wanted],
        *,
        since: float,
        read_bytes: bool,
        within: float = 300.0,
    ) -> None:
        self._tend()
        wanted, by_poller = set(subjects), dict[StorePoller, set[str]]()
        for part in {part for each in wanted for part in each.parts}:
            if isinstance(poller := self._poller_of(part), StorePoller):
                by_poller.setdefault(poller, set()).add(part.alias)
        probes = [
            poller.prove(aliases, since=since, read_bytes=read_bytes)
            for poller, aliases in by_poller.items()
        ]
        await all_proven(probes, within=within, what="index stores")
        if read_bytes:
            pairs = [each for each in wanted if isinstance(each, IndexPair)]
            readings = [self._pairs.prove(each, since=since) for each in pairs]
            await all_proven(readings, within=within, what="documents of index stores")

    def export(self) -> Mapping[str, Mapping[str, Any] | None]:
        """Nothing: what is read of an index is read anew in seconds."""
        return {}

    def adopt(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """See ``export``."""

    async def run(self) -> None:
        try:
            while True:
                self._tend()
                while self._closing:
                    await self._closing.pop().close()
                await self._pause.sleep(_TICK)
        finally:
            await self._pairs.close()
            for each in (*self._pollers.values(), *self._writers.values(), *self._closing):
                if not isinstance(each, Why):
                    await each.close()

    def _tend(self) -> None:
        """Start what is due. Does not wait."""
        wanted: dict[Key, dict[str, tuple[float, bool]]] = {key: {} for key in self._pollers}
        for part, period in ((p, period) for s, period in self._wanted.items() for p in s.parts):
            if (aliases := wanted.get((part.environment, part.store))) is not None:
                least, reads = aliases.get(part.alias, (period, False))
                aliases[part.alias] = min(least, period), reads or part.reads
        for key, aliases in wanted.items():
            if isinstance(poller := self._pollers[key], StorePoller):
                poller.tend(aliases)
        self._pairs.tend([each for each in self._wanted if isinstance(each, IndexPair)])

    def _leave(self, key: Key) -> None:
        former = self._pollers.pop(key, None)
        self._made_of.pop(key, None)
        left = former, self._writers.pop(key, None)
        self._closing += [each for each in left if not isinstance(each, Why | None)]
        if former is not None:
            self._announce(key)

    def _announce(self, key: Key, alias: str | None = None) -> None:
        """What is wanted of the store, or of one alias in it, has another answer now."""
        for subject in [*self._wanted]:
            parts = [each for each in subject.parts if each[:2] == key]
            if any(alias in (None, each.alias) for each in parts):
                self._on_change(subject)
                self._pause.end()
