"""From Deployments, ReplicaSets, Jobs and pods to workloads: which pods run the newest template,
and whether anything else still runs. Pure functions of the stores.

The stores are fed by separate watches, so one can be ahead of another for a moment. Every such
disagreement must come out as ``unsettled``, never as a workload that looks settled. What is not
part of the template (replicas, pausing) is no rollout: while its controller catches up with that,
or with pods that went, a workload is ``catching_up``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.entries import (
    Declared,
    Entry,
    Made,
    Running,
    Versioned,
)
from stagingmirror.sources.kubernetes.objects.references import refers_to, resolved
from stagingmirror.sources.kubernetes.objects.store import Store
from stagingmirror.sources.kubernetes.subjects import Pod, Workload

# Seconds after the end of its grace period for which a pod that is not gone is taken to run: later
# its node does not answer, and no controller waits for it.
OVERDUE = 60.0
# What a workload whose controller replaces no pods needs.
_HALTED: Mapping[Reason, str] = {
    Reason.PAUSED: "is paused, and pods run another template than its newest one; resume it.",
    Reason.PROGRESS_DEADLINE_EXCEEDED: (
        "made no progress within its deadline, and pods run two templates; see its pods."
    ),
    Reason.ON_DELETE: (
        "replaces pods only on delete, and some run a former template; delete those."
    ),
    Reason.NEEDS_PROMOTION: (
        "waits until somebody promotes it, and its update is not complete; promote or abort it."
    ),
    Reason.PARTITIONED: (
        "keeps its former template in some pods; set "
        "spec.updateStrategy.rollingUpdate.partition to 0."
    ),
}

_SCALED = "it wants no pods (replicas: 0, as under Argo Rollouts or KEDA)"
_WANTS_NONE: Mapping[WorkloadKind, str] = {
    "Deployment": _SCALED,
    "StatefulSet": _SCALED,
    "Rollout": "it wants no pods (replicas: 0)",
    "DaemonSet": "no node is to run it",
}


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that is watched of one cluster."""

    deployments: Store[Declared] = field(default_factory=Store)
    stateful_sets: Store[Declared] = field(default_factory=Store)
    cron_jobs: Store[Declared] = field(default_factory=Store)
    rollouts: Store[Declared] = field(default_factory=Store)
    daemon_sets: Store[Declared] = field(default_factory=Store)
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
            return (
                self.deployments.get(space, owner)
                or self.rollouts.get(space, owner)
                or self.cron_jobs.get(space, owner)
            )
        between = self.replica_sets.get(space, owner) or self.jobs.get(space, owner)
        if between is not None:
            return self.workload_of(between)
        return self.stateful_sets.get(space, owner) or self.daemon_sets.get(space, owner)

    def referring(self, entry: Entry) -> tuple[Declared, ...]:
        """The Rollouts that have their template from this workload."""
        if not isinstance(entry, Declared) or entry.kind != "Deployment":
            return ()
        rollouts = self.rollouts.within(entry.namespace)
        return tuple(each for each in rollouts if refers_to(each, entry))


@dataclass(frozen=True, slots=True)
class _Pods:
    """``current`` count as the workload's. ``why`` and ``catching_up``: as of ``Workload``."""

    current: list[Pod]
    why: Why | None = None
    catching_up: bool = False
    none: str = ""


def rolled_up(declared: Declared, stores: Stores, now: float) -> Workload:
    """At ``now`` (POSIX s)."""
    declared, missing = resolved(declared, stores)
    match declared.kind:
        case "Deployment":
            seen = _of_deployment(declared, stores, now)
        case "StatefulSet":
            seen = _of_stateful_set(declared, stores, now)
        case "CronJob":
            seen = _of_cron_job(declared, stores)
        case "Rollout":
            seen = _of_rollout(declared, stores, now)
        case "DaemonSet":
            seen = _of_daemon_set(declared, stores, now)
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
        pods=tuple(sorted(seen.current, key=lambda pod: pod.name)),
        unsettled=missing or seen.why,
        catching_up=seen.catching_up,
        no_pods="" if seen.current else seen.none,
        # Until the controller has caught up, it still names the former template.
        revision=_revision(declared) if declared.caught_up else "",
        template=declared.template,
        rolled=declared.rolled,
        loads=declared.loads,
        config_maps=declared.config_maps,
    )


def _revision(declared: Declared) -> str:
    """What was aborted is the stable one again."""
    is_former = declared.update is not None and declared.update.aborted
    return declared.former if is_former else declared.current


def _of_deployment(declared: Declared, stores: Stores, now: float) -> _Pods:
    """A paused Deployment has no ReplicaSet of its newest template, which shows in ``updated``."""
    current: list[Running] = []
    others: list[Running] = []
    space = declared.namespace
    for made in stores.replica_sets.owned(space, declared.uid):
        pods = _running(stores.pods.owned(space, made.uid), now)
        (current if made.template == declared.current else others).extend(pods)
    behind = declared.updated < declared.pods
    return _concluded(declared, current, others, behind=behind)


def _of_stateful_set(declared: Declared, stores: Stores, now: float) -> _Pods:
    """Between the last pod of the former template and its successor there is none of either: only
    its controller's own revision shows that the rollout is not over. With OnDelete that revision
    never moves, and whatever is replaced gets the newest template.
    """
    owned = _running(stores.pods.owned(declared.namespace, declared.uid), now)
    current = [one for one in owned if one.template == declared.current]
    others = [one for one in owned if one.template != declared.current]
    follows = declared.halted != Reason.ON_DELETE and declared.former not in ("", declared.current)
    behind = follows and len(_live(current)) < declared.replicas
    return _concluded(declared, current, others, behind=behind)


