"""What happens between production and staging in one day, and what StagingMirror says of it.

Every act asks the cluster; nothing is printed that was not answered. An answer other than the
story's ends it (NotAsToldError).
"""

import json
import shlex
import time
from collections.abc import Callable
from typing import Any, TypedDict

from demo.narrator import Narrator, NotAsToldError
from demo.stage import ALIAS, EXAMPLES, OPERATOR_NAMESPACE, PRODUCTION, REGISTERED, STAGING, Stage
from rig.models import client_of

IN_SYNC, DRIFTED, UNKNOWN = 0, 3, 4
REFRESH_FAILED = 1
HELD = "candidate 14"
PHASES = ("prepare", "switch")
SOON, A_ROLLOUT, PAST_STALE = 30.0, 120.0, 90.0


class Expected(TypedDict):
    holds: bool
    found: object


def tell(stage: Stage, narrator: Narrator) -> None:
    """The whole story, in order. Raises NotAsToldError."""
    for act in (
        _in_sync,
        _production_moves,
        _the_plan_and_the_refresh,
        _a_candidate_is_held,
        _a_bad_image_is_put_back,
        _bytes_are_overwritten,
        _production_is_silent,
        _the_operator_is_gone,
    ):
        act(stage, narrator)


def _in_sync(stage: Stage, say: Narrator) -> None:
    say.act("From an old model to in sync")
    applied = stage.kubectl("apply", "-f", str(EXAMPLES / "mirror.yaml"))
    say.command(f"kubectl apply -f {EXAMPLES.name}/mirror.yaml", applied)
    say.until("staging's model is another one", stage.status, _sync("Drifted"), within=SOON)
    _get(stage, say)
    _run(stage, say, "refresh", "fraud", "--wait")
    say.expect("the first refresh arrived and was verified", **_result(stage, "Succeeded"))
    say.until("staging is in sync with production", stage.status, _sync("InSync"), within=SOON)
    _get(stage, say)
    _check(stage, say, IN_SYNC)


def _production_moves(stage: Stage, say: Narrator) -> None:
    say.act("Production moves")
    say.say("It takes a new data snapshot,")
    data = json.dumps({"data": {"snapshot": "2026-11-22"}})
    stage.kubectl("-n", PRODUCTION, "patch", "configmap", "training-data", "-p", data)
    say.until("seen", stage.status, _differs("training-data", "value"), within=SOON)
    say.say("fixes its feature pipeline,")
    stage.set_image(PRODUCTION, stage.images["features-fixed"])
    say.until("seen", stage.status, _differs("feature-pipeline", "digest"), within=SOON)
    version = stage.train(PRODUCTION, seed=2, snapshot="2026-11-22")
    variable = f"MODEL_VERSION={version}"
    stage.kubectl("-n", PRODUCTION, "set", "env", "deployment/fraud-server", variable)
    stage.rolled_out(PRODUCTION, "fraud-server")
    say.say(f"has trained version {version} of its model and serves it.")
    say.until("seen", stage.status, _differs("fraud-model", "contentHash"), within=SOON)
    _get(stage, say)
    _run(stage, say, "status", "fraud")
    _run(stage, say, "diff", "fraud")
    _check(stage, say, DRIFTED)


def _the_plan_and_the_refresh(stage: Stage, say: Narrator) -> None:
    say.act("Staging follows")
    plan = _run(stage, say, "plan", "fraud")
    told = _run(stage, say, "refresh", "fraud", "--wait")
    say.expect("the refresh arrived and was verified", **_result(stage, "Succeeded"))
    say.expect(
        "it took the steps of the plan, and no others",
        holds=_steps(plan) == [step.partition(" done ")[0] for step in _steps(told, "done")],
        found=told,
    )
    _check(stage, say, IN_SYNC)
    digest = _digest_of(stage.images["features-fixed"])
    running = stage.running_digests("features")
    say.expect("staging's pods run production's image", holds=running == {digest}, found=running)


def _a_candidate_is_held(stage: Stage, say: Narrator) -> None:
    say.act("A candidate is held")
    options = ("--component", "feature-pipeline", "--for", "1h", "--reason", "candidate 14")
    _run(stage, say, "hold", "fraud", *options)
    stage.set_image(STAGING, stage.images["features"])
    candidate = _digest_of(stage.images["features"])
    say.until(
        "the mirror is Held, and shows the candidate",
        stage.status,
        lambda status: status.get("sync") == "Held" and candidate in json.dumps(status),
        within=SOON,
    )
    told = _run(stage, say, "status", "fraud")
    say.expect("it says by whom and why", holds=HELD in told, found=told)
    say.expect(
        "all that is not held is in sync",
        holds=_condition(stage.status(), "InSyncExceptHeld") == "True",
        found=stage.status().get("conditions"),
    )
    _run(stage, say, "release", "fraud")
    stage.set_image(STAGING, stage.images["features-fixed"])
    say.until("released and back in sync", stage.status, _sync("InSync"), within=SOON)
    _a_hold_is_a_file(stage, say)


def _a_hold_is_a_file(stage: Stage, say: Narrator) -> None:
    file = str(EXAMPLES / "hold.yaml")
    applied = stage.kubectl("apply", "-f", file)
    say.command(f"kubectl apply -f {EXAMPLES.name}/hold.yaml", applied)
    say.until("it holds the model", stage.status, _sync("Held"), within=SOON)
    say.command("kubectl get mirrorholds -A", stage.kubectl("get", "mirrorholds", "-A"))
    released = stage.kubectl("delete", "-f", file)
    say.command(f"kubectl delete -f {EXAMPLES.name}/hold.yaml", released)
    say.until("in sync without it", stage.status, _sync("InSync"), within=SOON)


