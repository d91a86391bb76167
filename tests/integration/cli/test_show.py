"""What the commands show, and how they say what they cannot do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.control_plane import ControlPlane
from rig.programs import program
from support.operators.scripted_operator import SCHEDULE, Place, Told, scripted_operator
from support.resources.statuses import DRIFTED_MODEL, component

pytestmark = pytest.mark.integration


@pytest.fixture
def place(control_plane: ControlPlane) -> Iterator[Place]:
    with scripted_operator(control_plane) as made:
        yield made


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("check", "nothing"), 1, "there is no StagingMirror nothing in namespace"),
        (("check", "fraud", "--except", "x"), 2, "--except x: no such component"),
        (("check", "fraud", "--since", "soon"), 1, "write 14:02, 30m (ago) or an RFC 3339"),
        (("check", "fraud", "-o", "yaml"), 2, "yaml"),
        (("diff", "fraud", "x"), 1, "fraud has no component x; it has a"),
        (("refresh", "fraud"), 1, "has no spec.refresh"),
        (("hold", "fraud"), 2, "--for and --reason are required"),
        (("hold", "fraud", "--for", "2 days", "--reason", "r"), 1, "write a duration"),
        (("release", "fraud"), 1, "there is no hold fraud-runner; there is none in namespace"),
        (("frobnicate",), 2, "frobnicate"),
    ],
)
def test_what_cannot_be_done_is_one_line_on_standard_error(
    place: Place, arguments: tuple[str, ...], code: int, words: str
) -> None:
    place.mirror("fraud", component("a"))

    told = place.run(*arguments)

    assert told.code == code
    assert words in " ".join(told.err.split())
    assert told.out == ""
    assert "Traceback" not in told.err


def test_options_stand_before_the_command_or_after_it_and_those_after_it_count(
    place: Place,
) -> None:
    place.mirror("fraud", component("a"))
    place.settle()
    elsewhere = ("--kubeconfig", "/nowhere", "-n", "elsewhere")

    told = place.run(*elsewhere, "status")
    before = before_the_command(place, "status", "-o", "json")

    assert "fraud" in told.out
    assert before.code == told.code == 0
    assert json.loads(before.out)[0]["name"] == "fraud"


def before_the_command(place: Place, *command: str) -> Told:
    options = ("-n", place.namespace, "--kubeconfig", str(place.kubeconfig))
    done = subprocess.run(
        [sys.executable, "-m", "stagingmirror", *options, *command],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "STAGINGMIRROR_NAMESPACE": place.operator},
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr)


def test_an_api_server_that_does_not_answer_is_one_line_too(place: Place, tmp_path: Path) -> None:
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(
        place.kubeconfig.read_text().replace(place.kube.server, "https://127.0.0.1:1")
    )

    told = Place(place.kube, place.namespace, place.operator, nowhere).run("check", "fraud")

    assert told.code == 1
    assert told.err.startswith("error: ")
    assert len(told.err.splitlines()) == 1


def test_status_diff_plan_and_history_show_what_the_status_has(place: Place) -> None:
    plan = {
        "steps": [
            {"phase": "switch", "component": "fraud-model", "text": "alias champion → version 8"}
        ],
        "left": [],
    }
    done = {"id": "r", "trigger": "Manual", "result": "Succeeded", "message": "2 of 2 applied"}
    place.mirror("fraud", DRIFTED_MODEL, told={"plan": plan, "refreshes": [done]}, refresh=SCHEDULE)

    assert "fraud is NOT in sync with production" in place.run("status", "fraud").out
    assert "fraud     Drifted" in place.run("status").out.replace("fraud   ", "fraud     ")
    assert "sha256:9f0c2b71   sha256:41d7aa03" in place.run("diff", "fraud").out
    assert "alias champion → version 8" in place.run("plan", "fraud").out
    assert "2 of 2 applied" in place.run("history", "fraud").out
    assert json.loads(place.run("status", "-o", "json").out)[0]["status"]["sync"] == "Drifted"


def test_json_has_every_value_whole(place: Place) -> None:
    digest = f"sha256:{'a99e1902' * 8}"
    plan = {"steps": [{"phase": "switch", "component": "features", "text": f"image → {digest}"}]}
    done = {"id": "r", "trigger": "Manual", "result": "RolledBack", "message": f"no {digest}"}
    told = {"plan": plan, "refreshes": [done]}
    place.mirror("fraud", DRIFTED_MODEL, component("b"), told=told, refresh=SCHEDULE)

    answers = {
        command: json.loads(place.run(command, "fraud", "-o", "json").out)
        for command in ("diff", "plan", "history")
    }

    assert {each["sync"] for each in answers.values()} == {"Drifted"}
    assert answers["plan"]["plan"]["steps"][0]["text"] == f"image → {digest}"
    assert answers["history"]["refreshes"][0]["message"] == f"no {digest}"
    assert [each["name"] for each in answers["diff"]["components"]] == ["fraud-model", "b"]
    assert "image → sha256:a99e1902\n" in place.run("plan", "fraud").out


def test_there_is_no_colour_where_there_is_no_terminal(place: Place) -> None:
    place.mirror("fraud", DRIFTED_MODEL)

    assert "\x1b[" not in place.run("status", "fraud").out


def test_all_namespaces_need_the_right_and_say_so(place: Place) -> None:
    told = place.run("check", "-A")

    assert told.code == 1
    assert "stagingmirrors" in told.err


def test_kubectl_finds_the_command_by_its_name(place: Place) -> None:
    place.mirror("fraud", component("a"))
    own = str(Path(sys.executable).parent)

    told = subprocess.run(
        [
            *(str(program("kubectl")), "stagingmirror", "check", "fraud", "-n", place.namespace),
            *("--kubeconfig", str(place.kubeconfig), "--operator-namespace", place.operator),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": f"{own}:{os.environ['PATH']}"},
        check=False,
    )

    assert (told.returncode, told.stdout) == (0, "✓ fraud: in sync (1 of 1)\n")
