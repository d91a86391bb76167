"""Files that were written after what loads them was started."""

from collections.abc import Iterable

from stagingmirror.drift.facts import Why
from stagingmirror.reading.reading import Reading
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import WorkloadSubject

# Starts of pods are known in whole seconds.
_SECOND = 1.0


def doubts(
    reading: Reading,
    what: str,
    loads: Iterable[tuple[WorkloadSubject, float | None]],
    since: float | None,
) -> tuple[Why, ...]:
    """For each workload that was started (POSIX s) before ``since``, or too shortly after it to
    be sure, why it may not hold the bytes that are there now. ``what`` changed then.
    """
    margin = reading.view.clock_margin
    found = []
    for workload, started in loads:
        if since is None or started is None or started > since + margin:
            continue
        is_before = started + _SECOND < since - margin
        order = "" if is_before else f", or within {margin:.0f} s of it, which clocks cannot order"
        message = (
            f"{what} changed after {workload} was started{order}: which of them it holds is not "
            "known; restart it."
        )
        found.append(Why(Reason.NOT_YET_RUNNING if is_before else Reason.CLOCK_SKEW, message))
    return tuple(found)
