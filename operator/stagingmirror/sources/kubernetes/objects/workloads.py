"""From Deployments, ReplicaSets, Jobs and pods to workloads: which pods run the newest template,
and whether anything else still runs. Pure functions of the stores.

The stores are fed by separate watches, so one can be ahead of another for a moment. Every such
disagreement must come out as ``rolling_out``, never as a workload that looks settled.
"""

from dataclasses import dataclass, field

from stagingmirror.sources.kubernetes.objects.parse import Declared, Entry, Made, Running, Versioned
from stagingmirror.sources.kubernetes.objects.store import Store
from stagingmirror.sources.kubernetes.subjects import Pod, Workload


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that is watched of one cluster."""

    deployments: Store[Declared] = field(default_factory=Store)
    stateful_sets: Store[Declared] = field(default_factory=Store)
    cron_jobs: Store[Declared] = field(default_factory=Store)
    replica_sets: Store[Made] = field(default_factory=Store)
    jobs: Store[Made] = field(default_factory=Store)
    pods: Store[Running] = field(default_factory=Store)
    config_maps: Store[Versioned] = field(default_factory=Store)

    def workload_of(self, entry: Entry) -> Declared | None:
        """The workload that an entry is or belongs to."""
        if isinstance(entry, Declared):
            return entry
        if not entry.owner:
            return None
        space, owner = entry.namespace, entry.owner
        if isinstance(entry, Made):
            return self.deployments.get(space, owner) or self.cron_jobs.get(space, owner)
        between = self.replica_sets.get(space, owner) or self.jobs.get(space, owner)
        if between is not None:
            return self.workload_of(between)
        return self.stateful_sets.get(space, owner)


def rolled_up(declared: Declared, stores: Stores) -> Workload:
    match declared.kind:
        case "Deployment":
            pods, rolling_out = _of_deployment(declared, stores)
        case "StatefulSet":
            pods, rolling_out = _of_stateful_set(declared, stores)
        case "CronJob":
            pods, rolling_out = _of_cron_job(declared, stores)
    return Workload(
        kind=declared.kind,
        namespace=declared.namespace,
        name=declared.name,
        uid=declared.uid,
        generation=declared.generation,
        resource_version=declared.resource_version,
        containers=declared.containers,
        annotations=declared.annotations,
        replicas=declared.replicas,
        rolling_out=rolling_out or not declared.caught_up,
        pods=tuple(sorted(pods, key=lambda pod: pod.name)),
        created=declared.created,
        # Until the controller has caught up, it still names the former template.
        revision=declared.current if declared.caught_up else "",
    )


def _of_deployment(declared: Declared, stores: Stores) -> tuple[list[Pod], bool]:
    """A revision without its ReplicaSet, or a controller that counts more pods than are seen: the
    watches have not caught up with each other. A paused Deployment has no ReplicaSet of its newest
    template, which shows in ``updated``.
    """
    current: list[Pod] = []
    others = False
    for made in stores.replica_sets.owned(declared.uid):
        live = _live(stores.pods.owned(made.uid))
        if made.template == declared.current:
            current += live
        else:
            others = others or bool(live)
    behind = len(current) < declared.updated or declared.updated < declared.pods
    return current, others or behind or _starting(declared, current)


def _of_stateful_set(declared: Declared, stores: Stores) -> tuple[list[Pod], bool]:
    owned = stores.pods.owned(declared.uid)
    current = _live(tuple(one for one in owned if one.template == declared.current))
    others = len(_live(owned)) > len(current)
    behind = len(current) < declared.updated
    return current, others or behind or _starting(declared, current)


def _of_cron_job(declared: Declared, stores: Stores) -> tuple[list[Pod], bool]:
    """The last finished Job of the template as it is now; one of another template that has not
    finished is a roll-out.
    """
    jobs = stores.jobs.owned(declared.uid)
    rolling = any(job.finished is None and job.template != declared.current for job in jobs)
    finished = [
        (job.finished, job.name, job)
        for job in jobs
        if job.finished is not None and job.template == declared.current
    ]
    if not finished:
        return [], rolling
    *_, last = max(finished)
    return [one.pod for one in stores.pods.owned(last.uid) if not one.pod.terminating], rolling


def _starting(declared: Declared, current: list[Pod]) -> bool:
    """Pods are wanted and there is none: e.g. between the old and the new ones of a Recreate. Only
    a workload that wants none is settled without any.
    """
    return declared.replicas > 0 and not current


def _live(pods: tuple[Running, ...]) -> list[Pod]:
    """An evicted pod stays as Failed, and no controller counts it."""
    return [one.pod for one in pods if not (one.finished or one.pod.terminating)]
