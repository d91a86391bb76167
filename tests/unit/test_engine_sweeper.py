"""The sweep: how often everything is listed."""

import asyncio
from contextlib import suppress
from typing import Any, cast

from stagingmirror.engine.fleet import PLURALS, Body, Fleet, Plural
from stagingmirror.engine.sweeper import Sweeper
from stagingmirror.errors import NotAnswered


class Listing:
    """Answers a LIST after a turn of the loop, the first ``failing`` ones with an error."""

    def __init__(self, failing: int = 0) -> None:
        self.listed_times = 0
        self._failing = failing

    async def listed(self, plural: Plural) -> tuple[tuple[Body, ...], int]:
        await asyncio.sleep(0)
        self.listed_times += 1
        if self._failing:
            self._failing -= 1
            raise NotAnswered("ClusterNotAnswering", "nobody answers")
        return (), 1


def sweeper(listing: Listing) -> Sweeper:
    return Sweeper(
        fleet=Fleet(),
        resources=cast("Any", listing),
        reactions=cast("Any", None),
        clock=lambda: 0.0,
        interval=3600.0,
    )


async def test_whoever_waits_for_the_first_sweep_waits_for_the_same_one() -> None:
    listing = Listing()
    sweeps = sweeper(listing)

    running = asyncio.create_task(sweeps.run())
    await asyncio.gather(sweeps.until_listed(), sweeps.until_listed())
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert listing.listed_times == len(PLURALS)
    assert sweeps.trouble is None


async def test_the_first_sweep_is_tried_until_it_is_answered(monkeypatch: Any) -> None:
    monkeypatch.setattr("stagingmirror.engine.sweeper.RETRY", 0.0)
    listing = Listing(failing=2)
    sweeps = sweeper(listing)

    await sweeps.until_listed()

    assert listing.listed_times == 2 + len(PLURALS)
    assert sweeps.last is not None
