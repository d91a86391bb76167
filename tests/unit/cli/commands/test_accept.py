"""What ``accept`` prints can be pasted, and accepts what it says and no more."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
import yaml

from stagingmirror.api.spec.parse import parse_mirror
from stagingmirror.api.types.times import rfc3339
from stagingmirror.cli.commands.accept import AcceptRequest, accept
from stagingmirror.cli.read.answer import FAILED, MISUSED, UNKNOWN
from support.resources.mirror_client import Wire, client
from support.resources.resources import Object, mirror
from support.resources.statuses import component, status

ASKED = AcceptRequest("fraud", "training-data", "half the data, MLP-212", None, None, values=False)
END = "2099-01-31T00:00:00Z"


def differing(
    fact: str, production: str | None = "4", staging: str | None = "2", **more: str
) -> Object:
    sides = {"production": production, "staging": staging}
    return {"fact": fact, **{side: value for side, value in sides.items() if value}, **more}


TWO = (differing("resources.cpu"), differing("resources.memory"))


def wire(*differences: Object, verdict: str = "Drifted", age: float = 0.0, **more: Any) -> Wire:
    now = time.time() - age
    spec = {"accept": more.pop("accept", [])}
    body = mirror("fraud", **spec)
    body["metadata"]["generation"] = 1
    message = more.pop("message", "they differ")
    one = component("training-data", verdict, message, differences=list(differences), **more)
    body["status"] = status(one, now=now)
    return Wire(body, settled_at=rfc3339(now))


def printed(
    capsys: pytest.CaptureFixture[str], of: Wire, request: AcceptRequest = ASKED
) -> tuple[list[Object], str]:
    """The entries, and all of it. Whatever is printed can be put into a mirror as it is."""
    assert asyncio.run(accept(client(of), request)) == 0
    text = capsys.readouterr().out
    found = (yaml.safe_load(text) or {}).get("accept", [])
    parse_mirror(mirror("fraud", accept=found))
    return found, text


def refused(
    capsys: pytest.CaptureFixture[str], of: Wire, request: AcceptRequest
) -> tuple[int, str]:
    code = asyncio.run(accept(client(of), request))
    told = capsys.readouterr()
    assert told.out == ""
    return code, told.err


def test_each_fact_that_differs_has_an_entry_and_a_line_of_what_differs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found, text = printed(capsys, wire(*TWO), replace(ASKED, until=END))

    assert text.splitlines()[:4] == [
        "# ml-staging/fraud: 2 facts of training-data differ. Nothing is written: add this to spec"
        " of the StagingMirror.",
        "accept:",
        "# resources.cpu: production has 4, staging has 2",
        '- component: "training-data"',
    ]
    assert found == [
        {
            "component": "training-data",
            "fact": each["fact"],
            "reason": "half the data, MLP-212",
            "until": END,
        }
        for each in TWO
    ]


def test_a_day_is_its_first_moment(capsys: pytest.CaptureFixture[str]) -> None:
    (one,), _ = printed(capsys, wire(TWO[0]), replace(ASKED, until="2099-01-31"))

    assert one["until"] == END


def test_with_values_only_those_of_now_are_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    absent = differing("gpu", None, "1e-5")

    found, _ = printed(capsys, wire(TWO[0], absent), replace(ASKED, values=True))

    assert [(each.get("production"), each.get("staging")) for each in found] == [
        ("4", "2"),
        (None, "1e-5"),
    ]


def test_values_that_are_only_comparable_are_not_named(capsys: pytest.CaptureFixture[str]) -> None:
    sealed = differing("value", "(sealed)", "(sealed)")

    (one,), text = printed(capsys, wire(sealed), replace(ASKED, values=True))

    assert one.keys() == {"component", "fact", "reason"}
    assert "# only comparable: its values cannot be named, so any are accepted" in text


def test_values_that_the_status_does_not_show_whole_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cut = differing("value", "x" * 256 + "… (9000 characters, sha256:0123abcd)", "y")

    found, text = printed(capsys, wire(cut), replace(ASKED, values=True))

    assert found == []
    assert "# left out: the status does not show its values whole" in text
    assert "accept:" not in text
    assert len(printed(capsys, wire(cut))[0]) == 1


def test_a_name_with_a_star_is_said_to_stand_for_others(capsys: pytest.CaptureFixture[str]) -> None:
    (one,), text = printed(capsys, wire(differing("autoscaling.metric.*")))

    assert one["fact"] == "autoscaling.metric.*"
    assert "# the * in its name stands for any characters" in text
    assert "in its name" not in printed(capsys, wire(*TWO))[1]


def test_a_pattern_is_only_accepted_where_it_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (one,), text = printed(
        capsys, wire(*TWO, differing("shmSize")), replace(ASKED, fact="resources.*")
    )

    assert one["fact"] == "resources.*"
    assert "# resources.memory: production has 4, staging has 2" in text
    assert "shmSize" not in text


def test_what_is_accepted_already_and_details_have_no_entry(
    capsys: pytest.CaptureFixture[str],
) -> None:
    differences = (
        differing("contentHash"),
        differing("contentHash/a"),
        differing("b", accepted="r"),
    )

    found, _ = printed(capsys, wire(*differences))

    assert [each["fact"] for each in found] == ["contentHash"]


def test_an_entry_that_the_mirror_has_already_is_to_be_replaced(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended = {"component": "training-data", "fact": "resources.cpu", "reason": "r", "until": END}

    _, text = printed(capsys, wire(*TWO, accept=[ended]))

    assert text.count("# in place of the entry of this fact that spec.accept has:") == 1


def test_nothing_that_differs_is_said_and_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    found, text = printed(capsys, wire(verdict="InSync"))

    assert found == []
    assert text == "# ml-staging/fraud: nothing of training-data differs that is not accepted.\n"
    assert "fits shm*" in printed(capsys, wire(*TWO), replace(ASKED, fact="shm*"))[1]


def test_that_the_status_has_no_room_for_all_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _, text = printed(capsys, wire(*TWO, unlisted=12))

    assert text.startswith("# Not everything: 12 more facts differ")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"verdict": "Unknown", "message": "MLflow timed out"}, "MLflow timed out"),
        ({"verdict": "Held", "message": "held by ci; not seen: y"}, "held by ci; not seen: y"),
        ({"age": 3600}, "no operator has settled a verdict"),
    ],
    ids=["unknown", "held", "old"],
)
def test_of_what_was_not_seen_nothing_is_printed(
    what: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = refused(capsys, wire(**what), ASKED)

    assert code == UNKNOWN
    assert "not everything of training-data was seen: " in told
    assert words in told


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"reason": ""}, MISUSED, "--reason is required"),
        ({"reason": " …"}, MISUSED, "--reason is required"),
        ({"reason": "r" * 513}, MISUSED, "513 characters; at most 512"),
        ({"until": "soon"}, MISUSED, "write a day like 2027-01-31"),
        ({"until": "2027-02-31"}, MISUSED, "write a day like 2027-01-31"),
        ({"until": "2020-01-31"}, MISUSED, "--until 2020-01-31 is over"),
        ({"fact": "a*", "values": True}, MISUSED, "values are those of one fact"),
        ({"fact": ""}, MISUSED, "--fact has 0 characters"),
        ({"component": "x"}, FAILED, "fraud has no component x; it has training-data"),
    ],
)
def test_what_cannot_be_accepted_is_refused_with_what_to_do(
    change: dict[str, Any], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, told = refused(capsys, wire(*TWO), replace(ASKED, **change))

    assert found == code
    assert words in told


ODD = [
    "null",
    "on",
    "1e-5",
    "0x1F",
    "2027-01-31",
    "~",
    "a: b",
    "# x",
    '"',
    "\\",
    "ß渚😀",
    "\n\t",
    " ",
    "- x",
    "\u202e\x7f\x85",
]


@pytest.mark.parametrize("value", ODD)
def test_every_text_arrives_as_it_is(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    request = replace(ASKED, reason=f"r {value}", values=True)

    (one,), text = printed(capsys, wire(differing("value", value, f"{value}{value}")), request)

    assert (one["production"], one["staging"]) == (value, value * 2)
    assert one["reason"] == f"r {value}"
    assert "\u202e" not in text
