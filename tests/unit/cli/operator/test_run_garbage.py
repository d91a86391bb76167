"""How the operator spares the garbage collector."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import pytest

from stagingmirror.cli.operator import run


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Elected:
    async def acquired(self) -> None:
        return


async def test_what_a_start_builds_up_is_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "STARTED", 1.0)
    kept = [{"status": number} for number in range(1000)]
    before = gc.get_freeze_count()

    task = asyncio.create_task(run._spare_the_collector(cast("Any", Elected())))
    await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert gc.get_freeze_count() - before > len(kept)
