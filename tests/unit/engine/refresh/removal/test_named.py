"""What names an old copy, so that it stays."""

from collections.abc import Mapping
from typing import Any

import pytest

from support.kinds.records import a_record, an_entry
from support.objectstore.fake_s3 import BUCKET
from support.objectstore.old_copies import (
    FOLDER,
    HASHES,
    Mirror,
    a_mirror,
    objects,
)

TEXT = f"s3://{BUCKET}/{FOLDER}/{HASHES[0]}"
POD = {"spec": {"containers": [{"env": [{"name": "URI", "value": TEXT}]}]}}
TEMPLATE = {"template": POD}
RUNNING = {**POD, "status": {"phase": "Running"}}
NAMES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "a pod": ("/api/v1/namespaces/ml-staging/pods/p", RUNNING),
    "a pod that is being deleted": (
        "/api/v1/namespaces/ml-staging/pods/p",
        {**RUNNING, "metadata": {"deletionTimestamp": "2026-11-25T06:00:00Z"}},
    ),
    "a pod of a production of this cluster": ("/api/v1/namespaces/ml-prod/pods/p", RUNNING),
    "a Deployment": ("/apis/apps/v1/namespaces/ml-staging/deployments/d", {"spec": TEMPLATE}),
    "a ReplicaSet with replicas": (
        "/apis/apps/v1/namespaces/ml-staging/replicasets/r",
        {"spec": {"replicas": 1, **TEMPLATE}},
    ),
    "a StatefulSet": ("/apis/apps/v1/namespaces/ml-staging/statefulsets/s", {"spec": TEMPLATE}),
    "a StatefulSet whose former template nobody shows": (
        "/apis/apps/v1/namespaces/ml-staging/statefulsets/s",
        {"status": {"currentRevision": "s-1", "updateRevision": "s-2"}},
    ),
    "a DaemonSet": ("/apis/apps/v1/namespaces/ml-staging/daemonsets/d", {"spec": TEMPLATE}),
    "a CronJob": ("/apis/batch/v1/namespaces/ml-staging/cronjobs/c", {"spec": {"job": TEMPLATE}}),
    "a Job": ("/apis/batch/v1/namespaces/ml-staging/jobs/j", {"spec": TEMPLATE}),
    "an InferenceService": (
        "/apis/serving.kserve.io/v1beta1/namespaces/ml-staging/inferenceservices/i",
        {"spec": {"predictor": {"model": {"storageUri": f"{TEXT}/"}}}},
    ),
    "a Rollout": (
        "/apis/argoproj.io/v1alpha1/namespaces/ml-staging/rollouts/r",
        {"spec": TEMPLATE},
    ),
    "a ConfigMap, by the last part alone": (
        "/api/v1/namespaces/ml-staging/configmaps/c",
        {"data": {"VERSION": HASHES[0]}},
    ),
}


def given(mirror: Mirror, path: str, body: dict[str, Any]) -> None:
    name = path.rpartition("/")[2]
    mirror.server.put(path, {**body, "metadata": {"name": name, **body.get("metadata", {})}})


@pytest.mark.parametrize("what", NAMES)
async def test_what_anything_names_stays(what: str) -> None:
    async with a_mirror() as mirror:
        given(mirror, *NAMES[what])

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()


async def test_what_was_named_is_removed_once_nothing_names_it_and_not_asked_for_all_the_time() -> (
    None
):
    async with a_mirror() as mirror:
        path, body = NAMES["a pod"]
        given(mirror, path, body)
        await mirror.tend(keep=2)
        requests = len(mirror.server.requests)
        await mirror.tend(keep=2)
        assert len(mirror.server.requests) == requests

        del mirror.server.objects[path]
        mirror.check.at = 0.0
        await mirror.tend(keep=2)

        assert mirror.store.objects == objects(*HASHES[1:])


STABLE = {"ownerReferences": [{"kind": "Rollout", "name": "r"}]}
OVER: Mapping[str, tuple[str, dict[str, Any]]] = {
    "a pod that has ended": (
        "/api/v1/namespaces/ml-staging/pods/p",
        {**POD, "status": {"phase": "Succeeded"}},
    ),
    "a Job that has ended": (
        "/apis/batch/v1/namespaces/ml-staging/jobs/j",
        {"spec": TEMPLATE, "status": {"conditions": [{"type": "Complete", "status": "True"}]}},
    ),
    "a ReplicaSet of a former rollout": (
        "/apis/apps/v1/namespaces/ml-staging/replicasets/r",
        {"spec": {"replicas": 0, **TEMPLATE}},
    ),
}


@pytest.mark.parametrize("what", OVER)
async def test_what_starts_no_pod_any_more_names_nothing(what: str) -> None:
    async with a_mirror() as mirror:
        given(mirror, *OVER[what])
        await mirror.tend(keep=2)

        assert mirror.store.objects == objects(*HASHES[1:])


async def test_the_stable_one_of_a_rollout_names_it_also_without_replicas() -> None:
    async with a_mirror() as mirror:
        path, body = OVER["a ReplicaSet of a former rollout"]
        metadata = {**STABLE, "labels": {"rollouts-pod-template-hash": "one"}}
        given(mirror, path, {**body, "metadata": metadata})
        rollout = "/apis/argoproj.io/v1alpha1/namespaces/ml-staging/rollouts/r"
        given(mirror, rollout, {"status": {"stableRS": "one"}})
        await mirror.tend(keep=2)

        assert mirror.stays()


@pytest.mark.parametrize("plural", ["pods", "replicasets", "configmaps", "mirrorenvironments"])
@pytest.mark.parametrize("fate", [403, "down"])
async def test_what_cannot_be_read_may_name_it(plural: str, fate: Any) -> None:
    async with a_mirror() as mirror:
        mirror.server.fates, mirror.server.for_ever = {("GET", f"/{plural}"): [fate]}, True

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()


async def test_what_cannot_be_understood_may_name_it_and_ends_no_pass() -> None:
    async with a_mirror() as mirror:
        job = {"spec": TEMPLATE, "status": {"conditions": [{"status": "True"}]}}
        given(mirror, "/apis/batch/v1/namespaces/ml-staging/jobs/j", job)

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()
        assert mirror.check.running is None


@pytest.mark.parametrize(("groups", "stays"), [(["apps"], False), (["argoproj.io"], True)])
@pytest.mark.parametrize("fate", [403, 404])
async def test_a_kind_that_is_not_installed_names_nothing(
    groups: list[str], stays: bool, fate: int
) -> None:
    async with a_mirror() as mirror:
        mirror.server.fates, mirror.server.for_ever = {("GET", "/rollouts"): [fate]}, True
        named = [{"name": each} for each in groups]
        listed = {"kind": "APIGroupList", "apiVersion": "v1", "groups": named, "metadata": {}}
        mirror.server.put("/apis", listed)
        await mirror.tend(keep=2)

        assert mirror.stays() is stays


async def test_what_a_rollback_of_another_mirror_may_restore_stays() -> None:
    async with a_mirror() as mirror:
        entry = an_entry("Started", before={"uid": "x", "entries": [TEXT]})
        await mirror.removal.records.begin(a_record(entry, uid="uid-2", name="other"))
        await mirror.tend(keep=0)

        assert mirror.stays()
