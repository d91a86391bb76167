"""What ``check`` does before it judges."""

import time

import pytest

from stagingmirror.api.types.times import rfc3339
from stagingmirror.cli.commands.check import CheckRequest, check
from stagingmirror.cli.read.client import LEASE, SETTLED_AT
from stagingmirror.errors import NotAnswered
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
        probe=False,
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


async def test_a_dead_operator_is_not_believed_by_a_machine_whose_clock_is_behind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    dead = wire()  # settled now, by this machine's clock
    dead.ahead = 900.0

    assert await check(client(dead), asked(), "text") == 4
    assert "no operator has settled a verdict for 15 min" in capsys.readouterr().out


async def test_a_machine_whose_clock_is_ahead_believes_an_operator_that_is_alive() -> None:
    alive = fraud()
    alive["status"] = status(component("a"), now=time.time() - 900)
    server = Wire(alive, settled_at=rfc3339(time.time() - 900))
    server.ahead = -900.0

    assert await check(client(server), asked(), "text") == 0


@pytest.mark.parametrize(("ahead", "code"), [(0.0, 0), (-110.0, 4)])
async def test_a_while_ago_is_counted_from_the_servers_now(
    ahead: float, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    there, body = time.time() + ahead, fraud()
    body["status"] = status(component("a"), now=there, inSyncSince=rfc3339(time.time() - 1000))
    server = Wire(body, settled_at=rfc3339(there))
    server.ahead = ahead

    assert await check(client(server), asked("15m"), "text") == code
    assert ("not without a gap since" in capsys.readouterr().out) == (code == 4)


async def test_without_a_time_of_the_server_nothing_is_believed() -> None:
    timeless = wire()
    timeless.ahead = None

    with pytest.raises(NotAnswered, match="no Date"):
        await check(client(timeless), asked(), "text")
