"""What the pages show of the commands is what the commands print."""

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.cli.commands.refresh import end_lines, ended_refresh
from stagingmirror.cli.read.answer import answer
from stagingmirror.cli.read.freshness import belief
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.screens.accept import Wanted, entries
from stagingmirror.cli.screens.answer import answer_lines
from stagingmirror.cli.screens.diff import diff_screen
from stagingmirror.cli.screens.history import history_screen
from stagingmirror.cli.screens.parity import parity_screen
from stagingmirror.cli.screens.plan import plan_screen
from stagingmirror.cli.screens.refresh_progress import Follower
from stagingmirror.cli.screens.status import status_screen
from stagingmirror.drift.deploys import Deploy, DeployKey
from stagingmirror.drift.deploys import to_dict as deploy_to_dict
from stagingmirror.drift.steps import Produced, Step
from stagingmirror.sources.kubernetes.write.field_patch import SetVariable
from support.resources.statuses import DRIFTED_MODEL, NOW, SETTLED, ago, component, seen

ROOT = Path(__file__).parents[3]
COMMANDS = (ROOT / "docs" / "commands.md").read_text()
README = (ROOT / "README.md").read_text()

BYTES = f"sha256:{'9f0c2b71' * 8}"
STEPS: tuple[Step, ...] = (
    CopyModel(
        id="copy",
        components=("fraud-model",),
        from_environment="production",
        from_model="fraud-detector",
        from_version="12",
        to_environment="staging",
        to_model="fraud-detector",
        tree_hash=BYTES,
        files=4,
        size=90_000_000,
        tags=(),
        parameters=(),
    ),
    MoveAlias("move", ("fraud-model",), "staging", "fraud-detector", "champion", Produced("copy")),
    PatchWorkload(
        "patch",
        ("fraud-model",),
        "Deployment",
        "ml-staging",
        "fraud-server",
        (SetVariable("server", "MODEL_VERSION", Produced("copy")),),
    ),
)
PLAN = {
    "steps": [
        {
            "phase": step.phase,
            "component": ", ".join(step.components),
            "text": step.describe(),
        }
        for step in STEPS
    ],
    "left": [{"component": "training-data", "why": "only reported (mode Report)"}],
}
DRIFTED = (
    DRIFTED_MODEL,
    component("feature-pipeline"),
    component(
        "training-data",
        "Drifted",
        "value: production has 2026-11-21, staging has 2026-11-20",
        kind="setting",
        differences=[{"fact": "value", "production": "2026-11-21", "staging": "2026-11-20"}],
    ),
)
FRAUD = seen(
    *DRIFTED,
    spec={"refresh": {"schedule": "0 6 * * 1-5", "timeZone": "Europe/Berlin"}},
    summary="2 of 3 drifted: fraud-model, training-data",
    nextRefreshTime="2026-11-23T05:00:00Z",
    plan=PLAN,
)
BELIEVED = belief(FRAUD, SETTLED, NOW)


def shown(lines: Sequence[Text]) -> str:
    return "\n".join(line.plain for line in lines)


def test_both_pages_show_what_check_prints() -> None:
    told = shown(answer_lines([answer(FRAUD, BELIEVED, NOW)], namespaces=False))

    assert f"check fraud; echo $?\n{told}\n3\n" in README
    assert f"check fraud -n ml-staging; echo $?\n{told}\n3\n" in COMMANDS


def test_the_page_shows_what_status_diff_and_plan_print() -> None:
    screens = {
        "status": status_screen(FRAUD, BELIEVED, NOW),
        "diff": diff_screen(FRAUD, BELIEVED, NOW),
        "plan": plan_screen(FRAUD, BELIEVED),
    }

    for command, lines in screens.items():
        assert f"$ kubectl stagingmirror {command} fraud\n{shown(lines)}\n" in COMMANDS


