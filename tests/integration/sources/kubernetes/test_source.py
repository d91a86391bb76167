"""What is seen of workloads and ConfigMaps on a real API server with its real controllers.

There is no kubelet: tests write the status of pods as one would.
"""

import asyncio
import math
import time
from functools import partial
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.drift.facts import Unseen
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapSubject, WorkloadSubject
from stagingmirror.view import Observed
from support.kubernetes.cluster_bodies import bare_config_map
from support.kubernetes.cluster_watch import subject, watching
from support.kubernetes.kubelet import play
from support.kubernetes.listing import list_namespaces
from support.operators.rigs import make_namespace
from support.operators.waiting import holds

pytestmark = pytest.mark.integration

Body = dict[str, Any]


def template(image: str, **variables: str) -> Body:
    env = [{"name": name, "value": value} for name, value in variables.items()]
    return {
        "metadata": {"labels": {"app": "app"}},
        "spec": {"containers": [{"name": "app", "image": image, "env": env}]},
    }


def deployment(namespace: str, image: str, *, replicas: int = 2, **variables: str) -> Body:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "app"}},
            "template": template(image, **variables),
        },
    }


def stateful_set(namespace: str, image: str) -> Body:
    body = deployment(namespace, image, replicas=1)
    body["kind"] = "StatefulSet"
    body["spec"]["serviceName"] = "web"
    return body


def cron_job(namespace: str, image: str) -> Body:
    run: Body = {"template": template(image)}
    run["template"]["spec"]["restartPolicy"] = "Never"
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "load", "namespace": namespace},
        "spec": {"schedule": "@yearly", "suspend": True, "jobTemplate": {"spec": run}},
    }


