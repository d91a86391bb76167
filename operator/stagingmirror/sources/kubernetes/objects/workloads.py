"""From Deployments, ReplicaSets, Jobs and pods to workloads: which pods run the newest template,
and whether anything else still runs. Pure functions of the stores.

The stores are fed by separate watches, so one can be ahead of another for a moment. Every such
disagreement must come out as ``unsettled``, never as a workload that looks settled. What is not
part of the template (replicas, pausing) is no rollout: while its controller catches up with that,
or with pods that went, a workload is ``catching_up``.
"""

from dataclasses import replace

from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.argo import resolved
from stagingmirror.sources.kubernetes.objects.cron_jobs import of_cron_job
from stagingmirror.sources.kubernetes.objects.entries import Declared, Running
from stagingmirror.sources.kubernetes.objects.kserve import deployment_of, not_loaded, standing_for
from stagingmirror.sources.kubernetes.objects.settled import (
    SeenPods,
    concluded,
    live,
    no_pods,
    not_proven,
    running,
)
from stagingmirror.sources.kubernetes.objects.stores import Stores
from stagingmirror.sources.kubernetes.subjects import Storage, Workload


def rolled_up(declared: Declared, stores: Stores, now: float) -> Workload:
    """At ``now`` (POSIX s)."""
    declared, missing = resolved(declared, stores)
    match declared.kind:
        case "Deployment":
            seen = _of_deployment(declared, stores, now)
        case "StatefulSet":
            seen = _of_stateful_set(declared, stores, now)
        case "CronJob":
            seen = of_cron_job(declared, stores)
        case "Rollout":
            seen = _of_rollout(declared, stores, now)
        case "DaemonSet":
            seen = _of_daemon_set(declared, stores, now)
        case "InferenceService" | "Transformer" | "Explainer":
            declared, seen = _of_inference_service(declared, stores, now)
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
        beside=_beside(declared),
        storage=_storage(declared),
        settings=declared.settings,
        service=declared.serving.service if declared.serving else {},
    )


def _storage(declared: Declared) -> Storage | None:
    storage = declared.serving.storage if declared.serving else None
    return replace(storage, given=declared.given) if storage else None


def _beside(declared: Declared) -> str:
    parts = declared.serving.parts if declared.serving else ()
    return " and ".join(kind.lower() for kind in parts)


def _revision(declared: Declared) -> str:
    """What was aborted is the stable one again."""
    is_former = declared.update is not None and declared.update.aborted
    return declared.former if is_former else declared.current


def _of_deployment(declared: Declared, stores: Stores, now: float) -> SeenPods:
    """A paused Deployment has no ReplicaSet of its newest template, which shows in ``updated``."""
    current: list[Running] = []
    others: list[Running] = []
    space = declared.namespace
    for made in stores.replica_sets.owned(space, declared.uid):
        pods = running(stores.pods.owned(space, made.uid), now)
        (current if made.template == declared.current else others).extend(pods)
    behind = declared.updated < declared.pods
    return concluded(declared, current, others, behind=behind)


def _of_stateful_set(declared: Declared, stores: Stores, now: float) -> SeenPods:
    """Between the last pod of the former template and its successor there is none of either: only
    its controller's own revision shows that the rollout is not over. With OnDelete that revision
    never moves, and whatever is replaced gets the newest template.
    """
    owned = running(stores.pods.owned(declared.namespace, declared.uid), now)
    current = [one for one in owned if one.template == declared.current]
    others = [one for one in owned if one.template != declared.current]
    follows = declared.halted != Reason.ON_DELETE and declared.former not in ("", declared.current)
    behind = follows and len(live(current)) < declared.replicas
    return concluded(declared, current, others, behind=behind)


def _of_rollout(declared: Declared, stores: Stores, now: float) -> SeenPods:
    """The pods of the stable ReplicaSet count. While an update is under way, others serve too."""
    stable: list[Running] = []
    others: list[Running] = []
    space, update = declared.namespace, declared.update
    for made in stores.replica_sets.owned(space, declared.uid):
        pods = running(stores.pods.owned(space, made.uid), now)
        (stable if made.template == declared.former else others).extend(pods)
    aborted, spares = (update.aborted, update.has_spares) if update else (False, False)
    behind = declared.former != declared.current and not aborted
    if spares and not behind:
        others = []
    if aborted and not others and not live(stable):
        return SeenPods([], no_pods(declared), none="it was aborted and has no pods")
    return concluded(declared, stable, others, behind=behind)


def _of_daemon_set(declared: Declared, stores: Stores, now: float) -> SeenPods:
    """Its controller counts the pods of the newest template; what they are called by is written
    nowhere else. So all of them are, where all are counted and called the same, and one at least
    was made for the newest: else those that were counted may not be seen yet.
    """
    owned = running(stores.pods.owned(declared.namespace, declared.uid), now)
    behind = declared.updated < declared.pods or len({one.template for one in owned}) > 1
    seen = concluded(declared, owned, [], behind=behind)
    made_for = {one.template_generation for one in owned}
    if seen.why is None and made_for and not made_for & {"", declared.current}:
        return replace(seen, why=not_proven(declared))
    return seen


def _of_inference_service(
    declared: Declared, stores: Stores, now: float
) -> tuple[Declared, SeenPods]:
    """With the template and the pods of the Deployment that serves."""
    found = deployment_of(declared, stores)
    if isinstance(found, Why):
        return declared, SeenPods([], found)
    pods, declared = _of_deployment(found, stores, now), standing_for(declared, found)
    return declared, replace(pods, why=pods.why or not_loaded(declared))
