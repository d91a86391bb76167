"""Answers that stand while a controller catches up.

``kubectl scale``, an autoscaler or a pause make a new generation, and for a moment the controller
has not seen it, or the pods that it wants are not there yet. Where the template is the one that was
settled before, what runs is as it was: the former pods stand, with the age and the doubt of an
answer that could not be renewed, so that ``staleAfter`` ends it.
"""

from collections.abc import Callable
from dataclasses import replace

from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import Workload, WorkloadSubject
from stagingmirror.view import Observed

# Seconds after which nothing stands any more, whatever ``staleAfter`` is.
LONGEST = 300.0


class Standing:
    """What was last settled of each workload that is ``kept``. Bounded by what is wanted."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._settled: dict[WorkloadSubject, Workload] = {}
        # Since when (POSIX s) another answer stands for a workload.
        self._since: dict[WorkloadSubject, float] = {}

    def forget(self, subject: WorkloadSubject) -> None:
        self._settled.pop(subject, None)
        self._since.pop(subject, None)

    def answer(
        self,
        subject: WorkloadSubject,
        found: Workload | None,
        *,
        began: float,
        trouble: Why | None,
        kept: bool,
    ) -> Observed[Workload]:
        """What counts of ``found``, which the stores show now."""
        former = self._settled.get(subject)
        passing = None if found is None or former is None else _passing(former, found)
        if passing is not None and former is not None and found is not None:
            now = self._clock()
            since = self._since.setdefault(subject, now)
            if 0 <= now - since < LONGEST:
                return Observed(_as_before(found, former), min(began, since), trouble or passing)
        self._since.pop(subject, None)
        if found is not None and found.unsettled is None and kept:
            self._settled[subject] = found
        else:
            self._settled.pop(subject, None)
        return Observed(found, began, trouble)


def _passing(former: Workload, found: Workload) -> Why | None:
    """Why ``found`` proves less than ``former`` did though no rollout has begun; None: it proves
    what it can.
    """
    if (former.uid, former.template) != (found.uid, found.template):
        return None
    if found.catching_up:
        return found.unsettled
    # Scaled up from zero, or all its pods were replaced: until one of the new ones is ready. Pods
    # that were ready before, and are not any more, have failed.
    is_new = not _identities(former) & _identities(found)
    waits = found.unsettled is None and found.kind != "CronJob" and found.pods and is_new
    if waits and not any(pod.ready for pod in found.pods):
        return Why(Reason.NOTHING_RUNS, f"{found.kind} {found.name} has no pod that is ready yet.")
    return None


def _identities(workload: Workload) -> set[tuple[str, float | None]]:
    """A StatefulSet gives a new pod the former one's name."""
    return {(pod.name, pod.started) for pod in workload.pods}


def _as_before(found: Workload, former: Workload) -> Workload:
    """The newest of what is declared, with the pods that were settled."""
    return replace(
        found,
        pods=former.pods,
        unsettled=None,
        catching_up=False,
        no_pods=former.no_pods,
        revision=former.revision,
    )
