"""What a workload's own fields say of its controller: whether it replaces pods at all, and whether
it keeps finished Jobs for as long as they are the last ones. Pure.
"""

from collections.abc import Mapping
from math import inf
from typing import Any

from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.argo import awaits_promotion

Body = Mapping[str, Any]

HOUR, DAY = 3600.0, 86400.0
# A schedule that sets one of these fields has gaps between two runs of at most so many seconds; not
# every month has a 31st.
_GAPS = ((3, inf), (2, 62 * DAY), (4, 7 * DAY), (1, DAY))
_NICKNAMES = {"@hourly": HOUR, "@daily": DAY, "@midnight": DAY, "@weekly": 7 * DAY}


def halted(kind: WorkloadKind, spec: Body, status: Body) -> Reason | None:
    """Why pods of a former template stay where there are some; None: they are being replaced."""
    if kind in ("Deployment", "Rollout"):
        if spec.get("paused"):
            return Reason.PAUSED
        if kind == "Rollout" and awaits_promotion(spec, status):
            return Reason.NEEDS_PROMOTION
        late = progressing(status).get("reason") == Reason.PROGRESS_DEADLINE_EXCEEDED
        return Reason.PROGRESS_DEADLINE_EXCEEDED if late else None
    strategy = spec.get("updateStrategy") or {}
    if kind != "CronJob" and strategy.get("type") == "OnDelete":
        return Reason.ON_DELETE
    return Reason.PARTITIONED if kind == "StatefulSet" and partition_of(spec) else None


def partition_of(spec: Body) -> int:
    """The pods below this number keep a StatefulSet's former template; 0: none does."""
    rolling = (spec.get("updateStrategy") or {}).get("rollingUpdate") or {}
    return int(rolling.get("partition") or 0)


def progressing(status: Body) -> Body:
    """A Deployment's or Rollout's condition of that name; empty where it has none."""
    conditions = status.get("conditions") or ()
    return next((one for one in conditions if one["type"] == "Progressing"), {})


def prunes(spec: Body) -> frozenset[bool]:
    """Which of its finished Jobs a CronJob deletes at once: ``True`` those that succeeded,
    ``False`` those that failed. The limits are Kubernetes' defaults where they are not given.
    """
    limits = {
        True: spec.get("successfulJobsHistoryLimit", 3),
        False: spec.get("failedJobsHistoryLimit", 1),
    }
    return frozenset(succeeded for succeeded, limit in limits.items() if limit == 0)


def longest_gap(spec: Body) -> float:
    """Seconds that may pass between two runs of a CronJob: an upper bound, infinite where its
    schedule gives none (once a year, suspended).
    """
    schedule = str(spec.get("schedule") or "")
    fields = schedule.split(maxsplit=5)
    if spec.get("suspend") or len(fields) != 5:
        return inf if spec.get("suspend") else _NICKNAMES.get(schedule, inf)
    return next((gap for place, gap in _GAPS if fields[place] not in ("*", "?")), HOUR)


def counts(kind: WorkloadKind, spec: Body, status: Body) -> tuple[int, int, int]:
    """The pods that are wanted, those that its controller counts, and those of them that are of the
    newest template. What a CronJob runs at a time is no replica count: it is there or not. Of
    an InferenceService those of its Deployment count.
    """
    if kind in ("CronJob", "InferenceService"):
        return 1, 0, 0
    if kind == "DaemonSet":
        names = ("desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled")
        wanted, pods, updated = (int(status.get(name) or 0) for name in names)
        return wanted, pods, updated
    pods, updated = (int(status.get(name) or 0) for name in ("replicas", "updatedReplicas"))
    return int(spec.get("replicas", 1)), pods, updated
