"""Writes the status of a mirror where its truth has changed, or its heartbeat is due."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import structlog

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import Handled, Report
from stagingmirror.api.status.status import (
    minimal_unknown,
    same_truth,
    status_in_pieces,
    valid_until,
)
from stagingmirror.api.types.times import parse_time
from stagingmirror.drift.facts import Why
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.resources.mirror import Mirror, MirrorKey
from stagingmirror.engine.status import heartbeat
from stagingmirror.engine.status.events import ChangeReporter
from stagingmirror.engine.workqueue.slices import result_of
from stagingmirror.errors import NotAllowed, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime

log = structlog.get_logger(__name__)

Outcome = Literal["changed", "heartbeat", "refused", "same", "gone", "postponed"]


class Written(NamedTuple):
    """What became of a status, and the status that was made."""

    outcome: Outcome
    status: MirrorStatus


@dataclass(slots=True)
class LastStatus:
    """``made`` is the last status that this process made of a mirror and tried to write, None where
    the API has it as it is. ``is_ours``: it has made one before. ``heartbeat_at`` is when a
    heartbeat that was postponed may be written (POSIX s).
    """

    made: MirrorStatus | None = None
    is_ours: bool = False
    heartbeat_at: float | None = None


class StatusWriter:
    """``survived(key, stale_after)`` returns whether an operator watched this mirror until this
    process took over.
    """

    def __init__(
        self,
        resources: ResourceClient,
        *,
        runtime: Runtime,
        survived: Callable[[MirrorKey, float], bool],
        chronicle: ChangeReporter,
    ) -> None:
        self._resources = resources
        self._runtime = runtime
        self._survived = survived
        self._chronicle = chronicle
        self._pace = heartbeat.Pace(runtime.clock)

    async def write(
        self, mirror: Mirror, report: Report, last: LastStatus, *, now: float
    ) -> Written:
        """Make the status of this report, and write it where that is due.

        Errors: Conflicted where the mirror has changed since it was read; those of the client.
        """
        previous = last.made or (mirror.status if mirror.seen_before else None)
        status = await result_of(
            status_in_pieces(
                report,
                now=now,
                previous=previous,
                trust_previous=last.is_ours or self._survived(mirror.key, report.stale_after),
            )
        )
        last.is_ours, last.made = True, status
        outcome = self._due(mirror, status, report, last)
        if outcome in ("same", "postponed"):
            last.made = None
            self._chronicle.shown(mirror.key, mirror.status)
            return Written(outcome, status)
        return Written(await self._put(mirror, status, outcome, last), status)

    def heartbeat_is_due(
        self,
        last: LastStatus,
        *,
        written: float | None,
        oldest: float,
        stale_after: float,
        period: float,
    ) -> bool:
        """Whether ``validUntil`` is to be written again, or gets its slot for that, where nothing
        changed but the oldest observation, which began at ``oldest`` now. ``written``: as the API
        has it (POSIX s).
        """
        if last.heartbeat_at is not None:
            return self._runtime.clock() >= last.heartbeat_at
        until = valid_until(oldest, stale_after, period)
        return self._is_worth(written, until, stale_after, period)

    async def write_minimal(
        self, mirror: Mirror, why: Why, last: LastStatus, handled: Handled
    ) -> None:
        """Unknown, and why: what cannot be made or written whole must not leave an old verdict.
        ``handled``: the tokens that this answers.

        Errors: as of ``write``.
        """
        last.made, last.heartbeat_at = None, None
        previous = mirror.status.model_copy(update=dict[str, object](handled.items()))
        status = minimal_unknown(
            generation=mirror.generation, now=self._runtime.clock(), why=why, previous=previous
        )
        if _same_minimal(mirror.status, status):
            self._chronicle.shown(mirror.key, mirror.status)
            return
        await self._resources.put_status("stagingmirrors", mirror.body, status.dump())
        self._chronicle.written(mirror, status, "changed")

    def gone(self, key: MirrorKey) -> None:
        """The mirror is deleted, and no pass over it is under way."""
        self._chronicle.gone(key)

    def _due(
        self, mirror: Mirror, status: MirrorStatus, report: Report, last: LastStatus
    ) -> Outcome:
        at, last.heartbeat_at = last.heartbeat_at, None
        if not same_truth(mirror.status, status):
            return "changed"
        until, written = parse_time(status.valid_until), parse_time(mirror.status.valid_until)
        if until is None or not self._is_worth(
            written, until, report.stale_after, report.heartbeat
        ):
            return "same"
        at = self._pace.next_slot() if at is None else at
        if at > self._runtime.clock():
            last.heartbeat_at = at
            return "postponed"
        return "heartbeat"

    def _is_worth(
        self, written: float | None, until: float, stale_after: float, period: float
    ) -> bool:
        latest = valid_until(self._runtime.clock(), stale_after, period)
        return heartbeat.promises_too_much(written, latest) or heartbeat.due(written, until, period)

    async def _put(
        self, mirror: Mirror, status: MirrorStatus, outcome: Outcome, last: LastStatus
    ) -> Outcome:
        try:
            await self._resources.put_status("stagingmirrors", mirror.body, status.dump())
        except NotThere:
            return "gone"
        except (Refused, NotAllowed) as error:
            log.error("status refused", mirror="/".join(mirror.key), why=error.message)
            self._chronicle.refused()
            message = f"the status could not be written: {error.message}"
            await self.write_minimal(mirror, Why(Reason.STATUS_REFUSED, message), last, {})
            return "refused"
        last.made = None  # the cache has it, as the API server took it
        self._chronicle.written(mirror, status, outcome)
        return outcome


def _same_minimal(written: MirrorStatus, status: MirrorStatus) -> bool:
    """Whether the API server has this minimal status already, whatever its times."""
    names = ("observed_generation", "sync", "summary", "handled_check_at", "handled_parity_at")
    return all(getattr(written, name) == getattr(status, name) for name in names)