def test_the_page_shows_what_accept_prints() -> None:
    (model,) = (each for each in FRAUD.status.components if each.name == "fraud-model")
    wanted = Wanted("loaded on Mondays", "2027-01-31T00:00:00Z", "dataSnapshot", with_values=True)
    flags = '--fact dataSnapshot --values --until 2027-01-31 --reason "loaded on Mondays"'

    told = "\n".join(entries(FRAUD, model, wanted))

    assert f"$ kubectl stagingmirror accept fraud fraud-model {flags}\n{told}\n" in COMMANDS


def test_the_page_shows_what_parity_prints() -> None:
    found = "likely times 0.9091, noise 0, largest 23.2 (0.0256 allowed)"
    counts = {
        "amount": f"number: 60 of 60 differ, {found}",
        "country": "text: 0 of 60 differ, noise 0",
        "last_login": "time: 0 of 60 differ, noise 0",
    }
    compared = component(
        "feature-parity",
        "Drifted",
        f"values.amount: production has no difference, staging has 60 of 60 differ, {found}",
        kind="featureParity",
        staging={"samples": "60", "probed": ago(8)}
        | {f"counts.{name}": text for name, text in counts.items()},
    )
    mirror = seen(compared)

    told = shown(parity_screen(mirror.status.components, belief(mirror, SETTLED, NOW), NOW))

    assert f"$ kubectl stagingmirror parity fraud\n{told}\n" in COMMANDS
    first = "\n".join(told.splitlines()[:4])
    assert f"$ kubectl stagingmirror parity fraud\n{first}\n" in README


def under_way(phase: str, *states: str, message: str = "") -> Mirror:
    steps = [
        planned | {"id": step.id, "state": state}
        for planned, step, state in zip(PLAN["steps"], STEPS, states, strict=True)
    ]
    told = {"id": "r", "token": "t", "phase": phase, "message": message, "steps": steps}
    return seen(*DRIFTED, refresh=told)


def test_the_page_shows_what_a_refresh_prints() -> None:
    follower, lines = Follower("t", 0.0), []
    for now, mirror in (
        (0.0, under_way("Prepare", "Started", "Pending", "Pending")),
        (4.0, under_way("Switch", "Taken", "Started", "Pending")),
        (4.5, under_way("Switch", "Taken", "Taken", "Started")),
        (
            5.6,
            under_way(
                "Verify",
                "Taken",
                "Taken",
                "Taken",
                message="Deployment fraud-server: 1 of 3 pods updated, 0 of them ready",
            ),
        ),
    ):
        lines += follower.news(mirror, now)
    done = {"id": "r", "token": "t", "result": "Succeeded"}
    after = seen(component("fraud-model"), refreshes=[done])
    entry = ended_refresh(after, "t")
    assert entry is not None
    lines += end_lines(after, entry, 21.0)

    assert f"$ kubectl stagingmirror refresh fraud --wait\n{shown(lines)}\n" in COMMANDS


def test_the_page_shows_what_history_prints() -> None:
    refreshed = {
        "id": "r",
        "trigger": "Manual",
        "result": "Succeeded",
        "message": "1 of 1 applied and verified in 21 s",
        "started": ago(621),
        "finished": ago(600),
    }
    version_12 = {"version": "12", "contentHash": BYTES}
    deploys = [
        rolled_out("staging", 603.0, {"version": "8", "contentHash": BYTES}, ()),
        rolled_out("production", 11520.0, version_12, ("contentHash",)),
    ]
    mirror = seen(component("fraud-model"), refreshes=[refreshed], deploys=deploys)

    told = shown(history_screen(mirror, NOW))

    assert f"$ kubectl stagingmirror history fraud\n{told}\n" in COMMANDS


def rolled_out(
    side: str, age: float, provenance: dict[str, str], mismatch: tuple[str, ...]
) -> dict[str, object]:
    workload = "Deployment fraud-server"
    deploy = Deploy(
        DeployKey("fraud-model", "staging" if side == "staging" else "production"),
        {workload: "1"},
        (workload,),
        NOW - age,
        provenance,
        verified=True,
        mismatch=mismatch,
    )
    return deploy_to_dict(deploy) | {"at": ago(age)}
