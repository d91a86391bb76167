"""Bytes are read again for a refresh: asked once, counted only where looks were taken after it."""

import asyncio
from collections import defaultdict
from typing import Any, cast

import pytest

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.engine.observe.check_requests import CHECK_AT, CheckRequest
from stagingmirror.engine.observe.probes import AT_ONCE, Probes
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.state import ObserveState
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.errors import NotAnswered, NotRead
from stagingmirror.sources.endpoint.subjects import ParitySubject
from stagingmirror.sources.mlflow.subjects import VersionSubject
from stagingmirror.sources.source import Source
from stagingmirror.view import Subject
from support.clock import Clock
from support.parity.answers import SUBJECT

KEY = MirrorKey("ml-staging", "fraud")
VERSION = VersionSubject("staging", "fraud-detector", "12")
BROUGHT = frozenset({VERSION})


class Upstream:
    """A registry; what was requested of it, and whether it answers."""

    subjects: frozenset[type] = frozenset({VersionSubject, ParitySubject})
    places: frozenset[type] = frozenset()
    polled = True

    def __init__(self) -> None:
        self.asked: list[tuple[frozenset[Subject[Any]], float, bool]] = []
        self.fails: NotAnswered | None = None
        self.reading: asyncio.Event | None = None

    def want(self, subject: Subject[Any], interval: float) -> None: ...

    def unwant(self, subject: Subject[Any]) -> None: ...

    async def prove(
        self, subjects: frozenset[Subject[Any]], *, since: float, read_bytes: bool
    ) -> None:
        self.asked.append((subjects, since, read_bytes))
        if read_bytes and self.reading is not None:
            await self.reading.wait()
        if self.fails is not None:
            raise self.fails


def sources_of(upstream: Upstream) -> Sources:
    return Sources(cast("Source[Any]", upstream))


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def probes(upstream: Upstream, clock: Clock) -> Probes:
    sources = sources_of(upstream)
    subscriptions = Subscriptions(sources, leading=lambda: True)
    states: defaultdict[MirrorKey, ObserveState] = defaultdict(ObserveState)
    return Probes(
        sources,
        subscriptions=subscriptions,
        state_of=states.__getitem__,
        again=lambda key: None,
        clock=clock,
    )


async def settled() -> None:
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        await task


async def test_bytes_count_for_looks_that_were_taken_after_they_were_read(
    probes: Probes, upstream: Upstream, clock: Clock
) -> None:
    assert not probes.deep_read("bytes", KEY, BROUGHT, 900.0, clock.now)
    clock.now += 60
    await settled()

    assert not probes.deep_read("bytes", KEY, BROUGHT, 900.0, clock.now - 1)
    assert probes.deep_read("bytes", KEY, BROUGHT, 900.0, clock.now)
    assert upstream.asked == [(BROUGHT, 900.0, True)]


async def test_bytes_of_one_refresh_or_version_prove_nothing_for_another(
    probes: Probes, clock: Clock
) -> None:
    probes.deep_read("bytes", KEY, BROUGHT, 900.0, clock.now)
    await settled()

    assert not probes.deep_read("bytes", KEY, BROUGHT, 901.0, clock.now)
    await settled()
    assert not probes.deep_read(
        "bytes", KEY, frozenset({VERSION._replace(version="13")}), 901.0, clock.now
    )
    await probes.close()


async def test_bytes_that_could_not_be_read_are_asked_for_again(
    probes: Probes, upstream: Upstream, clock: Clock
) -> None:
    upstream.fails = NotAnswered("TimedOut", "too slow")
    probes.deep_read("bytes", KEY, BROUGHT, 900.0, clock.now)
    await settled()
    upstream.fails = None

    assert not probes.deep_read("bytes", KEY, BROUGHT, 900.0, clock.now)
    await settled()

    assert probes.deep_read("bytes", KEY, BROUGHT, 900.0, clock.now)
    assert len(upstream.asked) == 2


async def test_a_token_for_bytes_counts_as_asked_though_they_could_not_be_read(
    upstream: Upstream, clock: Clock
) -> None:
    sources, state = sources_of(upstream), ObserveState()
    subscriptions = Subscriptions(sources, leading=lambda: True)
    probes = Probes(
        sources,
        subscriptions=subscriptions,
        state_of=lambda key: state,
        again=lambda key: None,
        clock=clock,
    )
    subscriptions.put(KEY, dict.fromkeys(BROUGHT, 30.0))
    annotations = {CHECK_AT: "bytes:1"}
    status = MirrorStatus.read({"conditions": [{"type": "Ready"}]})
    asked = state.check.request(annotations, status, clock.now)
    assert asked is not None

    upstream.fails = NotAnswered("TimedOut", "it is still being read")
    probes.start(KEY, asked)
    await settled()
    unanswered = state.check.request(annotations, status, clock.now)
    upstream.fails = NotRead("HalfRead", "files changed while they were read")
    probes.start(KEY, asked)
    await settled()
    tried = state.check.request(annotations, status, clock.now)

    assert unanswered is not None
    assert unanswered.proven > clock.now
    assert tried is not None
    assert tried.proven == clock.now


async def test_tokens_for_bytes_keep_no_other_token_waiting(
    upstream: Upstream, clock: Clock
) -> None:
    sources = sources_of(upstream)
    subscriptions = Subscriptions(sources, leading=lambda: True)
    states: defaultdict[MirrorKey, ObserveState] = defaultdict(ObserveState)
    probes = Probes(
        sources,
        subscriptions=subscriptions,
        state_of=states.__getitem__,
        again=lambda key: None,
        clock=clock,
    )
    upstream.reading = asyncio.Event()
    tokens = [f"bytes:{number}" for number in range(AT_ONCE)] + ["now"]
    for since, token in enumerate(tokens):
        key = MirrorKey("ml-staging", token)
        subscriptions.put(key, dict.fromkeys(BROUGHT, 30.0))
        probes.start(key, CheckRequest(token, float(since)))

    for _ in range(20):
        await asyncio.sleep(0)

    assert (BROUGHT, float(AT_ONCE), False) in upstream.asked
    await probes.close()


async def test_bytes_that_could_not_be_read_are_never_read_for_a_refresh(
    probes: Probes, upstream: Upstream, clock: Clock
) -> None:
    upstream.fails = NotRead("HalfRead", "files changed while they were read")
    probes.deep_read("bytes", KEY, BROUGHT, 900.0, clock.now)
    await settled()

    assert not probes.deep_read("bytes", KEY, BROUGHT, 900.0, clock.now)
    await probes.close()


async def test_samples_of_a_former_refresh_that_wait_for_their_turn_keep_no_later_one_waiting(
    probes: Probes, upstream: Upstream, clock: Clock
) -> None:
    samples = frozenset({SUBJECT})
    upstream.reading = asyncio.Event()
    assert not probes.deep_read("probe", KEY, samples, 900.0, clock.now)
    await asyncio.sleep(0.01)

    assert not probes.deep_read("probe", KEY, samples, 950.0, clock.now)
    assert not probes.deep_read("probe", KEY, samples, 950.0, clock.now)
    await asyncio.sleep(0.01)
    assert upstream.asked == [(samples, 900.0, True), (samples, 950.0, True)]
    upstream.reading.set()
    await settled()

    assert probes.deep_read("probe", KEY, samples, 950.0, clock.now)
