"""Loader Jobs: one run of a staging CronJob's template with one variable set."""

import copy
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from stagingmirror.errors import Conflicted, NotBegun, NotThere, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import LOADER, not_a_loader
from stagingmirror.sources.kubernetes.write.containers import Body
from stagingmirror.sources.kubernetes.write.step_errors import before_writing, rewritten
from stagingmirror.sources.kubernetes.write.writer import MERGE, Writer

REFRESH_LABEL = "stagingmirror.dev/refresh"
# The label of a Job's pods; every version of Kubernetes sets it, the prefixed one is younger.
JOB_NAME = "job-name"
# Seconds that a finished Job is kept for its logs. Longer than any refresh: a Job that is removed
# before its end was read would be made again.
KEPT = 24 * 3600


@dataclass(frozen=True, slots=True)
class Load:
    """One run. ``key`` makes its name: the refresh's id, the step's id and forward or back.
    ``labelled``: the CronJob's owner must allow it now, by the label ``LOADER``.
    """

    key: str
    refresh: str
    namespace: str
    cron_job: str
    container: str
    variable: str
    value: str
    timeout: float
    labelled: bool

    @property
    def name(self) -> str:
        """The same in every process that takes this step, so that a crash doubles nothing."""
        return f"{self.cron_job[:45]}-{sha256(self.key.encode()).hexdigest()[:12]}"

    @property
    def path(self) -> str:
        return f"{_jobs(self.namespace)}/{self.name}"


@dataclass(frozen=True, slots=True)
class Ended:
    """``reason`` is None where the Job completed."""

    reason: str | None


async def rehearse(writer: Writer, load: Load) -> None:
    """Raises what ``start`` would raise, and makes nothing."""
    job = job_of(await read_cron_job(writer, load), load)
    with suppress(Conflicted):  # it was made already
        made = await writer.create(load.namespace, _jobs(load.namespace), job, dry_run=True)
        _refuse_rewritten(made, load)


async def start(writer: Writer, load: Load) -> str:
    """Make the Job, suspended, or find the one that was made before; returns its uid.

    Nothing fences a POST: one of a process that does not lead any more may arrive at any time. So
    it makes something that does nothing, and ``release`` lets it run.
    """
    with before_writing():
        cron_job = await read_cron_job(writer, load)
    await _remove_late(writer, cron_job, load)
    try:
        made = await writer.create(load.namespace, _jobs(load.namespace), job_of(cron_job, load))
    except Conflicted:
        made = await writer.get(load.path)
        if (made["metadata"].get("labels") or {}).get(REFRESH_LABEL) != load.refresh:
            raise NotBegun(Reason.JOB_NAME_TAKEN, f"there is a foreign Job {load.name}.") from None
    uid = str(made["metadata"]["uid"])
    try:
        _refuse_rewritten(made, load)
    except StepFailed:
        await writer.delete(load.namespace, load.path, uid)
        raise
    return uid


async def release(writer: Writer, load: Load, uid: str) -> None:
    """Let the Job run, fenced by its resourceVersion: whoever ended it meanwhile has changed that.
    Raises NotThere, Conflicted, and StepFailed where the CronJob's owner allows it no more.
    """
    if load.labelled:
        await read_cron_job(writer, load)
    body = await writer.get(load.path)
    if body["metadata"]["uid"] == uid and body["spec"].get("suspend"):
        fence = {"uid": uid, "resourceVersion": body["metadata"]["resourceVersion"]}
        patch = {"metadata": fence, "spec": {"suspend": False}}
        await writer.patch(load.namespace, load.path, patch, MERGE)


async def observe(writer: Writer, load: Load, uid: str) -> Ended | None:
    """How the Job ended; None: it runs. A Job that vanished has not ended well."""
    try:
        body = await writer.get(load.path)
    except NotThere:
        return Ended(Reason.JOB_VANISHED)
    return Ended(Reason.JOB_VANISHED) if body["metadata"]["uid"] != uid else ended(body)


async def exists(writer: Writer, load: Load) -> bool:
    """Whether the Job exists, also where its creator died before it recorded that."""
    try:
        await writer.get(load.path)
    except NotThere:
        return False
    return True


