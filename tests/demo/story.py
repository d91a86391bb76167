"""What happens between production and staging in one day, and what StagingMirror reports.

Every act prints only what the cluster answered. NotAsExpectedError ends the story.
"""

import json
import shlex
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypedDict

from demo.acts import only_read, same_vectors, smaller_staging
from demo.connection import OPERATOR_NAMESPACE
from demo.demo_cluster import (
    ALIAS,
    EXAMPLES,
    PRODUCTION,
    REGISTERED,
    STAGING,
    DemoCluster,
)
from demo.expectations import condition, differs, digest_of, seen, steps, sync, unknown
from demo.narrator import Narrator, NotAsExpectedError
from rig.models import client_of

IN_SYNC, DRIFTED, UNKNOWN, REFRESH_FAILED = 0, 3, 4, 1
HELD = "candidate 14"
STORAGE_URI = "{.spec.predictor.model.storageUri}"
SOON, A_ROLLOUT, PAST_STALE = 30.0, 120.0, 90.0


class Expected(TypedDict):
    holds: bool
    found: object


def _in_sync(demo: DemoCluster, narrator: Narrator) -> None:
    narrator.act("From an old model to in sync")
    applied = demo.kubectl("apply", "-f", str(EXAMPLES / "mirror.yaml"))
    narrator.command(f"kubectl apply -f {EXAMPLES.name}/mirror.yaml", applied)
    narrator.until("staging has another model", demo.status, sync("Drifted"), within=SOON)
    _get(demo, narrator)
    _run(demo, narrator, "refresh", "fraud", "--wait")
    narrator.expect("the first refresh succeeded and was verified", **_result(demo, "Succeeded"))
    narrator.until("staging is in sync with production", demo.status, sync("InSync"), within=SOON)
    _get(demo, narrator)
    _check(demo, narrator, IN_SYNC)


def _production_moves(demo: DemoCluster, narrator: Narrator) -> None:
    narrator.act("Production moves")
    narrator.line("It takes a new data snapshot,")
    data = json.dumps({"data": {"snapshot": "2026-11-22"}})
    demo.within(PRODUCTION, "patch", "configmap", "training-data", "-p", data)
    narrator.until("seen", demo.status, differs("training-data", "value"), within=SOON)
    narrator.line("fixes its feature pipeline,")
    demo.set_image(PRODUCTION, demo.images["features-fixed"])
    narrator.until("seen", demo.status, differs("feature-pipeline", "digest"), within=SOON)
    version = demo.train(PRODUCTION, seed=2, snapshot="2026-11-22")
    variable = f"MODEL_VERSION={version}"
    demo.within(PRODUCTION, "set", "env", "deployment/fraud-server", variable)
    demo.rolled_out(PRODUCTION, "fraud-server")
    narrator.line(f"and serves version {version} of its model, which it has just trained.")
    narrator.until("seen", demo.status, differs("fraud-model", "contentHash"), within=SOON)
    _get(demo, narrator)
    _run(demo, narrator, "status", "fraud")
    _run(demo, narrator, "diff", "fraud")
    _check(demo, narrator, DRIFTED)


def _the_plan_and_the_refresh(demo: DemoCluster, narrator: Narrator) -> None:
    narrator.act("Staging follows")
    plan = _run(demo, narrator, "plan", "fraud")
    output = _run(demo, narrator, "refresh", "fraud", "--wait")
    narrator.expect("the refresh succeeded and was verified", **_result(demo, "Succeeded"))
    narrator.expect(
        "it took the steps of the plan, and no others",
        holds=steps(plan) == [step.partition(" done ")[0] for step in steps(output, "done")],
        found=output,
    )
    _check(demo, narrator, IN_SYNC)
    digest = digest_of(demo.images["features-fixed"])
    running = demo.running_digests("features")
    narrator.expect(
        "staging's pods run production's image", holds=running == {digest}, found=running
    )


def _a_candidate_is_held(demo: DemoCluster, narrator: Narrator) -> None:
    narrator.act("A candidate is held")
    options = ("--component", "feature-pipeline", "--for", "1h", "--reason", "candidate 14")
    _run(demo, narrator, "hold", "fraud", *options)
    narrator.line("Staging gets the candidate: another image of its feature pipeline.")
    demo.set_image(STAGING, demo.images["features"])
    candidate = digest_of(demo.images["features"])
    narrator.until(
        "the mirror is Held, and shows the candidate",
        demo.status,
        lambda status: status.get("sync") == "Held" and candidate in json.dumps(status),
        within=SOON,
    )
    output = _run(demo, narrator, "status", "fraud")
    narrator.expect("it shows by whom and why", holds=HELD in output, found=output)
    narrator.expect(
        "all that is not held is in sync",
        holds=condition(demo.status(), "InSyncExceptHeld") == "True",
        found=demo.status().get("conditions"),
    )
    _run(demo, narrator, "release", "fraud")
    narrator.line("The test is over: staging gets production's image back.")
    demo.set_image(STAGING, demo.images["features-fixed"])
    narrator.until("released and back in sync", demo.status, sync("InSync"), within=SOON)
    _a_hold_is_a_file(demo, narrator)


