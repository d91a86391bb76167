"""Workloads that open the index when they start."""

from collections.abc import Iterable

from stagingmirror.api.spec.track.index_snapshot import IndexSnapshot
from stagingmirror.component import Side
from stagingmirror.drift.facts import Fact
from stagingmirror.reading.places import workload_of
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.running import first_start, pods_that_count
from stagingmirror.sources.index.subjects import Mark
from stagingmirror.sources.kubernetes.subjects import WorkloadSubject


def users_in(entry: IndexSnapshot, staging: Side) -> tuple[WorkloadSubject, ...]:
    return tuple(workload_of(each, staging) for each in entry.used_by)


def user_fact(user: WorkloadSubject) -> str:
    return f"usedBy.{user.kind}/{user.name}"


def late_users(
    entry: IndexSnapshot, staging: Side, mark: Mark | None, reading: Reading
) -> dict[str, Fact]:
    """Those that run since before the index was made cannot have opened it. Production has no such
    facts, so each of them is a difference.
    """
    return {
        user_fact(user): Fact("started before its index was made")
        for user in users_in(entry, staging)
        if mark is not None and _is_late(user, mark, reading)
    }


def _is_late(user: WorkloadSubject, mark: Mark, reading: Reading) -> bool:
    if user.kind == "CronJob":
        return False  # its next Job opens it
    started = first_start(pods_that_count(reading, reading.get(user)))
    # Starts of pods are known in whole seconds.
    return started is not None and started + 1.0 < mark.at - reading.view.clock_margin


def late_in(users: Iterable[WorkloadSubject], facts: Iterable[str]) -> tuple[WorkloadSubject, ...]:
    named = set(facts)
    return tuple(user for user in users if user_fact(user) in named)
