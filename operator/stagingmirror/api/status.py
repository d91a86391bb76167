"""The whole status of a mirror, as a pure function of what was seen (DESIGN section 3)."""

from collections.abc import Mapping
from typing import Any

from stagingmirror.api.report import Report

Status = dict[str, Any]


def status_of(
    report: Report, *, now: float, previous: Mapping[str, Any] | None, trust_previous: bool = True
) -> Status:
    """The status at ``now`` (POSIX s).

    ``previous`` is the last status that this process made of the mirror, written or not; after a
    start or a failover the one in the API. ``trust_previous`` is False there where ``settled-at``
    is older than ``staleAfter``: nobody watched in between, so ``inSyncSince`` begins anew.
    """
    raise NotImplementedError


def stalled_status(
    reason: str,
    message: str,
    *,
    generation: int,
    now: float,
    previous: Mapping[str, Any] | None,
    tracked: int = 0,
) -> Status:
    """The status of a mirror that cannot be judged before a human acts: Stalled, Unknown."""
    raise NotImplementedError


def minimal_unknown(*, generation: int, now: float, why: str) -> Status:
    """A status that every CRD takes, for when the API server refuses the whole one."""
    raise NotImplementedError


def same_truth(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two statuses say the same, ``validUntil`` and the times of looks aside: no write."""
    raise NotImplementedError
