"""Somebody patches a constant of production's feature service: no image, no tag and no rollout
shows it. The same samples, sent to both sides, do.
"""

import json
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from demo import samples
from demo.connection import OPERATOR_NAMESPACE
from demo.demo_cluster import EXAMPLES, PRODUCTION, STAGING, DemoCluster
from demo.expectations import differs, sync
from demo.narrator import Narrator

COMPONENT = "feature-parity"
AMOUNT = "values.features.amount"
SERVICE, CONSTANTS = "user-features", "feature-constants"
PATCHED = json.dumps({"data": {"constants.json": '{"factor": 1.1}'}})
LIKELY = "times 0.9091"
"""Of staging's amount, measured by production's: 1 / 1.1."""
# Production's cluster has none of our own.
OF_ALL = "configmaps,events,leases"
OF_OURS = f"stagingmirrors,mirrorenvironments,mirrorholds,mirrorinstallations,{OF_ALL}"
SOON = 30.0
Run = Callable[..., str]


def run(demo: DemoCluster, narrator: Narrator, command: Run) -> None:
    """``command``: runs a command as `kubectl stagingmirror`, checks its exit code and shows it."""
    narrator.act("All is in sync, and a constant is patched in production")
    applied = demo.kubectl("apply", "-f", str(EXAMPLES / "feature-parity.yaml"))
    narrator.command(f"kubectl apply -f {EXAMPLES.name}/feature-parity.yaml", applied)
    narrator.until(
        "both sides make the same vectors of the samples",
        demo.status,
        lambda status: sync("InSync")(status) and _probed(status) is not None,
        within=SOON,
    )
    command("parity", "fraud")
    before, running = _amount(demo, PRODUCTION), _running(demo)
    _patch(demo, narrator, PRODUCTION)
    narrator.until(
        f"production computes otherwise: {before} was amount of user {samples.USER}",
        lambda: _amount(demo, PRODUCTION),
        lambda found: found != before,
        within=SOON,
    )
    narrator.expect(
        "with the same pods of the same image", holds=_running(demo) == running, found=running
    )
    _found(demo, narrator, command)
    _patch(demo, narrator, STAGING)
    narrator.until(
        "staging computes as production",
        lambda: _amount(demo, STAGING),
        lambda found: found == _amount(demo, PRODUCTION),
        within=SOON,
    )
    command("check", "fraud", "--parity")
    narrator.expect("in sync again", holds=sync("InSync")(demo.status()), found=demo.status())
    _nothing_of_the_samples_is_kept(demo, narrator, f"{before}")


def _found(demo: DemoCluster, narrator: Narrator, command: Run) -> None:
    command("check", "fraud")
    probed = _probed(demo.status())
    assert probed is not None
    age = (datetime.now(UTC) - datetime.fromisoformat(probed)).total_seconds()
    narrator.line(f"It claims what was compared {age:.0f} s ago. To compare now:")
    command("check", "fraud", "--parity", expected=3)
    status = demo.status()
    narrator.expect("the feature is named", holds=differs(COMPONENT, AMOUNT)(status), found=status)
    table = command("parity", "fraud")
    row = next((line for line in table.splitlines() if "features.amount" in line), "")
    narrator.expect(
        f"with the factor: staging's amount is production's {LIKELY}",
        holds=LIKELY in row and row.split().count(f"{samples.COUNT}") == 2,
        found=table,
    )


def _patch(demo: DemoCluster, narrator: Narrator, namespace: str) -> None:
    words = ("patch", "configmap", CONSTANTS, "-p", PATCHED)
    patched = demo.within(namespace, *words)
    narrator.command(f"kubectl -n {namespace} {shlex.join(words)}", patched)
    # The kubelet brings a ConfigMap into a running pod with its next sync of the pod, up to a
    # minute later; any change of the pod's metadata is a sync at once. The container runs on.
    demo.within(
        namespace, "annotate", "pods", "-l", f"app={SERVICE}", "--overwrite", "demo/constants=new"
    )


def _amount(demo: DemoCluster, namespace: str) -> float:
    """What the side's service answers, through its API server: not by what the mirror observes."""
    service = f"/api/v1/namespaces/{namespace}/services/{SERVICE}:8080/proxy/features"
    text = demo.within(
        namespace, "create", "--raw", service, "-f", "-", given=samples.line(samples.USER)
    )
    amount: float = json.loads(text)["features"]["amount"]
    return amount


def _running(demo: DemoCluster) -> Any:
    """Of production's service: its Deployment's generation, its pods and their images."""
    deployment = demo.within(PRODUCTION, "get", "deployment", SERVICE, "-o", "json")
    pods = demo.within(PRODUCTION, "get", "pods", "-l", f"app={SERVICE}", "-o", "json")
    return json.loads(deployment)["metadata"]["generation"], [
        (pod["metadata"]["uid"], status["imageID"], status["restartCount"])
        for pod in json.loads(pods)["items"]
        for status in pod["status"]["containerStatuses"]
    ]


def _probed(status: dict[str, Any]) -> str | None:
    """When the samples were sent last, where an answer counts."""
    found = (each for each in status.get("components", []) if each["name"] == COMPONENT)
    return next((each.get("staging", {}).get("probed") for each in found), None)


def _nothing_of_the_samples_is_kept(demo: DemoCluster, narrator: Narrator, amount: str) -> None:
    """``amount``: a value that was answered."""
    found = {
        f"{each['kind']} {each['metadata']['name']}"
        for namespace, kinds in ((PRODUCTION, OF_ALL), (STAGING, OF_OURS))
        for each in json.loads(demo.within(namespace, "get", kinds, "-A", "-o", "json"))["items"]
        if _holds(json.dumps(each), amount)
    }
    narrator.expect(
        "no resource holds a sample or a value that was answered, but for the samples themselves",
        holds=found == {f"ConfigMap {samples.CONFIG_MAP}"},
        found=found,
    )
    names = demo.kubectl("-n", OPERATOR_NAMESPACE, "get", "pods", "-o", "name").split()
    texts = [demo.kubectl("-n", OPERATOR_NAMESPACE, "logs", name) for name in names]
    texts += [demo.kubectl("get", "--raw", _metrics_of(name)) for name in names]
    narrator.expect(
        "nor does the operator's log, nor do its metrics",
        holds=all(texts) and not any(_holds(text, amount) for text in texts),
        found=[text for text in texts if _holds(text, amount)],
    )


def _holds(text: str, amount: str) -> bool:
    return samples.MARK in text or amount in text


def _metrics_of(pod: str) -> str:
    name = pod.partition("/")[2]
    return f"/api/v1/namespaces/{OPERATOR_NAMESPACE}/pods/{name}:8080/proxy/metrics"
