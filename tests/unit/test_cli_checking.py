"""What ``check`` does before it judges."""

import time

import pytest

from stagingmirror.api.times import rfc3339
from stagingmirror.cli.checking import Asked, check
from support.desks import Wire, desk
from support.resources import mirror
from support.statuses import component, status


def wire() -> Wire:
    now = time.time()
    body = mirror("fraud")
    body["metadata"]["generation"] = 1
    body["status"] = status(component("a"), now=now)
    return Wire(body, settled_at=rfc3339(now))


def asked(since: str) -> Asked:
    return Asked(
        names=("fraud",),
        now=False,
        read_bytes=False,
        since=since,
        excepted=frozenset(),
        within=None,
    )


async def test_of_the_future_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    tomorrow = rfc3339(time.time() + 86400)

    assert await check(desk(wire()), asked(tomorrow), "text") == 2
    assert f"--since {tomorrow} is later than now" in capsys.readouterr().err


async def test_a_clock_that_is_a_little_ahead_is_not_the_future() -> None:
    assert await check(desk(wire()), asked(rfc3339(time.time() + 1)), "text") == 0
