"""When the pods that are seen prove what a workload runs, and why they do not."""

from collections.abc import Mapping
from dataclasses import dataclass

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.entries import Declared, Running
from stagingmirror.sources.kubernetes.subjects import Pod

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

_SCALED = "it wants no pods (replicas: 0, as under Argo Rollouts, KEDA or Knative)"
_WANTS_NONE: Mapping[TemplateKind, str] = {
    "Deployment": _SCALED,
    "StatefulSet": _SCALED,
    "Rollout": "it wants no pods (replicas: 0)",
    "DaemonSet": "no node is to run it",
    "InferenceService": _SCALED,
}


@dataclass(frozen=True, slots=True)
class SeenPods:
    """``current`` count as the workload's. ``why`` and ``catching_up``: as of ``Workload``."""

    current: list[Pod]
    why: Why | None = None
    catching_up: bool = False
    none: str = ""


def concluded(
    declared: Declared, current: list[Running], others: list[Running], *, behind: bool
) -> SeenPods:
    """``others`` are pods of another template, ``behind``: the controller counts some, or waits for
    some of the newest. Those that terminate run until they are gone.
    """
    alive = live(current)
    none = "it has no pods" if declared.replicas else _WANTS_NONE[declared.kind]
    if others or behind:
        is_ending = not behind and all(one.pod.terminating for one in others)
        return SeenPods(alive, _rollout(declared, is_ending=is_ending))
    if not declared.caught_up:
        why = Why(
            Reason.ROLLING_OUT,
            f"the controller of {called(declared)} has not seen its newest version yet.",
        )
        return SeenPods(alive, why, catching_up=True, none=none)
    if declared.replicas and not alive:
        return SeenPods(alive, no_pods(declared), catching_up=True, none=none)
    return SeenPods(alive, none=none)


def no_pods(declared: Declared) -> Why:
    """Pods are wanted and there is none, e.g. between the old and the new ones of a Recreate. Only
    a workload that wants none is settled without any.
    """
    who = called(declared)
    if declared.rolled is None and declared.former != declared.current:
        return Why(Reason.ROLLING_OUT, f"{who} is rolling out: it has no pods yet.")
    return Why(Reason.NOTHING_RUNS, f"{who} has no pods: nothing proves what runs.")


def not_proven(declared: Declared) -> Why:
    """All pods of a DaemonSet were made for a former generation of its template: either those of
    the newest one are not seen yet, or somebody restored the former template before any was made.
    """
    return Why(
        Reason.ROLLING_OUT,
        f"no pod of {called(declared)} was made since its template was last changed; if that stays "
        "so (the former template was restored at once), restart it.",
    )


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
    return Why(reason, f"{called(declared)} {what}")


def called(declared: Declared) -> str:
    return f"{declared.kind} {declared.namespace}/{declared.name}"


def running(pods: tuple[Running, ...], now: float) -> list[Running]:
    """An evicted pod stays as Failed, and no controller counts it."""
    return [
        one for one in pods if not one.finished and (one.until is None or now < one.until + OVERDUE)
    ]


def live(pods: list[Running]) -> list[Pod]:
    return [one.pod for one in pods if not one.pod.terminating]
