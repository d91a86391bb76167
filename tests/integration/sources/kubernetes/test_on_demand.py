"""Kinds that a cluster may not have, on the real API server: they come, go, and are forbidden."""

import time
from collections.abc import AsyncIterator

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.drift.facts import Unseen
from stagingmirror.sources.kubernetes.subjects import OWN, WorkloadSubject
from support.controllers.argo_rollouts import ArgoRollouts, rollout
from support.controllers.crds import INFERENCE_SERVICE, ROLLOUT, install, remove
from support.controllers.kserve import KServe, custom_part, inference_service
from support.kubernetes.cluster_bodies import bare_deployment
from support.kubernetes.cluster_watch import Watching, watching
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.pods import play
from support.operators.waiting import holds

pytestmark = pytest.mark.integration
BASE = [
    {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "replicasets"]},
    {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"]},
    {"apiGroups": [""], "resources": ["pods", "configmaps"]},
]


@pytest.fixture
async def seen(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Watching]:
    async with watching(control_plane.kubeconfig, namespace) as watched:
        yield watched


def reason(seen: Watching, subject: WorkloadSubject) -> str:
    """Why there is no answer, else whether it is settled."""
    answer = seen.source.get(subject)
    if isinstance(answer, Unseen):
        return str(answer.why.reason)
    if answer.value is None:
        return "absent"
    why = answer.value.unsettled
    return "settled" if why is None else str(why.reason)


async def test_a_definition_comes_and_goes(kube: Kube, namespace: str, seen: Watching) -> None:
    remove(kube, ROLLOUT)
    web = WorkloadSubject(OWN, "Rollout", namespace, "web")
    kube.apply(bare_deployment(namespace))
    seen.source.want(web, 30.0)
    await holds(lambda: reason(seen, web) == "KindNotInstalled", within=20)
    assert seen.source.ready
    assert seen.look(namespace, "web").trouble is None

    install(kube, ROLLOUT)
    await seen.source.prove([web], time.time())
    assert reason(seen, web) == "absent"
    with Kubelet(kube, [namespace]), ArgoRollouts(kube, [namespace]):
        kube.apply(rollout("web", namespace, "app:1"))
        await holds(lambda: reason(seen, web) == "settled", within=30)
    found = seen.workload(namespace, "web", "Rollout")
    assert [pod.containers["app"].image for pod in found.pods] == ["app:1", "app:1"]

    remove(kube, ROLLOUT)
    await holds(lambda: reason(seen, web) == "KindNotInstalled", within=30)
    assert seen.look(namespace, "web").trouble is None


async def test_an_account_that_may_not_read_a_kind_reads_all_others(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    install(kube, ROLLOUT)
    kubeconfig = control_plane.service_account(namespace, "reader")
    rbac = "rbac.authorization.k8s.io"
    metadata = {"name": "reader", "namespace": namespace}
    rules = [{**rule, "verbs": ["get", "list", "watch"]} for rule in BASE]
    subject = {"kind": "ServiceAccount", **metadata}
    reference = {"apiGroup": rbac, "kind": "Role", "name": "reader"}
    kube.apply(
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": reference,
            "subjects": [subject],
        },
    )
    kube.apply(bare_deployment(namespace))
    web = WorkloadSubject(OWN, "Rollout", namespace, "web")
    async with watching(kubeconfig, namespace) as seen:
        await holds(lambda: seen.has(namespace, "web"))
        seen.source.want(web, 30.0)
        await holds(lambda: reason(seen, web) == "Forbidden", within=20)
        assert seen.source.ready
        assert seen.look(namespace, "web").trouble is None

        remove(kube, ROLLOUT)
        await seen.source.prove([web], time.time())
        await holds(lambda: reason(seen, web) == "KindNotInstalled", within=20)


async def test_an_inference_service_is_settled_with_its_deployment(
    kube: Kube, namespace: str, seen: Watching
) -> None:
    install(kube, INFERENCE_SERVICE)
    ranker = WorkloadSubject(OWN, "InferenceService", namespace, "ranker")
    seen.source.want(ranker, 30.0)
    await holds(lambda: reason(seen, ranker) == "absent", within=20)

    with Kubelet(kube, [namespace]), KServe(kube, [namespace]):
        kube.apply(inference_service("ranker", namespace, variables={"VERSION": "7"}))
        await holds(lambda: reason(seen, ranker) == "settled", within=30)

    found = seen.workload(namespace, "ranker", "InferenceService")
    (pod,) = found.pods
    assert pod.containers["kserve-container"].variables["VERSION"].value == "7"


async def test_a_part_of_an_inference_service_comes_with_its_own_deployment(
    kube: Kube, namespace: str, seen: Watching
) -> None:
    """It alone is wanted; that it is declared, and its pods, are announced as changes of it."""
    install(kube, INFERENCE_SERVICE)
    transformer = WorkloadSubject(OWN, "Transformer", namespace, "ranker")
    seen.source.want(transformer, 30.0)
    await holds(lambda: reason(seen, transformer) == "absent", within=20)

    with Kubelet(kube, [namespace]), KServe(kube, [namespace]):
        kube.apply(inference_service("ranker", namespace))
        predictor = WorkloadSubject(OWN, "InferenceService", namespace, "ranker")
        await holds(lambda: reason(seen, predictor) == "settled", within=30)
        assert reason(seen, transformer) == "absent"

        seen.told.clear()
        kube.apply(inference_service("ranker", namespace, transformer=custom_part("t:1")))
        await holds(lambda: reason(seen, transformer) == "settled", within=30)

    assert transformer in seen.told
    (pod,) = seen.workload(namespace, "ranker", "Transformer").pods
    assert pod.containers["kserve-container"].image == "t:1"


async def test_a_daemon_set_is_settled_when_all_its_pods_are_of_the_newest_template(
    kube: Kube, namespace: str, seen: Watching
) -> None:
    node = f"node-{namespace}"
    agent = WorkloadSubject(OWN, "DaemonSet", namespace, "web")
    body = bare_deployment(namespace) | {"kind": "DaemonSet"}
    del body["spec"]["replicas"]
    body["spec"]["template"]["spec"]["nodeSelector"] = {"only": namespace}
    seen.source.want(agent, 30.0)
    kube.apply(body)
    await holds(lambda: reason(seen, agent) == "settled", within=20)
    assert seen.workload(namespace, "web", "DaemonSet").no_pods == "no node is to run it"

    metadata = {"name": node, "labels": {"only": namespace}}
    kube.create({"apiVersion": "v1", "kind": "Node", "metadata": metadata})
    try:
        for image in ("app:1", "app:2"):
            body["spec"]["template"]["spec"]["containers"][0]["image"] = image
            kube.apply(body)

            def runs(image: str = image) -> bool:
                play(kube, namespace, "sha256:aa")
                found = seen.workload(namespace, "web", "DaemonSet")
                images = {pod.containers["app"].image for pod in found.pods}
                return found.unsettled is None and images == {image}

            await holds(runs, within=40)
    finally:
        kube.delete("v1", "Node", node)
