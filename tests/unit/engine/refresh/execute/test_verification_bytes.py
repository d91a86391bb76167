"""Bytes are read again for a refresh: asked once, counted only where looks were taken after it."""

import asyncio
from collections.abc import Iterable

import pytest

from stagingmirror.engine.observe.check_requests import CHECK_AT, Tokens
from stagingmirror.engine.observe.probes import Proving
from stagingmirror.engine.observe.subscriptions import Wants
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.errors import NotAnswered, NotRead
from stagingmirror.view import Subject
from support.kinds.hands import Clock

KEY = MirrorKey("ml-staging", "fraud")
VERSION = Subject("staging", "ModelVersion", "fraud-detector", "12")
BROUGHT = frozenset({VERSION})


class Upstream:
    """Both sources, as ports; what was asked of the registry, and whether it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[frozenset[Subject], float, bool]] = []
        self.fails: NotAnswered | None = None

    def want(self, subject: Subject, interval: float) -> None: ...

    def unwant(self, subject: Subject) -> None: ...

    async def prove(
        self, subjects: Iterable[Subject], *, since: float, read_bytes: bool = False
    ) -> None:
        if found := frozenset(subjects):
            self.asked.append((found, since, read_bytes))
        if self.fails is not None and found:
            raise self.fails


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def proving(upstream: Upstream, clock: Clock) -> Proving:
    wants = Wants(cluster=upstream, registry=upstream, leading=lambda: True)
    return Proving(
        upstream, upstream, wants=wants, tokens=Tokens(), again=lambda key: None, clock=clock
    )


async def settled() -> None:
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        await task


async def test_bytes_count_for_looks_that_were_taken_after_they_were_read(
    proving: Proving, upstream: Upstream, clock: Clock
) -> None:
    assert not proving.bytes_read(KEY, BROUGHT, 900.0, clock.now)
    clock.now += 60
    await settled()

    assert not proving.bytes_read(KEY, BROUGHT, 900.0, clock.now - 1)
    assert proving.bytes_read(KEY, BROUGHT, 900.0, clock.now)
    assert upstream.asked == [(BROUGHT, 900.0, True)]


async def test_bytes_of_one_refresh_or_version_prove_nothing_for_another(
    proving: Proving, clock: Clock
) -> None:
    proving.bytes_read(KEY, BROUGHT, 900.0, clock.now)
    await settled()

    assert not proving.bytes_read(KEY, BROUGHT, 901.0, clock.now)
    await settled()
    assert not proving.bytes_read(KEY, frozenset({VERSION._replace(name="13")}), 901.0, clock.now)
    await proving.close()


async def test_bytes_that_could_not_be_read_are_asked_for_again(
    proving: Proving, upstream: Upstream, clock: Clock
) -> None:
    upstream.fails = NotAnswered("TimedOut", "too slow")
    proving.bytes_read(KEY, BROUGHT, 900.0, clock.now)
    await settled()
    upstream.fails = None

    assert not proving.bytes_read(KEY, BROUGHT, 900.0, clock.now)
    await settled()

    assert proving.bytes_read(KEY, BROUGHT, 900.0, clock.now)
    assert len(upstream.asked) == 2


async def test_a_token_for_bytes_counts_as_asked_though_they_could_not_be_read(
    upstream: Upstream, clock: Clock
) -> None:
    tokens, wants = Tokens(), Wants(cluster=upstream, registry=upstream, leading=lambda: True)
    proving = Proving(
        upstream, upstream, wants=wants, tokens=tokens, again=lambda key: None, clock=clock
    )
    wants.put(KEY, BROUGHT, 30.0)
    annotations = {CHECK_AT: "bytes:1"}
    status: dict[str, list[object]] = {"conditions": [{}]}
    asked = tokens.asked(KEY, annotations, status, clock.now)
    assert asked is not None

    upstream.fails = NotAnswered("TimedOut", "it is still being read")
    proving.start(KEY, asked)
    await settled()
    unanswered = tokens.asked(KEY, annotations, status, clock.now)
    upstream.fails = NotRead("HalfRead", "files changed while they were read")
    proving.start(KEY, asked)
    await settled()
    tried = tokens.asked(KEY, annotations, status, clock.now)

    assert unanswered is not None
    assert unanswered.proven > clock.now
    assert tried is not None
    assert tried.proven == clock.now


async def test_bytes_that_could_not_be_read_are_never_read_for_a_refresh(
    proving: Proving, upstream: Upstream, clock: Clock
) -> None:
    upstream.fails = NotRead("HalfRead", "files changed while they were read")
    proving.bytes_read(KEY, BROUGHT, 900.0, clock.now)
    await settled()

    assert not proving.bytes_read(KEY, BROUGHT, 900.0, clock.now)
    await proving.close()
