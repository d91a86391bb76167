"""Writes the status of a mirror where its truth has changed, or its heartbeat is due."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import structlog

from stagingmirror.api.status.report import Report
from stagingmirror.api.status.status import minimal_unknown, same_truth, status_of
from stagingmirror.api.types.times import parse_time
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.resources.mirror import Mirror, MirrorKey
from stagingmirror.engine.status import heartbeat
from stagingmirror.engine.status.events import ChangeReporter
from stagingmirror.errors import NotThere, Refused
from stagingmirror.runtime import Runtime

log = structlog.get_logger(__name__)

Outcome = Literal["changed", "heartbeat", "refused", "same", "gone", "postponed"]
Status = Mapping[str, Any]


class Written(NamedTuple):
    """What became of a status, and the status that was made."""

    outcome: Outcome
    status: Status


class StatusWriter:
    """Knows the last status that was made of each mirror, written or not.

    ``survived(stale_after)`` tells whether somebody watched until this process took over.
    """

    def __init__(
        self,
        resources: ResourceClient,
        *,
        runtime: Runtime,
        survived: Callable[[float], bool],
        chronicle: ChangeReporter,
    ) -> None:
        self._resources = resources
        self._runtime = runtime
        self._survived = survived
        self._chronicle = chronicle
        self._made: dict[MirrorKey, Status] = {}
        self._mine: set[MirrorKey] = set()
        self._pace = heartbeat.Pace(runtime.clock)
        self._turns: dict[MirrorKey, float] = {}

    async def write(self, mirror: Mirror, report: Report, *, now: float) -> Written:
        """Make the status of this report, and write it where that is due.

        Errors: Conflicted where the mirror has changed since it was read; those of the client.
        """
        previous = self._made.get(mirror.key) or (mirror.status if mirror.seen_before else None)
        mine = mirror.key in self._mine
        status = status_of(
            report,
            now=now,
            previous=previous,
            trust_previous=mine or self._survived(report.stale_after),
        )
        self._mine.add(mirror.key)
        self._made[mirror.key] = status
        outcome = self._due(mirror, status, report.heartbeat)
        if outcome in ("same", "postponed"):
            self._made.pop(mirror.key)
            self._chronicle.shown(mirror.key, mirror.status)
            return Written(outcome, status)
        return Written(await self._put(mirror, status, outcome), status)

    def drop(self, key: MirrorKey) -> None:
        self._made.pop(key, None)
        self._mine.discard(key)
        self._turns.pop(key, None)
        self._chronicle.gone(key)

    def turn(self, key: MirrorKey) -> float | None:
        """When the heartbeat that was postponed may be written (POSIX s)."""
        return self._turns.get(key)

    def _due(self, mirror: Mirror, status: Status, period: float) -> Outcome:
        written = mirror.status
        if not same_truth(written, status):
            self._turns.pop(mirror.key, None)
            return "changed"
        until = parse_time(status.get("validUntil"))
        if until is None or not heartbeat.due(parse_time(written.get("validUntil")), until, period):
            self._turns.pop(mirror.key, None)
            return "same"
        if mirror.key not in self._turns:
            self._turns[mirror.key] = self._pace.turn()
        if self._turns[mirror.key] > self._runtime.clock():
            return "postponed"
        del self._turns[mirror.key]
        return "heartbeat"

    async def _put(self, mirror: Mirror, status: Status, outcome: Outcome) -> Outcome:
        try:
            answer = await self._resources.put_status("stagingmirrors", mirror.body, status)
        except NotThere:
            return "gone"
        except Refused as error:
            await self._put_minimal(mirror, error)
            return "refused"
        self._made[mirror.key] = answer.get("status") or {}
        self._chronicle.written(mirror, status, outcome)
        return outcome

    async def _put_minimal(self, mirror: Mirror, error: Refused) -> None:
        """What cannot be written whole is told as Unknown: an old verdict must not stand."""
        log.error("status refused", mirror="/".join(mirror.key), why=error.message)
        self._chronicle.refused()
        self._made.pop(mirror.key, None)
        status = minimal_unknown(
            generation=mirror.generation,
            now=self._runtime.clock(),
            why=error.message,
            previous=mirror.status,
        )
        if _same_refusal(mirror.status, status):
            self._chronicle.shown(mirror.key, mirror.status)
            return
        await self._resources.put_status("stagingmirrors", mirror.body, status)
        self._chronicle.written(mirror, status, "changed")


def _same_refusal(written: Status, status: Status) -> bool:
    """Whether the API server has this minimal status already, whatever its times."""
    told = ("observedGeneration", "sync", "summary")
    return all(written.get(key) == status.get(key) for key in told)
