"""What ``check`` does before it judges."""

import time

import pytest

from stagingmirror.api.types.times import rfc3339
from stagingmirror.cli.commands.check import CheckRequest, check
from stagingmirror.cli.read.client import LEASE, SETTLED_AT
from support.resources.mirror_client import LEASES, Wire, client
from support.resources.resources import Object, mirror
from support.resources.statuses import component, status


def fraud() -> Object:
    body = mirror("fraud")
    body["metadata"]["generation"] = 1
    body["status"] = status(component("a"), now=time.time())
    return body


def wire() -> Wire:
    return Wire(fraud(), settled_at=rfc3339(time.time()))


class Answering(Wire):
    """An operator that answers tokens at once, and settles for the first time a moment later."""

    def __init__(self) -> None:
        super().__init__(fraud())
        self.leases = 0
        lease: Object = {"metadata": {}}
        self.objects[f"{LEASES}/{LEASE}"] = lease

    async def request(
        self, method: str, path: str, *, body: Object | None = None, **_: object
    ) -> Object:
        found = await super().request("GET", path)
        if method == "PATCH" and body is not None:
            token = body["metadata"]["annotations"]["stagingmirror.dev/check-at"]
            found["status"]["handledCheckAt"] = token
        elif path.endswith(LEASE):
            self.leases += 1
            if self.leases == 3:
                found["metadata"]["annotations"] = {SETTLED_AT: rfc3339(time.time())}
        return found


def asked(since: str | None = None, *, now: bool = False) -> CheckRequest:
    return CheckRequest(
        names=("fraud",),
        now=now,
        read_bytes=False,
        since=since,
        excepted=frozenset(),
        within=None,
    )


async def test_of_the_future_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    tomorrow = rfc3339(time.time() + 86400)

    assert await check(client(wire()), asked(tomorrow), "text") == 2
    assert f"--since {tomorrow} is later than now" in capsys.readouterr().err


async def test_a_clock_that_is_a_little_ahead_is_not_the_future() -> None:
    assert await check(client(wire()), asked(rfc3339(time.time() + 1)), "text") == 0


async def test_who_has_just_begun_to_lead_is_given_time_to_settle() -> None:
    operator = Answering()

    assert await check(client(operator), asked(now=True), "text") == 0
    assert operator.leases == 3


async def test_a_look_without_asking_waits_for_nobody() -> None:
    operator = Answering()

    assert await check(client(operator), asked(), "text") == 4
    assert operator.leases == 1
