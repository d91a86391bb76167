"""What is watched is proven anew where it gets too old for a mirror, and for no other reason."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from stagingmirror.engine.observe import freshness
from stagingmirror.engine.observe.freshness import Freshness
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.errors import NotAnswered
from stagingmirror.sources.index.subjects import IndexSubject
from stagingmirror.sources.kubernetes.subjects import OWN, WorkloadSubject
from stagingmirror.sources.source import Source
from stagingmirror.view import Observed, Subject
from support.clock import Clock

KEY = MirrorKey("ml-staging", "fraud")
ALIAS = IndexSubject("production", "vectors", "served")
SERVER = WorkloadSubject(OWN, "Deployment", "ml-prod", "server")
FEATURES = WorkloadSubject("far", "Deployment", "ml-prod", "features")
MOST = 30.0


class Upstream:
    """A system whose answers began then; ``silent`` ones cannot be proven."""

    places: frozenset[type] = frozenset()

    def __init__(self, name: str, subject: type, clock: Clock, *, polled: bool) -> None:
        self.name, self.subjects, self.polled = name, frozenset({subject}), polled
        self._clock = clock
        self.began: dict[Subject[Any], float] = {}
        self.silent: set[Subject[Any]] = set()
        self.fails = False
        self.asked: list[tuple[frozenset[Subject[Any]], float]] = []
        self.asked_often = asyncio.Event()

    def get(self, subject: Subject[Any]) -> Observed[str]:
        return Observed("same", self.began[subject])

    def want(self, subject: Subject[Any], period: float) -> None: ...

    def unwant(self, subject: Subject[Any]) -> None: ...

    async def prove(
        self, subjects: frozenset[Subject[Any]], *, since: float, read_bytes: bool
    ) -> None:
        assert not read_bytes
        self.asked.append((subjects, since))
        if len(self.asked) >= 5:
            self.asked_often.set()
        if self.fails:
            raise NotAnswered("TimedOut", "no answer")
        self.began |= dict.fromkeys(subjects - self.silent, self._clock())


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.cluster = Upstream("cluster", WorkloadSubject, self.clock, polled=False)
        self.store = Upstream("store", IndexSubject, self.clock, polled=True)
        sources = Sources(*(cast("Source[Any]", each) for each in (self.cluster, self.store)))
        self.subscriptions = Subscriptions(sources, leading=lambda: True)
        self.younger: list[MirrorKey] = []
        self.freshness = Freshness(sources, self.subscriptions, self.younger.append, self.clock)

    def read(self, **ages: float) -> None:
        """The mirror reads these, whose answers are so old (s)."""
        subjects: dict[str, Subject[Any]] = {"alias": ALIAS, "server": SERVER, "features": FEATURES}
        found = {subjects[name]: self.clock() - age for name, age in ages.items()}
        for subject, began in found.items():
            upstream = self.store if subject is ALIAS else self.cluster
            upstream.began[subject] = began
        self.subscriptions.put(KEY, dict.fromkeys(found, 30.0))
        self.oldest = min(found.values())

    def keep(self) -> None:
        self.freshness.keep(KEY, self.oldest, most=MOST, now=self.clock())

    async def over(self) -> None:
        """Every proof has ended by itself."""
        await asyncio.wait_for(asyncio.gather(*self.freshness._tasks.values()), 5)


@asynccontextmanager
async def a_world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.freshness.close()
    assert not world.freshness._tasks
    assert not world.freshness._most


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "PAUSE", 0.0)


async def test_a_store_that_does_not_answer_proves_nothing_and_brings_no_mirror_back() -> None:
    """Each of a thousand mirrors of it would come back again and again, before all others."""
    async with a_world() as world:
        world.read(alias=10 * MOST, server=1.0)

        world.keep()

        assert not world.freshness._tasks
        assert (world.cluster.asked, world.store.asked, world.younger) == ([], [], [])


async def test_what_is_young_enough_is_not_proven() -> None:
    async with a_world() as world:
        world.read(server=MOST)

        world.keep()

        assert not world.freshness._tasks


async def test_what_is_watched_and_late_is_proven_alone_and_the_mirror_comes_back_once() -> None:
    async with a_world() as world:
        world.read(alias=10 * MOST, server=MOST + 1, features=1.0)

        world.keep()
        world.keep()
        await world.over()

        assert world.cluster.asked == [(frozenset({SERVER}), world.clock() - MOST / 2)]
        assert world.store.asked == []
        assert world.younger == [KEY]


@pytest.mark.parametrize("fails", [False, True], ids=["keeps its age", "raises"])
async def test_what_cannot_be_proven_is_tried_again_and_brings_no_mirror_back(
    *, fails: bool, impatient: None
) -> None:
    async with a_world() as world:
        world.read(server=MOST + 1)
        world.cluster.silent, world.cluster.fails = {SERVER}, fails

        world.keep()
        await asyncio.wait_for(world.cluster.asked_often.wait(), 5)
        assert world.younger == []

        world.cluster.silent, world.cluster.fails = set(), False
        await world.over()
        assert world.younger == [KEY]


async def test_one_cluster_that_is_gone_keeps_no_other_from_being_proven(impatient: None) -> None:
    async with a_world() as world:
        world.read(server=MOST + 1, features=MOST + 1)
        world.cluster.silent = {FEATURES}

        world.keep()
        await asyncio.wait_for(world.cluster.asked_often.wait(), 5)

        assert world.younger == [KEY], "the server, once"
        assert {subjects for subjects, _ in world.cluster.asked[1:]} == {frozenset({FEATURES})}


async def test_for_a_mirror_that_is_gone_nothing_is_proven(impatient: None) -> None:
    async with a_world() as world:
        world.read(server=MOST + 1)
        world.cluster.silent = {SERVER}
        world.keep()
        await asyncio.wait_for(world.cluster.asked_often.wait(), 5)

        world.subscriptions.drop(KEY)

        await world.over()


async def test_an_age_that_changes_meanwhile_counts(impatient: None) -> None:
    async with a_world() as world:
        world.read(server=MOST + 1)
        world.cluster.silent = {SERVER}
        world.keep()
        await asyncio.wait_for(world.cluster.asked_often.wait(), 5)

        world.freshness.keep(KEY, world.oldest, most=MOST + 1, now=world.clock())

        await world.over()
        assert world.younger == [], "nothing of it is late any more"