async def end(writer: Writer, load: Load) -> tuple[str, ...]:
    """End the Job if it still runs; a finished one is left for its logs.

    Returns what may still write: the Job, and its pods, which outlive it (and its failure, too) by
    their grace period. Empty: nothing any more.
    """
    job: tuple[str, ...] = ()
    try:
        body = await writer.get(load.path)
        if ended(body) is None:
            job = (f"Job {load.name}",)
            if not body["metadata"].get("deletionTimestamp"):
                uid = body["metadata"]["uid"]
                await writer.delete(load.namespace, load.path, uid, foreground=True)
    except NotThere:
        pass
    pods = await writer.select(
        f"/api/v1/namespaces/{load.namespace}/pods", f"{JOB_NAME}={load.name}"
    )
    names = sorted(
        pod["metadata"]["name"]
        for pod in pods
        if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    )
    return (*job, *(f"pod {name}" for name in names))


async def read_cron_job(writer: Writer, load: Load) -> dict[str, Any]:
    """The template's CronJob. Raises StepFailed where it, or the container, is not there, or where
    it must carry the label and does not.
    """
    path = f"/apis/batch/v1/namespaces/{load.namespace}/cronjobs/{load.cron_job}"
    try:
        body = await writer.get(path)
    except NotThere:
        raise StepFailed(
            Reason.NOT_THERE, f"there is no CronJob {load.namespace}/{load.cron_job}; create it."
        ) from None
    labels = body["metadata"].get("labels") or {}
    why = not_a_loader(load.cron_job, load.variable, labels.get(LOADER))
    if load.labelled and why is not None:
        raise StepFailed(why.reason, why.message)
    _container(job_of(body, load)["spec"], load)
    return body


def template_of(cron_job: Body) -> str:
    """A digest of what a Job of it is made from."""
    template = json.dumps(cron_job["spec"]["jobTemplate"], sort_keys=True)
    return sha256(template.encode(errors="surrogatepass")).hexdigest()[:16]


def job_of(cron_job: Body, load: Load) -> dict[str, Any]:
    """The Job for this run, suspended. A suspended CronJob serves as a template too.

    Owned by the CronJob, so that it goes with it, but not controlled: its controller would count
    and prune it.
    """
    template: dict[str, Any] = copy.deepcopy(cron_job["spec"]["jobTemplate"])
    spec = template.get("spec") or {}
    spec["activeDeadlineSeconds"] = max(1, int(load.timeout))
    spec["ttlSecondsAfterFinished"] = KEPT
    spec["suspend"] = True
    labels = dict((template.get("metadata") or {}).get("labels") or {})
    metadata = {
        "name": load.name,
        "namespace": load.namespace,
        "labels": {**labels, REFRESH_LABEL: load.refresh},
        "ownerReferences": [
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "name": cron_job["metadata"]["name"],
                "uid": cron_job["metadata"]["uid"],
            }
        ],
    }
    container = _container(spec, load)
    others = [each for each in container.get("env") or () if each.get("name") != load.variable]
    container["env"] = [*others, {"name": load.variable, "value": load.value}]
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def ended(job: Body) -> Ended | None:
    """How a Job ended, from its conditions; None: it has not."""
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition.get("status") == "True":
            if condition.get("type") == "Complete":
                return Ended(None)
            if condition.get("type") == "Failed":
                return Ended(str(condition.get("reason") or condition["type"]))
    return None


def _container(spec: Mapping[str, Any], load: Load) -> dict[str, Any]:
    pod = (spec.get("template") or {}).get("spec") or {}
    containers: list[dict[str, Any]] = pod.get("containers") or []
    for container in containers:
        if container.get("name") == load.container:
            return container
    raise StepFailed(
        Reason.CONTAINER_GONE,
        f"CronJob {load.cron_job} has no container {load.container}; name one that it has.",
    )


async def _remove_late(writer: Writer, cron_job: Body, load: Load) -> None:
    """Jobs of earlier refreshes that were never let run: their makers did not lead any more."""
    owner = cron_job["metadata"]["uid"]
    for job in await writer.select(_jobs(load.namespace), REFRESH_LABEL):
        metadata = job["metadata"]
        owners = [each.get("uid") for each in metadata.get("ownerReferences") or ()]
        is_late = job["spec"].get("suspend") and not (job.get("status") or {}).get("startTime")
        if is_late and owner in owners and metadata["labels"][REFRESH_LABEL] != load.refresh:
            path = f"{_jobs(load.namespace)}/{metadata['name']}"
            with suppress(NotThere):
                await writer.delete(load.namespace, path, metadata["uid"])


def _refuse_rewritten(job: Body, load: Load) -> None:
    entries = _container(job["spec"], load).get("env") or ()
    if {"name": load.variable, "value": load.value} not in entries:
        raise rewritten(f"variable {load.variable} of Job {load.name}")


def _jobs(namespace: str) -> str:
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"
