"""The sweep: how often everything is listed."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

from stagingmirror.engine.resources.cache import PLURALS, Body, Changed, Plural, ResourceCache
from stagingmirror.engine.watch.resync import GRACE, Resync
from stagingmirror.errors import NotAnswered
from support.operators.runtimes import a_runtime


class Listing:
    """Answers a LIST after a turn of the loop, the first ``failing`` ones with an error."""

    def __init__(self, failing: int = 0) -> None:
        self.listed_times = 0
        self.version = 1
        self._failing = failing

    async def listed(self, plural: Plural) -> tuple[tuple[Body, ...], int]:
        await asyncio.sleep(0)
        self.listed_times += 1
        if self._failing:
            self._failing -= 1
            raise NotAnswered("ClusterNotAnswering", "nobody answers")
        return (), self.version


class Heard:
    """Keeps what changed."""

    def __init__(self) -> None:
        self.changes: list[Changed | None] = []

    def react(self, change: Changed | None) -> None:
        self.changes.append(change)


def resync(
    listing: Listing,
    cache: ResourceCache | None = None,
    heard: Heard | None = None,
    *,
    once: Callable[[], Awaitable[object]] = partial(asyncio.sleep, 0),
    clock: Callable[[], float] = lambda: 0.0,
) -> Resync:
    return Resync(
        cache=cache or ResourceCache(),
        resources=cast("Any", listing),
        reactions=cast("Any", heard),
        runtime=a_runtime(clock),
        interval=3600.0,
        once=once,
    )


async def test_whoever_waits_for_the_first_sweep_waits_for_the_same_one() -> None:
    listing = Listing()
    sweeps = resync(listing)

    running = asyncio.create_task(sweeps.run())
    await asyncio.gather(sweeps.until_listed(), sweeps.until_listed())
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert listing.listed_times == len(PLURALS)
    assert sweeps.trouble is None


async def test_the_first_sweep_is_tried_until_it_is_answered(monkeypatch: Any) -> None:
    monkeypatch.setattr("stagingmirror.engine.watch.resync.RETRY", 0.0)
    listing = Listing(failing=2)
    sweeps = resync(listing)

    await sweeps.until_listed()

    assert listing.listed_times == 2 + len(PLURALS)
    assert sweeps.last is not None


async def test_nothing_is_listed_before_what_the_first_sweep_waits_for() -> None:
    listing, answered = Listing(), asyncio.Event()
    sweeps = resync(listing, once=answered.wait)

    first = asyncio.create_task(sweeps.until_listed())
    await asyncio.sleep(0.01)
    before = listing.listed_times
    answered.set()
    await first

    assert (before, listing.listed_times) == (0, len(PLURALS))


async def test_who_takes_over_lists_only_what_was_not_listed_since() -> None:
    now = 10.0
    listing = Listing()
    sweeps = resync(listing, clock=lambda: now)

    first = asyncio.create_task(sweeps.until_listed())
    await asyncio.sleep(0)  # it is under way
    await sweeps.swept_since(9.0)
    shared = listing.listed_times
    now = 20.0
    await sweeps.swept_since(10.0)

    assert first.done()
    assert (shared, listing.listed_times) == (len(PLURALS), 2 * len(PLURALS))
    assert sweeps.last == 20.0


async def test_what_a_cluster_that_was_set_back_does_not_have_is_gone() -> None:
    listing, cache, heard = Listing(), ResourceCache(), Heard()
    metadata = {"name": "made later", "namespace": "ml", "uid": "u", "resourceVersion": "50"}
    cache.put("stagingmirrors", {"metadata": metadata})
    listing.version = 20

    await resync(listing, cache, heard).sweep()

    assert cache.count("stagingmirrors") == 0
    assert [each.key.name for each in heard.changes if each is not None] == ["made later"]


async def test_sweeps_vouch_for_the_time_until_the_next_one_is_late() -> None:
    sweeps = resync(Listing())
    assert sweeps.vouches_until() == -math.inf

    await sweeps.sweep()

    assert sweeps.vouches_until() == 3600.0 + GRACE