def _of_rollout(declared: Declared, stores: Stores, now: float) -> _Pods:
    """The pods of the stable ReplicaSet count. While an update is under way, others serve too."""
    stable: list[Running] = []
    others: list[Running] = []
    space, update = declared.namespace, declared.update
    for made in stores.replica_sets.owned(space, declared.uid):
        pods = _running(stores.pods.owned(space, made.uid), now)
        (stable if made.template == declared.former else others).extend(pods)
    aborted, spares = (update.aborted, update.has_spares) if update else (False, False)
    behind = declared.former != declared.current and not aborted
    if spares and not behind:
        others = []
    if aborted and not others and not _live(stable):
        return _Pods([], _no_pods(declared), none="it was aborted and has no pods")
    return _concluded(declared, stable, others, behind=behind)


def _of_daemon_set(declared: Declared, stores: Stores, now: float) -> _Pods:
    """Its controller counts the pods of the newest template; what they are called by is written
    nowhere else. So all of them are, where all are counted and called the same.
    """
    owned = _running(stores.pods.owned(declared.namespace, declared.uid), now)
    behind = declared.updated < declared.pods or len({one.template for one in owned}) > 1
    return _concluded(declared, owned, [], behind=behind)


def _concluded(
    declared: Declared, current: list[Running], others: list[Running], *, behind: bool
) -> _Pods:
    """``others`` are pods of another template, ``behind``: the controller counts some, or waits for
    some of the newest. Those that terminate run until they are gone.
    """
    live = _live(current)
    none = "it has no pods" if declared.replicas else _WANTS_NONE[declared.kind]
    if others or behind:
        is_ending = not behind and all(one.pod.terminating for one in others)
        return _Pods(live, _rollout(declared, is_ending=is_ending))
    if not declared.caught_up:
        why = Why(
            Reason.ROLLING_OUT,
            f"the controller of {_called(declared)} has not seen its newest version yet.",
        )
        return _Pods(live, why, catching_up=True, none=none)
    if declared.replicas and not live:
        return _Pods(live, _no_pods(declared), catching_up=True, none=none)
    return _Pods(live, none=none)


def _no_pods(declared: Declared) -> Why:
    """Pods are wanted and there is none, e.g. between the old and the new ones of a Recreate. Only
    a workload that wants none is settled without any.
    """
    who = _called(declared)
    if declared.rolled is None and declared.former != declared.current:
        return Why(Reason.ROLLING_OUT, f"{who} is rolling out: it has no pods yet.")
    return Why(Reason.NOTHING_RUNS, f"{who} has no pods: nothing proves what runs.")


def _rollout(declared: Declared, *, is_ending: bool) -> Why:
    """Why pods of another template than the newest one run, and what ends that."""
    halted = declared.halted if declared.caught_up else None
    if halted is not None:
        reason, what = halted, _HALTED[halted]
    elif is_ending:
        reason, what = Reason.ROLLING_OUT, "is rolling out: pods of its former template terminate."
    else:
        reason = Reason.ROLLING_OUT
        at = declared.update.at if declared.update else ""
        what = f"is rolling out: {at or 'what it runs is not settled yet'}."
    return Why(reason, f"{_called(declared)} {what}")


def _of_cron_job(declared: Declared, stores: Stores) -> _Pods:
    """The last finished Job of the template as it is now; one of another template that has not
    finished is a roll-out. A Job that is deleted before the next one has finished proves nothing:
    what is seen for a moment with each run would come and go.
    """
    jobs = stores.jobs.owned(declared.namespace, declared.uid)
    why = None
    if any(job.finished is None and job.template != declared.current for job in jobs):
        why = Why(
            Reason.ROLLING_OUT,
            f"a Job of a former template of {_called(declared)} still runs: wait for it.",
        )
    finished = [
        (job.finished, job.name, job)
        for job in jobs
        if job.finished is not None and job.template == declared.current and _lasts(job, declared)
    ]
    if not finished:
        return _Pods([], why, none=_no_job(declared))
    *_, last = max(finished)
    owned = stores.pods.owned(last.namespace, last.uid)
    pods = [one.pod for one in owned if not one.pod.terminating]
    return _Pods(pods, why, none="its last Job has no pods any more")


def _lasts(job: Made, declared: Declared) -> bool:
    """Where those that succeeded are deleted, a failed one that is left is not the last one."""
    pruned = job.controlled and bool({True, job.succeeded} & declared.prunes)
    return not pruned and job.kept >= declared.gap


def _no_job(declared: Declared) -> str:
    if True in declared.prunes:
        return "it keeps no Job that has finished; set successfulJobsHistoryLimit to 1 or more"
    if declared.keeps < declared.gap:
        return "its Jobs are deleted before the next one; raise ttlSecondsAfterFinished"
    return "no Job of its template has finished yet"


def _called(declared: Declared) -> str:
    return f"{declared.kind} {declared.namespace}/{declared.name}"


def _running(pods: tuple[Running, ...], now: float) -> list[Running]:
    """An evicted pod stays as Failed, and no controller counts it."""
    return [
        one for one in pods if not one.finished and (one.until is None or now < one.until + OVERDUE)
    ]


def _live(pods: list[Running]) -> list[Pod]:
    return [one.pod for one in pods if not one.pod.terminating]
