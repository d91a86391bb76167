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
from support.operators.scripted_operator import (
    SCHEDULE,
    Output,
    ScriptedOperator,
    scripted_operator,
)
from support.resources.statuses import DRIFTED_MODEL, component

pytestmark = pytest.mark.integration


@pytest.fixture
def scripted(control_plane: ControlPlane) -> Iterator[ScriptedOperator]:
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
    scripted: ScriptedOperator, arguments: tuple[str, ...], code: int, words: str
) -> None:
    scripted.mirror("fraud", component("a"))

    output = scripted.run(*arguments)

    assert output.code == code
    assert words in " ".join(output.err.split())
    assert output.out == ""
    assert "Traceback" not in output.err


def test_options_stand_before_the_command_or_after_it_and_those_after_it_count(
    scripted: ScriptedOperator,
) -> None:
    scripted.mirror("fraud", component("a"))
    scripted.settle()
    elsewhere = ("--kubeconfig", "/nowhere", "-n", "elsewhere")

    output = scripted.run(*elsewhere, "status")
    before = before_the_command(scripted, "status", "-o", "json")

    assert "fraud" in output.out
    assert before.code == output.code == 0
    assert json.loads(before.out)["mirrors"][0]["name"] == "fraud"


def before_the_command(scripted: ScriptedOperator, *command: str) -> Output:
    options = ("-n", scripted.namespace, "--kubeconfig", str(scripted.kubeconfig))
    done = subprocess.run(
        [sys.executable, "-m", "stagingmirror", *options, *command],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "STAGINGMIRROR_NAMESPACE": scripted.operator},
        check=False,
    )
    return Output(done.returncode, done.stdout, done.stderr)


def test_an_api_server_that_does_not_answer_is_one_line_too(
    scripted: ScriptedOperator, tmp_path: Path
) -> None:
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(
        scripted.kubeconfig.read_text().replace(scripted.kube.server, "https://127.0.0.1:1")
    )

    output = ScriptedOperator(scripted.kube, scripted.namespace, scripted.operator, nowhere).run(
        "check", "fraud"
    )

    assert output.code == 1
    assert output.err.startswith("error: ")
    assert len(output.err.splitlines()) == 1


def test_status_diff_plan_and_history_show_what_the_status_has(scripted: ScriptedOperator) -> None:
    plan = {
        "steps": [
            {"phase": "switch", "component": "fraud-model", "text": "alias champion → version 8"}
        ],
        "left": [],
    }
    done = {"id": "r", "trigger": "Manual", "result": "Succeeded", "message": "2 of 2 applied"}
    scripted.mirror(
        "fraud", DRIFTED_MODEL, extra={"plan": plan, "refreshes": [done]}, refresh=SCHEDULE
    )

    assert "fraud is NOT in sync with production" in scripted.run("status", "fraud").out
    assert "fraud     Drifted" in scripted.run("status").out.replace("fraud   ", "fraud     ")
    assert "sha256:9f0c2b71   sha256:41d7aa03" in scripted.run("diff", "fraud").out
    assert "alias champion → version 8" in scripted.run("plan", "fraud").out
    assert "2 of 2 applied" in scripted.run("history", "fraud").out
    (told,) = json.loads(scripted.run("status", "-o", "json").out)["mirrors"]
    assert told["status"]["sync"] == "Drifted"
    assert told["holds"] == []


def test_json_has_every_value_whole(scripted: ScriptedOperator) -> None:
    digest = f"sha256:{'a99e1902' * 8}"
    plan = {"steps": [{"phase": "switch", "component": "features", "text": f"image → {digest}"}]}
    done = {"id": "r", "trigger": "Manual", "result": "RolledBack", "message": f"no {digest}"}
    output = {"plan": plan, "refreshes": [done]}
    scripted.mirror("fraud", DRIFTED_MODEL, component("b"), extra=output, refresh=SCHEDULE)

    answers = {
        command: json.loads(scripted.run(command, "fraud", "-o", "json").out)["mirrors"][0]
        for command in ("diff", "plan", "history")
    }

    assert {each["sync"] for each in answers.values()} == {"Drifted"}
    assert answers["plan"]["plan"]["steps"][0]["text"] == f"image → {digest}"
    assert answers["history"]["refreshes"][0]["message"] == f"no {digest}"
    assert [each["name"] for each in answers["diff"]["components"]] == ["fraud-model", "b"]
    assert "image → sha256:a99e1902\n" in scripted.run("plan", "fraud").out


def test_there_is_no_colour_where_there_is_no_terminal(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", DRIFTED_MODEL)

    assert "\x1b[" not in scripted.run("status", "fraud").out


def test_all_namespaces_need_the_right_and_say_so(scripted: ScriptedOperator) -> None:
    output = scripted.run("check", "-A")

    assert output.code == 1
    assert "stagingmirrors" in output.err


def test_kubectl_finds_the_command_by_its_name(scripted: ScriptedOperator) -> None:
    scripted.mirror("fraud", component("a"))
    own = str(Path(sys.executable).parent)

    output = subprocess.run(
        [
            *(str(program("kubectl")), "stagingmirror", "check", "fraud", "-n", scripted.namespace),
            *("--kubeconfig", str(scripted.kubeconfig), "--operator-namespace", scripted.operator),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": f"{own}:{os.environ['PATH']}"},
        check=False,
    )

    assert (output.returncode, output.stdout) == (0, "✓ fraud: in sync (1 of 1)\n")
