"""Every ``-o json`` has one shape."""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, get_args, get_origin

import pytest
import typer

from stagingmirror.api.types.times import rfc3339
from stagingmirror.cli.app import app
from stagingmirror.cli.commands import show
from stagingmirror.cli.commands.check import CheckRequest, check
from stagingmirror.cli.read.client import MirrorClient
from support.resources import resources
from support.resources.mirror_client import HOLDS, Wire, client
from support.resources.statuses import DRIFTED_MODEL, status

HEAD = ["namespace", "name", "sync", "doubt"]


def checked(of: MirrorClient) -> Awaitable[int]:
    request = CheckRequest(("fraud",), False, False, False, None, frozenset(), None)
    return check(of, request, "json")


COMMANDS: Mapping[str, tuple[Callable[[MirrorClient], Awaitable[int]], set[str]]] = {
    "status": (
        lambda of: show.status(of, ["fraud"], as_json=True, whole=False),
        {"status", "holds"},
    ),
    "diff": (lambda of: show.diff(of, "fraud", [], as_json=True, whole=False), {"components"}),
    "parity": (lambda of: show.parity(of, "fraud", [], as_json=True), {"components"}),
    "plan": (lambda of: show.plan(of, "fraud", as_json=True), {"plan", "wouldNotStart"}),
    "history": (lambda of: show.history(of, "fraud", as_json=True), {"refreshes", "deploys"}),
    "check": (checked, {"components", "exitCode", "why", "excepted"}),
}


def wire(**more: Any) -> Wire:
    body = resources.mirror("fraud")
    body["metadata"]["generation"] = 1
    body["status"] = status(DRIFTED_MODEL, now=time.time(), **more)
    return Wire(body, settled_at=rfc3339(time.time()))


def test_every_command_that_prints_json_is_tested_here() -> None:
    command: Any = typer.main.get_command(app)
    found = {
        each.name
        for each in command.commands.values()
        for parameter in each.params
        if get_origin(hint := parameter.type_descriptor.annotation) is Literal
        and "json" in get_args(hint)
    }

    assert found == COMMANDS.keys()


@pytest.mark.parametrize("command", COMMANDS)
async def test_json_has_the_exit_code_and_each_mirror_with_one_head(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run, more = COMMANDS[command]

    code = await run(client(wire()))

    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["exitCode", "mirrors"]
    assert told["exitCode"] == code == (3 if command == "check" else 0)
    (mirror,) = told["mirrors"]
    assert list(mirror)[:4] == HEAD
    assert [mirror[each] for each in HEAD] == ["ml-staging", "fraud", "Drifted", None]
    assert more <= mirror.keys()


@pytest.mark.parametrize("command", COMMANDS)
async def test_json_has_the_verdict_that_may_be_believed_and_the_doubt(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run, _ = COMMANDS[command]

    await run(client(wire(validUntil="2026-01-01T00:00:00Z")))

    (mirror,) = json.loads(capsys.readouterr().out)["mirrors"]
    assert mirror["sync"] == "Unknown"
    assert mirror["doubt"].startswith("its status was valid until")


async def test_status_has_the_holds_with_their_ends(capsys: pytest.CaptureFixture[str]) -> None:
    held = wire()
    held.objects[f"{HOLDS}/ci"] = resources.hold("ci", components=[])
    held.objects[f"{HOLDS}/other"] = resources.hold("other", mirrors=["other"])

    await show.status(client(held), [], as_json=True, whole=False)

    (mirror,) = json.loads(capsys.readouterr().out)["mirrors"]
    (hold,) = mirror["holds"]
    assert hold == {
        "name": "ci",
        "components": [],
        "reason": "candidate 14",
        "until": "2099-11-25T18:00:00Z",
        "inEffect": False,
        "message": "it was not checked yet",
    }