def _a_hold_is_a_file(demo: DemoCluster, narrator: Narrator) -> None:
    file = str(EXAMPLES / "hold.yaml")
    applied = demo.kubectl("apply", "-f", file)
    narrator.command(f"kubectl apply -f {EXAMPLES.name}/hold.yaml", applied)
    narrator.until("it holds the model", demo.status, sync("Held"), within=SOON)
    narrator.command("kubectl get mirrorholds -A", demo.kubectl("get", "mirrorholds", "-A"))
    released = demo.kubectl("delete", "-f", file)
    narrator.command(f"kubectl delete -f {EXAMPLES.name}/hold.yaml", released)
    narrator.until("in sync without it", demo.status, sync("InSync"), within=SOON)


def _a_bad_image_is_rolled_back(demo: DemoCluster, narrator: Narrator) -> None:
    narrator.act("A refresh whose rollout fails")
    before = demo.running_digests("features")
    demo.set_image(PRODUCTION, demo.images["needs-variable"])
    narrator.line("Production's next image wants a variable that staging does not have.")
    patience = json.dumps({"spec": {"refresh": {"rolloutTimeout": "15s"}}})
    patch = ("-n", STAGING, "patch", "smir", "fraud", "--type=merge", "-p", patience)
    narrator.command(f"kubectl {shlex.join(patch)}", demo.kubectl(*patch))
    narrator.until("the drift is seen", demo.status, sync("Drifted"), within=SOON)
    _run(demo, narrator, "refresh", "fraud", "--wait", expected=REFRESH_FAILED)
    narrator.expect("the refresh failed and was rolled back", **_result(demo, "RolledBack"))
    after = demo.running_digests("features")
    narrator.expect("staging runs what it ran before", holds=after == before, found=after)
    demo.set_image(PRODUCTION, demo.images["features-fixed"])
    narrator.until("in sync again", demo.status, sync("InSync"), within=A_ROLLOUT)


def _bytes_are_overwritten(demo: DemoCluster, narrator: Narrator) -> None:
    narrator.act("Another process overwrites the model in staging")
    client = client_of(demo.mlflow[STAGING].probe)
    version = client.get_model_version_by_alias(REGISTERED, ALIAS).version
    file = demo.overwrite_a_file(version)
    narrator.line(f"{file} of version {version} has other bytes now, under the same number.")
    _run(demo, narrator, "check", "fraud", "--now", "--bytes", expected=DRIFTED)
    narrator.line("The check finds drift.")
    named = _run(demo, narrator, "diff", "fraud")
    narrator.expect("the file is named", holds=file in named, found=named)


def _a_file_of_a_model_is_overwritten(demo: DemoCluster, narrator: Narrator) -> None:
    narrator.act("A file of a KServe model is overwritten in production's bucket")
    assert demo.buckets is not None
    applied = demo.kubectl("apply", "-f", str(EXAMPLES / "model-files.yaml"))
    narrator.command(f"kubectl apply -f {EXAMPLES.name}/model-files.yaml", applied)
    ranker = partial(demo.status, "ranker")
    narrator.until("staging loads other files", ranker, sync("Drifted"), within=SOON)
    _run(demo, narrator, "refresh", "ranker", "--wait")
    narrator.until("copied, loaded and in sync", ranker, sync("InSync"), within=SOON)
    uri = demo.within(STAGING, "get", "inferenceservice", "ranker", "-o", f"jsonpath={STORAGE_URI}")
    narrator.expect(
        f"staging loads a copy in its own bucket, {uri}",
        holds=uri.startswith("s3://staging/models/ml-staging/ranker/"),
        found=uri,
    )
    file = demo.buckets.overwrite(PRODUCTION)
    narrator.line(f"{file} has other bytes now. No workload and no name has changed.")
    narrator.until("seen", ranker, differs("ranker", "contentHash"), within=SOON)
    named = _run(demo, narrator, "diff", "ranker")
    narrator.expect("the file is named", holds="weights.bin" in named, found=named)


