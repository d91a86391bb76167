"""``refresh --wait``, before a wire that is a dict."""

import time

import pytest

from stagingmirror.api.types.times import rfc3339
from stagingmirror.cli.commands import refresh as refresh_module
from stagingmirror.cli.commands.refresh import refresh
from stagingmirror.errors import NotAnswered
from support.resources.mirror_client import LEASES, MIRRORS, Wire, client
from support.resources.resources import mirror
from support.resources.statuses import component, status


def wire(*, settled_ago: float = 0.0) -> Wire:
    body = mirror("fraud", refresh={"schedule": "0 6 * * 1"})
    body["metadata"]["generation"] = 1
    body["status"] = status(component("a"), now=time.time())
    return Wire(body, settled_at=rfc3339(time.time() - settled_ago))


async def test_without_an_operator_nothing_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    silent, methods = wire(settled_ago=3600), []
    silent.before = lambda method, path: methods.append(method)

    assert await refresh(client(silent), "fraud", wait=True, within="1h") == 4
    assert "not requested: no operator has settled a verdict for 1 h" in capsys.readouterr().out
    assert set(methods) == {"GET"}


async def test_an_operator_that_goes_meanwhile_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(refresh_module, "LEASE_EVERY", 0.0)
    leaving = wire()

    def asked(method: str, path: str) -> None:
        if method == "PATCH":
            del leaving.objects[next(at for at in leaving.objects if at.startswith(LEASES))]

    leaving.before = asked

    assert await refresh(client(leaving), "fraud", wait=True, within="1h") == 4
    assert "there is no operator in namespace" in capsys.readouterr().out


async def test_a_look_that_is_not_answered_ends_nothing() -> None:
    shaky, failures, tokens = wire(), [1, 2, 3], []
    real = shaky.request

    async def request(method: str, path: str, **more: object) -> dict[str, object]:
        if method == "PATCH":
            (token,) = more["body"]["metadata"]["annotations"].values()  # type: ignore[index]
            tokens.append(token)
            ended = {"id": "r", "token": token, "result": "NothingToDo"}
            shaky.objects[f"{MIRRORS}/fraud"]["status"]["refreshes"] = [ended]
        elif tokens and failures:
            failures.pop()
            raise NotAnswered("NotAnswering", "GET timed out.")
        return await real(method, path)

    shaky.request = request  # type: ignore[method-assign]

    assert await refresh(client(shaky), "fraud", wait=True, within="60s") == 0
    assert failures == []
