"""Holds, asked for and let go, before a wire that is a dict."""

import time

import pytest

from stagingmirror.api.types.times import rfc3339
from stagingmirror.cli.commands.hold import HoldRequest, hold, release
from stagingmirror.errors import NeedsHuman
from support.resources.mirror_client import HOLDS, MIRRORS, Object, Wire, client
from support.resources.resources import hold as hold_body
from support.resources.resources import mirror


def asked(*mirrors: str, components: tuple[str, ...] = (), length: str = "2h") -> HoldRequest:
    return HoldRequest(mirrors, length, "candidate 14", components, "ci")


def answering(wire: Wire, status: Object) -> None:
    """An operator that says this of each hold as soon as it is looked at."""

    def told(method: str, path: str) -> None:
        if method == "GET" and path in wire.objects and path.startswith(HOLDS):
            body = wire.objects[path]
            body["metadata"]["generation"] = 1
            body["status"] = {"observedGeneration": 1, **status}

    wire.before = told


EFFECTIVE = {"effectiveSince": "2026-11-22T14:00:00Z"}


async def test_a_wrong_name_is_told_and_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    wire = Wire(mirror("fraud"))
    answering(wire, {"message": "spec.mirrors: there is no StagingMirror x; correct the name."})

    assert await hold(client(wire), asked("fraud"), "60s") == 1
    assert "there is no StagingMirror x; correct the name." in capsys.readouterr().err


@pytest.mark.parametrize("reason", ["", "  ", "\u200b", "—"])
async def test_a_reason_that_nobody_can_read_is_refused_before_anything_is_made(
    reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wire = Wire(mirror("fraud"))

    assert await hold(client(wire), HoldRequest(("fraud",), "2h", reason, (), "ci"), "60s") == 2
    assert "--reason" in capsys.readouterr().err
    assert not [path for path in wire.objects if path.startswith(HOLDS)]


async def test_what_it_waits_for_is_told_once_and_only_if_it_lasts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(mirror("fraud"))
    answering(wire, {"message": "the refresh in progress finishes first: fraud"})

    assert await hold(client(wire), asked("fraud"), "1s") == 4
    (end,) = capsys.readouterr().out.splitlines()
    assert "did not take it within 1 s: the refresh in progress" in end

    monkeypatch.setattr("stagingmirror.cli.commands.hold.USUAL", 0.0)
    assert await hold(client(wire), HoldRequest((), "2h", "candidate 14", (), "me"), "1s") == 4
    waiting, _ = capsys.readouterr().out.splitlines()
    assert waiting == "waiting for me to take effect: the refresh in progress finishes first: fraud"


async def test_nobody_waits_longer_than_the_hold_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    wire = Wire(mirror("fraud"))

    assert await hold(client(wire), asked("fraud", length="1s"), "1h") == 4
    assert "hold ci ended before it took effect" in capsys.readouterr().out


async def test_components_are_looked_for_in_all_mirrors_where_none_is_named() -> None:
    wire = Wire(mirror("fraud"))
    answering(wire, EFFECTIVE)

    with pytest.raises(NeedsHuman, match="no mirror of the namespace tracks misspelt"):
        await hold(client(wire), asked(components=("misspelt",)), "60s")
    tracked = wire.objects[f"{MIRRORS}/fraud"]["spec"]["track"][0]["name"]
    assert await hold(client(wire), asked(components=(tracked,)), "60s") == 0


@pytest.mark.parametrize(("ago", "code"), [(60, 0), (-3600, 1)])
async def test_a_hold_makes_way_for_another_of_its_name_once_it_has_ended(
    ago: float, code: int
) -> None:
    wire = Wire(mirror("fraud"))
    former = hold_body("ci", until=rfc3339(time.time() - ago), mirrors=["fraud"])
    wire.objects[f"{HOLDS}/ci"] = former
    answering(wire, EFFECTIVE)

    assert await hold(client(wire), asked("fraud"), "60s") == code
    assert (wire.objects[f"{HOLDS}/ci"] is former) == (code == 1)


async def test_a_mirror_that_is_gone_keeps_no_hold_from_being_released(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wire = Wire()
    wire.objects[f"{HOLDS}/ci"] = hold_body("ci", mirrors=["gone"])

    assert await release(client(wire), (), "ci", "60s") == 0
    assert capsys.readouterr().out == "✓ released ci\n"
