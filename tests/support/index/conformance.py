"""What the sentences of the conformance suite share."""

import traceback
from collections.abc import Awaitable, Callable

import pytest

from stagingmirror.errors import StagingMirrorError
from stagingmirror.sources.index.store import Mark, Snapshot
from support.index.ground import PLANTED, Ground, ReadingGround

MARK = Mark("production", "docs-2", "an id", 1.5, "refresh-1", 2.5, 30, "sha256:00")


class Killed(Exception):
    """The operator ends here."""


def nothing(done: int, total: int) -> None:
    """Progress that nobody follows."""


def killed_at(call: int) -> Callable[[int, int], None]:
    left = call

    def done(_: int, __: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    return done


async def snapshot_of(ground: ReadingGround, name: str) -> Snapshot:
    return next(each for each in await ground.production.snapshots(name) if each.complete)


async def restored(ground: Ground, name: str = "docs-2", new: str = "docs-2-aaaa") -> Snapshot:
    """``docs-2`` of production's, 30 documents, is in staging."""
    await ground.make("production", name, 30)
    snapshot = await snapshot_of(ground, name)
    await ground.staging.rehearse(snapshot, name, new, ground.production)
    await ground.staging.restore(snapshot, name, new, ground.production, nothing)
    return snapshot


async def error_of(call: Awaitable[object]) -> StagingMirrorError:
    """What it raises, which shows nothing of a document, however it is printed."""
    with pytest.raises(StagingMirrorError) as raised:
        await call
    assert PLANTED not in "".join(traceback.format_exception(raised.value))
    return raised.value