def _a_bad_image_is_put_back(stage: Stage, say: Narrator) -> None:
    say.act("A refresh that does not arrive")
    before = stage.running_digests("features")
    stage.set_image(PRODUCTION, stage.images["needs-variable"])
    say.say("Production's next image wants a variable that staging does not have.")
    patience = json.dumps({"spec": {"refresh": {"rolloutTimeout": "15s"}}})
    stage.kubectl("-n", STAGING, "patch", "smir", "fraud", "--type=merge", "-p", patience)
    say.until("the drift is seen", stage.status, _sync("Drifted"), within=SOON)
    _run(stage, say, "refresh", "fraud", "--wait", expected=REFRESH_FAILED)
    say.expect("the refresh failed and was rolled back", **_result(stage, "RolledBack"))
    after = stage.running_digests("features")
    say.expect("staging runs what it ran before", holds=after == before, found=after)
    stage.set_image(PRODUCTION, stage.images["features-fixed"])
    say.until("in sync again", stage.status, _sync("InSync"), within=A_ROLLOUT)


def _bytes_are_overwritten(stage: Stage, say: Narrator) -> None:
    say.act("Somebody overwrites the model in staging")
    client = client_of(stage.mlflow[STAGING].probe)
    version = client.get_model_version_by_alias(REGISTERED, ALIAS).version
    file = stage.overwrite_a_file(version)
    say.say(f"{file} of version {version} has other bytes now, under the same number.")
    _run(stage, say, "check", "fraud", "--now", "--bytes", expected=DRIFTED)
    say.say("The check finds drift.")
    named = _run(stage, say, "diff", "fraud")
    say.expect("the file is named", holds=file in named, found=named)


def _production_is_silent(stage: Stage, say: Narrator) -> None:
    say.act("Production's MLflow is stopped")
    stage.mlflow[PRODUCTION].stop()
    say.until("nothing is claimed any more: Unknown", stage.status, _unknown, within=PAST_STALE)
    _get(stage, say)
    _check(stage, say, UNKNOWN)
    stage.mlflow[PRODUCTION].start()
    say.until("it answers again", stage.status, lambda s: not _unknown(s), within=A_ROLLOUT)


def _the_operator_is_gone(stage: Stage, say: Narrator) -> None:
    say.act("The operator is stopped")
    scale = ("scale", "deployment/stagingmirror", "--replicas=0")
    stage.kubectl("-n", OPERATOR_NAMESPACE, *scale)
    say.until(
        "check says that nothing is known",
        lambda: stage.stagingmirror("check", "fraud", "-n", STAGING).code,
        lambda code: code == UNKNOWN,
        within=PAST_STALE,
    )
    _check(stage, say, UNKNOWN)


def _get(stage: Stage, say: Narrator) -> None:
    output = stage.kubectl("get", "stagingmirrors", "-A")
    say.command("kubectl get stagingmirrors -A", output)


def _run(stage: Stage, say: Narrator, *arguments: str, expected: int = 0) -> str:
    """A command that a person could copy; NotAsToldError where it ends otherwise."""
    started = time.monotonic()
    words = (*arguments, "-n", STAGING)
    answer = stage.stagingmirror(*words)
    seconds = time.monotonic() - started
    say.command(f"kubectl stagingmirror {shlex.join(words)}", answer.text)
    if seconds > 10:
        say.say(f"  ({seconds:.0f} s)")
    if answer.code != expected:
        raise NotAsToldError(f"exit code {expected}: not so. Found: {answer.code}")
    return answer.text


def _check(stage: Stage, say: Narrator, expected: int) -> None:
    _run(stage, say, "check", "fraud", expected=expected)
    say.expect(f"exit code {expected}", holds=True, found=expected)


def _result(stage: Stage, wanted: str) -> Expected:
    """What `Narrator.expect` wants to know of the newest refresh."""
    newest = stage.status()["refreshes"][0]
    return {"holds": newest["result"] == wanted, "found": newest}


def _sync(wanted: str) -> Callable[[dict[str, Any]], bool]:
    return lambda status: status.get("sync") == wanted


def _unknown(status: dict[str, Any]) -> bool:
    return any(each["verdict"] == "Unknown" for each in status.get("components", []))


def _differs(component: str, fact: str) -> Callable[[dict[str, Any]], bool]:
    def differs(status: dict[str, Any]) -> bool:
        found = (each for each in status.get("components", []) if each["name"] == component)
        return any(
            difference["fact"] == fact
            for each in found
            if each["verdict"] == "Drifted"
            for difference in each["differences"]
        )

    return differs


def _condition(status: dict[str, Any], name: str) -> str | None:
    conditions = status.get("conditions", [])
    return next((each["status"] for each in conditions if each["type"] == name), None)


def _steps(told: str, state: str = "") -> list[str]:
    """The steps that a screen shows, of those in this state."""
    rows = (" ".join(line.split()) for line in told.splitlines())
    return [row for row in rows if row.startswith(PHASES) and f" {state}" in row]


def _digest_of(image: str) -> str:
    return image.rpartition("@")[2]
