"""What happens between production and staging in one day, and what StagingMirror says of it.

Every act asks the cluster; nothing is printed that was not answered. An answer other than the
story's ends it (NotAsToldError).
"""

import json
import time
from collections.abc import Callable
from typing import Any

from demo.narrator import Narrator
from demo.stage import ALIAS, EXAMPLES, OPERATOR_NAMESPACE, PRODUCTION, REGISTERED, STAGING, Stage
from rig.models import client_of

IN_SYNC, DRIFTED, UNKNOWN = 0, 3, 4
SOON, A_ROLLOUT, PAST_STALE = 30.0, 120.0, 90.0


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
    answer = _run(stage, say, "refresh", "fraud", "--wait")
    say.expect("the first refresh arrived and was verified", holds=answer == 0, found=answer)
    say.until("staging is in sync with production", stage.status, _sync("InSync"), within=SOON)
    _get(stage, say)
    _check(stage, say, IN_SYNC)


def _production_moves(stage: Stage, say: Narrator) -> None:
    say.act("Production moves")
    version = stage.train(PRODUCTION, seed=2, snapshot="2026-11-22")
    variable = f"MODEL_VERSION={version}"
    stage.kubectl("-n", PRODUCTION, "set", "env", "deployment/fraud-server", variable)
    data = json.dumps({"data": {"snapshot": "2026-11-22"}})
    stage.kubectl("-n", PRODUCTION, "patch", "configmap", "training-data", "-p", data)
    stage.set_image(PRODUCTION, stage.images["features-fixed"])
    stage.rolled_out(PRODUCTION, "fraud-server")
    say.say(
        f"Production trained version {version} and serves it, fixed its feature pipeline, "
        "and took a new data snapshot."
    )
    wanted = {"fraud-model", "feature-pipeline", "training-data"}
    say.until(
        "all three differences are on the status",
        stage.status,
        lambda status: _drifted(status) == wanted,
        within=SOON,
    )
    _get(stage, say)
    _run(stage, say, "status", "fraud")
    _run(stage, say, "diff", "fraud")
    _check(stage, say, DRIFTED)


def _the_plan_and_the_refresh(stage: Stage, say: Narrator) -> None:
    say.act("Staging follows")
    _run(stage, say, "plan", "fraud")
    answer = _run(stage, say, "refresh", "fraud", "--wait")
    say.expect("the refresh arrived and was verified", holds=answer == 0, found=answer)
    _check(stage, say, IN_SYNC)
    images = "jsonpath={.spec.template.spec.containers[0].image}"
    image = stage.kubectl("-n", STAGING, "get", "deployment/features", "-o", images)
    digest = stage.images["features-fixed"].rpartition("@")[2]
    say.expect("staging runs production's image", holds=image.endswith(digest), found=image)


def _a_candidate_is_held(stage: Stage, say: Narrator) -> None:
    say.act("A candidate is held")
    options = ("--component", "feature-pipeline", "--for", "1h", "--reason", "candidate 14")
    answer = _run(stage, say, "hold", "fraud", *options)
    say.expect("the hold is in effect", holds=answer == 0, found=answer)
    stage.set_image(STAGING, stage.images["features"])
    say.until("the mirror is Held, and says by whom", stage.status, _sync("Held"), within=SOON)
    _get(stage, say)
    say.expect(
        "all that is not held is in sync",
        holds=_condition(stage.status(), "InSyncExceptHeld") == "True",
        found=stage.status().get("conditions"),
    )
    _run(stage, say, "release", "fraud")
    stage.set_image(STAGING, stage.images["features-fixed"])
    say.until("released and back in sync", stage.status, _sync("InSync"), within=SOON)


def _a_bad_image_is_put_back(stage: Stage, say: Narrator) -> None:
    say.act("A refresh that does not arrive")
    before = _image(stage)
    stage.set_image(PRODUCTION, stage.images["needs-variable"])
    say.say("Production's next image wants a variable that staging does not have.")
    patience = json.dumps({"spec": {"refresh": {"rolloutTimeout": "15s"}}})
    stage.kubectl("-n", STAGING, "patch", "smir", "fraud", "--type=merge", "-p", patience)
    say.until("the drift is seen", stage.status, _sync("Drifted"), within=SOON)
    answer = _run(stage, say, "refresh", "fraud", "--wait")
    say.expect("the refresh failed", holds=answer != 0, found=answer)
    after = _image(stage)
    say.expect("staging runs what it ran before", holds=after == before, found=after)
    stage.rolled_out(STAGING, "features")
    stage.set_image(PRODUCTION, stage.images["features-fixed"])
    say.until("in sync again", stage.status, _sync("InSync"), within=A_ROLLOUT)


def _bytes_are_overwritten(stage: Stage, say: Narrator) -> None:
    say.act("Somebody overwrites the model in staging")
    client = client_of(stage.mlflow[STAGING].probe)
    version = client.get_model_version_by_alias(REGISTERED, ALIAS).version
    file = stage.overwrite_a_file(version)
    say.say(f"{file} of version {version} has other bytes now, under the same number.")
    answer = _run(stage, say, "check", "fraud", "--now", "--bytes")
    say.expect("the check finds drift", holds=answer == DRIFTED, found=answer)
    _run(stage, say, "diff", "fraud")
    named = json.dumps(stage.status())
    say.expect("the file is named", holds=f"contentHash/{file}" in named, found=named)


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


def _run(stage: Stage, say: Narrator, *arguments: str) -> int:
    started = time.monotonic()
    answer = stage.stagingmirror(*arguments, "-n", STAGING)
    seconds = time.monotonic() - started
    say.command(f"kubectl stagingmirror {' '.join(arguments)}", answer.text)
    if seconds > 10:
        say.say(f"  ({seconds:.0f} s)")
    return answer.code


def _check(stage: Stage, say: Narrator, expected: int) -> None:
    code = _run(stage, say, "check", "fraud")
    say.expect(f"exit code {expected}", holds=code == expected, found=code)


def _sync(wanted: str) -> Callable[[dict[str, Any]], bool]:
    return lambda status: status.get("sync") == wanted


def _unknown(status: dict[str, Any]) -> bool:
    return any(each["verdict"] == "Unknown" for each in status.get("components", []))


def _drifted(status: dict[str, Any]) -> set[str]:
    components = status.get("components", [])
    return {each["name"] for each in components if each["verdict"] == "Drifted"}


def _condition(status: dict[str, Any], name: str) -> str | None:
    conditions = status.get("conditions", [])
    return next((each["status"] for each in conditions if each["type"] == name), None)


def _image(stage: Stage) -> str:
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return stage.kubectl("-n", STAGING, "get", "deployment/features", "-o", path)