async def test_a_rollout_is_seen_from_the_old_digest_by_rolling_out_to_the_new_one(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with watching(control_plane.kubeconfig, namespace) as seen:

        def runs(digest: str) -> bool:
            play(kube, namespace, digest)
            if not seen.has(namespace, "web"):
                return False
            web = seen.workload(namespace, "web")
            settled.append((web.unsettled is None, tuple(sorted(digests_of(web.pods)))))
            return web.unsettled is None and digests_of(web.pods) == [f"registry/app@{digest}"] * 2

        def digests_of(pods: Any) -> list[str]:
            return [one.image_ids["app"] for one in pods if one.ready]

        settled: list[tuple[bool, tuple[str, ...]]] = []
        kube.apply(deployment(namespace, "app:1", VERSION="7"))
        await holds(lambda: runs("sha256:aa"))
        web = seen.workload(namespace, "web")
        assert web.pods[0].containers["app"].variables["VERSION"].value == "7"
        assert web.revision == "1"
        assert subject("Deployment", namespace, "web") in seen.told

        settled.clear()
        kube.apply(deployment(namespace, "app:2", VERSION="8"))
        await holds(lambda: runs("sha256:bb"), within=40)

        assert seen.workload(namespace, "web").revision == "2"
        # Whenever it looked settled, all of the running pods were of one sort.
        mixed = [digests for is_settled, digests in settled if is_settled and len(set(digests)) > 1]
        assert mixed == []


async def test_a_roll_back_makes_the_former_template_the_newest_one_again(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with watching(control_plane.kubeconfig, namespace) as seen:

        def settled(image: str, revision: str) -> bool:
            play(kube, namespace, "sha256:aa")
            if not seen.has(namespace, "web"):
                return False
            web = seen.workload(namespace, "web")
            images = {one.containers["app"].image for one in web.pods}
            return web.unsettled is None and images == {image} and web.revision == revision

        for image, revision in (("app:1", "1"), ("app:2", "2"), ("app:1", "3")):
            kube.apply(deployment(namespace, image))
            await holds(partial(settled, image, revision), within=40)


async def test_a_stateful_set_is_its_pods_of_the_newest_revision(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with watching(control_plane.kubeconfig, namespace) as seen:

        def runs(image: str) -> bool:
            play(kube, namespace, "sha256:aa")
            if not seen.has(namespace, "web", "StatefulSet"):
                return False
            found = seen.workload(namespace, "web", "StatefulSet")
            images = [one.containers["app"].image for one in found.pods if one.ready]
            return found.unsettled is None and images == [image]

        kube.apply(stateful_set(namespace, "app:1"))
        await holds(lambda: runs("app:1"))
        kube.apply(stateful_set(namespace, "app:2"))
        await holds(lambda: runs("app:2"), within=40)


async def test_a_cron_job_is_its_last_finished_job_of_its_present_template(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    def run(name: str) -> None:
        recipe = kube.get("batch/v1", "CronJob", "load", namespace)
        owner = {key: recipe[key] for key in ("apiVersion", "kind")}
        owner |= {key: recipe["metadata"][key] for key in ("name", "uid")}
        metadata = {"name": name, "namespace": namespace, "ownerReferences": [owner]}
        spec = recipe["spec"]["jobTemplate"]["spec"]
        kube.create({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})

    async with watching(control_plane.kubeconfig, namespace) as seen:

        def digests(expected: str) -> bool:
            found = seen.workload(namespace, "load", "CronJob")
            return [one.image_ids["app"] for one in found.pods if one.ready] == [
                f"registry/app@{expected}"
            ]

        def finished(digest: str) -> bool:
            play(kube, namespace, digest, phase="Succeeded")
            return digests(digest)

        kube.apply(cron_job(namespace, "load:1"))
        await holds(lambda: seen.has(namespace, "load", "CronJob"))
        assert seen.workload(namespace, "load", "CronJob").pods == ()
        run("load-1")
        await holds(lambda: finished("sha256:aa"))

        kube.apply(cron_job(namespace, "load:2"))
        await holds(lambda: seen.workload(namespace, "load", "CronJob").pods == ())
        run("load-2")
        await holds(lambda: finished("sha256:bb"))


async def test_a_config_map_tells_when_each_key_was_last_written(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    kube.apply(bare_config_map(namespace, snapshot="1", other="x"), manager="loader")
    async with watching(control_plane.kubeconfig, namespace) as seen:
        assert seen.config_map(namespace, "data") is None
        seen.source.want(subject("ConfigMap", namespace, "data"), math.inf)
        await holds(lambda: seen.config_map(namespace, "data") is not None)
        await asyncio.sleep(1.1)

        before = time.time()
        patch = {"data": {"snapshot": "2"}}
        kube.patch("v1", "ConfigMap", "data", namespace, patch, manager="person")
        await holds(partial(seen.reads, namespace, "data", snapshot="2"))

        found = seen.config_map(namespace, "data")
        assert found is not None
        assert found.data == {"snapshot": "2", "other": "x"}
        assert int(before) <= found.changed["snapshot"] <= time.time()
        assert found.changed["other"] < int(before)
        assert seen.told[-1] == subject("ConfigMap", namespace, "data")


async def test_data_of_a_config_map_that_nobody_reads_is_not_fetched(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with watching(control_plane.kubeconfig, namespace) as seen:
        listed = seen.calls["GET"]
        kube.apply(bare_config_map(namespace, "others", a="1"))
        await asyncio.sleep(0.3)

        assert seen.calls["GET"] == listed
        assert seen.told == []


async def test_what_comes_goes_and_comes_back_is_told_each_time(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    wanted = subject("ConfigMap", namespace, "data")
    async with watching(control_plane.kubeconfig, namespace) as seen:
        seen.source.want(wanted, math.inf)
        look = seen.source.get(ConfigMapSubject(OWN, namespace, "data"))
        assert isinstance(look, Observed)
        assert look.value is None

        for value in ("1", "2"):
            kube.apply(bare_config_map(namespace, a=value))
            await holds(partial(seen.reads, namespace, "data", a=value))
            seen.told.clear()
            kube.delete("v1", "ConfigMap", "data", namespace)
            await holds(lambda: wanted in seen.told)
            look = seen.source.get(ConfigMapSubject(OWN, namespace, "data"))
            assert isinstance(look, Observed)
            assert look.value is None


async def test_a_namespace_that_no_environment_lists_is_unseen(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    other = make_namespace(kube)
    kube.apply(deployment(other, "app:1"), bare_config_map(other, a="1"))
    async with watching(control_plane.kubeconfig, namespace) as seen:
        for look in (
            seen.source.get(WorkloadSubject(OWN, "Deployment", other, "web")),
            seen.source.get(ConfigMapSubject(OWN, other, "data")),
        ):
            assert isinstance(look, Unseen)
            assert look.why.reason == "NamespaceNotReadable"

        seen.source.want(subject("Deployment", other, "web"), math.inf)
        list_namespaces(seen.source, namespace, other)
        await holds(lambda: seen.has(other, "web"))
        assert subject("Deployment", other, "web") in seen.told

        list_namespaces(seen.source, namespace)
        await holds(
            lambda: isinstance(
                seen.source.get(WorkloadSubject(OWN, "Deployment", other, "web")), Unseen
            )
        )
    kube.delete("v1", "Namespace", other)
