"""``refresh --wait``, before a wire that is a dict."""

import asyncio
import time
from typing import Any

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


async def interrupted(asked: "Patching", capsys: pytest.CaptureFixture[str]) -> str:
    """What is said where somebody presses Ctrl-C once the request is made."""
    waiting = asyncio.create_task(refresh(client(asked), "fraud", wait=True, within="1h"))
    await asked.asked.wait()
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    return capsys.readouterr().out


class Patching(Wire):
    """Keeps what is patched. ``asked``: something was."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.asked = asyncio.Event()

    async def request(
        self, method: str, path: str, *, body: dict[str, Any] | None = None, **more: object
    ) -> dict[str, Any]:
        if method == "PATCH":
            assert body is not None
            metadata = self.objects[path]["metadata"]
            for name, value in body["metadata"]["annotations"].items():
                metadata.setdefault("annotations", {})[name] = value
            self.asked.set()
        return await super().request(method, path, body=body, **more)


def patching() -> Patching:
    asked = Patching(settled_at=rfc3339(time.time()))
    asked.objects |= wire().objects
    asked.objects[f"{MIRRORS}/fraud"]["metadata"]["resourceVersion"] = "1"
    return asked


async def test_whoever_stops_waiting_has_no_refresh_later(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = patching()

    said = await interrupted(asked, capsys)

    annotations = asked.objects[f"{MIRRORS}/fraud"]["metadata"]["annotations"]
    assert annotations == {"stagingmirror.dev/refresh-at": None}
    assert "? fraud: interrupted; the request was withdrawn before it began" in said


async def test_a_refresh_that_has_begun_goes_on_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = patching()

    def begin(method: str, path: str) -> None:
        body = asked.objects.get(path, {"metadata": {}})
        token = (body["metadata"].get("annotations") or {}).get("stagingmirror.dev/refresh-at")
        if token:
            body["status"]["refresh"] = {"id": "r", "token": token, "steps": []}

    asked.before = begin

    said = await interrupted(asked, capsys)

    assert asked.objects[f"{MIRRORS}/fraud"]["metadata"]["annotations"] != {
        "stagingmirror.dev/refresh-at": None
    }
    assert "the refresh has begun and goes on" in said