def _an_index_is_rebuilt(demo: DemoCluster, narrator: Narrator) -> None:
    narrator.act("Production releases another ranker with the index that it searches")
    assert demo.buckets is not None
    uri = demo.buckets.release()
    time.sleep(1.1)  # a pod that starts in the second of a write proves nothing
    release = json.dumps({"spec": {"predictor": {"model": {"storageUri": f"{uri}/"}}}})
    demo.within(PRODUCTION, "patch", "inferenceservice", "ranker", "--type=merge", "-p", release)
    demo.buckets.build(PRODUCTION, "products-8", documents=400)
    applied = demo.kubectl("apply", "-f", str(EXAMPLES / "index-snapshot.yaml"))
    narrator.command(f"kubectl apply -f {EXAMPLES.name}/index-snapshot.yaml", applied)
    ranker = partial(demo.status, "ranker")
    narrator.until("seen", ranker, differs("product-index", "snapshot"), within=SOON)
    narrator.until("and the model", ranker, differs("ranker", "contentHash"), within=A_ROLLOUT)
    _run(demo, narrator, "refresh", "ranker", "--wait")
    narrator.until("both follow as one set", ranker, sync("InSync"), within=A_ROLLOUT)
    searched = demo.buckets.searched(STAGING)
    narrator.expect(
        f"staging searches {searched}", holds=searched.startswith("products-8"), found=searched
    )
    edited = demo.buckets.edit(STAGING)
    narrator.line(f"Somebody edits {edited}.")
    narrator.until("seen", ranker, differs("product-index", "contentSample"), within=PAST_STALE)
    _run(demo, narrator, "status", "ranker")


def _production_is_silent(demo: DemoCluster, narrator: Narrator) -> None:
    """All of production's that can be: in its own cluster, the API server too."""
    connection = demo.connection
    silenced = "API server and MLflow answer" if connection else "MLflow answers"
    narrator.act(f"Production's {silenced} no more")
    demo.mlflow[PRODUCTION].stop()
    if connection:
        connection.production.pause_api_server()
    silent = 3 if connection else 1
    narrator.until(
        f"of {silent} of 4 components nothing is claimed any more: Unknown",
        demo.status,
        lambda status: unknown(status) == silent,
        within=PAST_STALE,
    )
    _get(demo, narrator)
    _check(demo, narrator, UNKNOWN)
    if connection:
        connection.production.resume_api_server()
    demo.mlflow[PRODUCTION].start()
    narrator.until("production is seen again", demo.status, seen, within=A_ROLLOUT)


def _the_operator_is_gone(demo: DemoCluster, narrator: Narrator) -> None:
    narrator.act("The operator is stopped")
    scale = ("scale", "deployment/stagingmirror", "--replicas=0")
    demo.kubectl("-n", OPERATOR_NAMESPACE, *scale)
    narrator.until(
        "check reports that nothing is known",
        lambda: demo.stagingmirror("check", "fraud", "-n", STAGING).code,
        lambda code: code == UNKNOWN,
        within=PAST_STALE,
    )
    _check(demo, narrator, UNKNOWN)


def _get(demo: DemoCluster, narrator: Narrator) -> None:
    output = demo.kubectl("get", "stagingmirrors", "-A")
    narrator.command("kubectl get stagingmirrors -A", output)


def _run(demo: DemoCluster, narrator: Narrator, *arguments: str, expected: int = 0) -> str:
    """A command that a user could copy. NotAsExpectedError for another exit code."""
    started = time.monotonic()
    words = (*arguments, "-n", STAGING)
    answer = demo.stagingmirror(*words)
    seconds = time.monotonic() - started
    narrator.command(f"kubectl stagingmirror {shlex.join(words)}", answer.text)
    if seconds > 10:
        narrator.line(f"  ({seconds:.0f} s)")
    if answer.code != expected:
        raise NotAsExpectedError(f"exit code {expected}: no. Found: {answer.code}")
    return answer.text


def _check(demo: DemoCluster, narrator: Narrator, expected: int) -> None:
    _run(demo, narrator, "check", "fraud", expected=expected)
    narrator.expect(f"exit code {expected}", holds=True, found=expected)


def _result(demo: DemoCluster, wanted: str) -> Expected:
    """The arguments of `Narrator.expect` for the result of the newest refresh."""
    newest = demo.status()["refreshes"][0]
    return {"holds": newest["result"] == wanted, "found": newest}


Act = Callable[[DemoCluster, Narrator], None]


def _told_by(run: Callable[[DemoCluster, Narrator, Callable[..., str]], None]) -> Act:
    return lambda demo, narrator: run(demo, narrator, partial(_run, demo, narrator))


ACTS: Sequence[Act] = (
    _in_sync,
    _production_moves,
    _the_plan_and_the_refresh,
    _a_candidate_is_held,
    _a_bad_image_is_rolled_back,
    _told_by(smaller_staging.run),
    _told_by(same_vectors.run),
    _bytes_are_overwritten,
    _a_file_of_a_model_is_overwritten,
    _an_index_is_rebuilt,
    _production_is_silent,
    _the_operator_is_gone,
)


def run(demo: DemoCluster, narrator: Narrator) -> None:
    """The whole story, in order. Raises NotAsExpectedError."""
    if demo.connection:
        only_read.run(demo.connection, demo, narrator)
    for act in ACTS:
        act(demo, narrator)
    if demo.connection:
        only_read.what_was_requested(demo.connection, narrator)
