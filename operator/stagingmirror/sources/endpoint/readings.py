"""What is known of each pair of endpoints that somebody compares, and when samples are sent again.

Samples are sent at the interval of those who want the answers, never below ``minInterval``; out of
turn where the samples, the endpoints or what is compared is another one, and on request.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any, NamedTuple

import structlog
from pydantic import TypeAdapter, ValidationError

from stagingmirror.api.types.times import AHEAD
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotRead, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.client import EndpointClient, Side
from stagingmirror.sources.endpoint.memory import Bounds
from stagingmirror.sources.endpoint.subjects import ParitySubject, ProbedParity, Rules
from stagingmirror.sources.endpoint.turns import Ends, Turns
from stagingmirror.view import Observed

log = structlog.get_logger(__name__)

# Seconds that double with each failed probe in a row, up to the interval.
_AGAIN, _DOUBLED = 60.0, 7
# Seconds by which a probe may be later than its interval.
_LATE = 120.0
_NOT_PROBED = Why(Reason.NOT_PROBED_YET, "samples were not sent to both endpoints yet")
_INTERNAL = Why(
    Reason.INTERNAL_ERROR,
    "the operator failed on these endpoints; its log has the trace, please report",
)
_RESULT: TypeAdapter[ProbedParity] = TypeAdapter(ProbedParity)


class Pair(NamedTuple):
    """Both sides of a subject as they are now. ``of``: changes with whatever the answers rest on.
    ``least``: seconds between two probes, at least.
    """

    production: Side
    staging: Side
    of: str
    least: float

    @property
    def ways(self) -> tuple[EndpointClient, EndpointClient, str]:
        """A probe that goes other ways than these sends nothing more, and does not count."""
        return self.production.client, self.staging.client, self.of


Probe = Callable[[Side, Side, Rules, float, Bounds], Awaitable[ProbedParity]]
# The input example of an environment's model, by name and version. Raises errors of ``errors``.
Examples = Callable[[str, str, str], Awaitable[bytes]]
# Both sides of a subject, or why one of them cannot be sent anything.
PairOf = Callable[[ParitySubject], Pair | Why]


@dataclass(slots=True)
class _Known:
    """``tried``: when samples were sent last (POSIX s), to what was ``tried_of`` then, by these
    ``ways``; None: not by this process. ``sent_to``: what the task under way sends them to.
    ``sent``: when samples were sent last in its place, whatever came of it; infinity: never.
    """

    result: ProbedParity | None = None
    of: str = ""
    trouble: Why | None = None
    tried: float = 0.0
    tried_of: str = ""
    ways: tuple[EndpointClient, EndpointClient, str] | None = None
    failures: int = 0
    task: asyncio.Task[None] | None = None
    sent_to: Pair | None = None
    sent: float = inf
    exported: tuple[ProbedParity, Mapping[str, Any]] | None = None

    @property
    def kept(self) -> Mapping[str, Any] | None:
        """The same object as long as the result is: what is new is written."""
        if self.result is None:
            return None
        if self.exported is None or self.exported[0] is not self.result:
            result = _RESULT.dump_python(self.result, mode="json")
            self.exported = self.result, {"of": self.of, "result": result}
        return self.exported[1]


class ParityReadings:
    """``changed`` is called with a subject of which something else is known now."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        changed: Callable[[ParitySubject], None],
        pair_of: PairOf,
        examples: Examples,
    ) -> None:
        self._clock = clock
        self._changed = changed
        self._pair_of = pair_of
        self._examples = examples
        self._known: dict[ParitySubject, _Known] = {}
        self._adopted: dict[str, _Known] = {}
        self._turns = Turns(clock)
        self._bounds = Bounds()

    def get(self, subject: ParitySubject) -> Observed[ProbedParity] | Unseen:
        """As new as now until a probe is overdue, since its own age is a fact of it; as old as it
        is where the newest probe failed.
        """
        now, pair = self._clock(), self._pair_of(subject)
        if isinstance(pair, Why):
            return Unseen(pair, now)
        known = self._known.get(subject) or _Known()
        if known.result is None or known.of != pair.of:
            is_tried = known.trouble is not None and known.tried_of == pair.of
            return Unseen(known.trouble if is_tried and known.trouble else _NOT_PROBED, now)
        interval = max(subject.every, pair.least)
        if now - known.result.began > 2 * interval + known.result.took + _LATE:
            overdue = Why(
                Reason.PROBE_OVERDUE,
                f"samples were not sent again to {subject.production} and {subject.staging} for "
                "more than twice their interval.",
            )
            return Unseen(known.trouble or overdue, now)
        began = now if known.trouble is None else known.result.began
        return Observed(known.result, began, known.trouble)

    def tend(self, subjects: Collection[ParitySubject]) -> None:
        """Start what is due of these, end what sends to something else than is meant now, forget
        all others. Does not wait.
        """
        for subject in self._known.keys() - set(subjects):
            self._drop(subject, self._known.pop(subject))
        for subject in subjects:
            known, pair = self._entry(subject), self._pair_of(subject)
            if known.sent == inf:
                known.sent = self._turns.take_place(_ends(subject))
            if known.task is not None:
                if known.sent_to is None or not _is_meant(known.sent_to, pair):
                    known.task.cancel()
            elif isinstance(pair, Pair) and self._is_due(subject, known, pair):
                self._start(subject, known, pair)
        self._turns.forget({_ends(each) for each in subjects})

    async def prove(self, subject: ParitySubject, *, since: float) -> None:
        """Send samples that were last sent before ``since`` (POSIX s). Raises NotRead."""
        known = self._entry(subject)
        while known.task is not None or known.tried < since:
            pair = self._pair_of(subject)
            if isinstance(pair, Why):
                raise NotRead(pair.reason, pair.message)
            if known.task is None:
                self._start(subject, known, pair)
            await asyncio.wait({known.task} if known.task else set())
            if self._known.get(subject) is not known:
                raise NotRead(_NOT_PROBED.reason, _NOT_PROBED.message)
        if known.trouble is not None:
            raise NotRead(known.trouble.reason, known.trouble.message)

    def export(self, subjects: Collection[ParitySubject]) -> Mapping[str, Mapping[str, Any] | None]:
        """The results of these, by a name that stays over restarts."""
        found = dict[str, Mapping[str, Any] | None]()
        for subject in subjects:
            name = _name(subject)
            each = self._known.get(subject) or self._adopted.get(name) or _Known()
            found[name] = each.kept
        return found

    def adopt(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """A result counts as long as what it rests on is the same."""
        for name, entry in entries.items():
            try:
                result = _RESULT.validate_python(entry["result"])
            except (ValidationError, KeyError):
                continue
            if result.began <= self._clock() + AHEAD:  # a clock that was ahead says nothing of when
                of = str(entry.get("of"))
                self._adopted[name] = _Known(
                    result, of, tried=result.began, tried_of=of, sent=result.began
                )

    async def close(self) -> None:
        tasks = [each.task for each in self._known.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_due(self, subject: ParitySubject, known: _Known, pair: Pair) -> bool:
        interval, now = max(subject.every, pair.least), self._clock()
        if known.tried_of != pair.of or known.ways not in (None, pair.ways):
            return True  # another login, too, may lead to another model
        pause = min(_AGAIN * 2 ** min(known.failures, _DOUBLED), interval)
        return now >= known.tried + (pause if known.failures else interval)

    def _drop(self, subject: ParitySubject, known: _Known) -> None:
        if known.task is not None:
            known.task.cancel()
        if known.sent != inf:
            self._turns.leave(_ends(subject), known.sent)

    def _entry(self, subject: ParitySubject) -> _Known:
        if (known := self._known.get(subject)) is None:
            known = self._known[subject] = self._adopted.pop(_name(subject), _Known())
        return known

    async def _with_example(self, subject: ParitySubject, pair: Pair) -> Pair:
        """Both sides with the rows of the input example, where that is what is sent."""
        production = subject.production
        if production.example is None:
            return pair
        document = await self._examples(production.environment, *production.example)
        lines = await asyncio.to_thread(_rows_of, document)
        sides = (replace(each, lines=lines) for each in (pair.production, pair.staging))
        return pair._replace(production=next(sides), staging=next(sides))

    def _start(self, subject: ParitySubject, known: _Known, pair: Pair) -> None:
        known.sent_to = pair
        known.task = asyncio.create_task(self._read(subject, known, pair))

    async def _read(self, subject: ParitySubject, known: _Known, pair: Pair) -> None:
        before, former = (known.result, known.trouble), (known.tried, known.tried_of, known.ways)
        try:
            probe = await asyncio.to_thread(_prober)
            async with self._turns.one(_ends(subject), pair.least, lambda: known.sent):
                if not _is_meant(pair, self._pair_of(subject)):
                    return
                known.sent = known.tried = self._clock()
                known.tried_of, known.ways = pair.of, pair.ways
                sent = await self._with_example(subject, pair)
                result = await probe(
                    sent.production, sent.staging, subject.rules, known.tried, self._bounds
                )
            if not _is_meant(pair, self._pair_of(subject)):
                known.tried, known.tried_of, known.ways = former
                return
            known.result, known.of, known.trouble, known.failures = result, pair.of, None, 0
        except asyncio.CancelledError:
            known.tried, known.tried_of, known.ways = former
            raise
        except (StagingMirrorError, TimeoutError) as error:
            self._failed(known, pair, _why(error))
        except Exception:
            log.exception("comparing the answers of two endpoints failed")
            self._failed(known, pair, _INTERNAL)
        finally:
            known.task = known.sent_to = None
            if (known.result, known.trouble) != before:
                self._changed(subject)

    def _failed(self, known: _Known, pair: Pair, why: Why) -> None:
        known.trouble, known.failures = why, known.failures + 1
        known.tried, known.tried_of = max(known.tried, self._clock()), pair.of
        known.ways = pair.ways


def _is_meant(sent_to: Pair, pair: Pair | Why) -> bool:
    return isinstance(pair, Pair) and pair.ways == sent_to.ways


def _ends(subject: ParitySubject) -> Ends:
    return (*subject.production[:2], *subject.staging[:2])


def _rows_of(document: bytes) -> tuple[str, ...]:
    from stagingmirror.sources.endpoint.protocols.mlflow_scoring import example_lines

    return example_lines(document)


def _prober() -> Probe:
    """Imported with the first probe: it takes 0.1 s."""
    from stagingmirror.sources.endpoint.prober import probe

    return probe


def _name(subject: ParitySubject) -> str:
    """One name per subject, which stays over restarts."""
    return f"parity {hashlib.sha256(repr(subject).encode()).hexdigest()}"


def _why(error: StagingMirrorError | TimeoutError) -> Why:
    if isinstance(error, StagingMirrorError):
        return Why(error.reason, error.message)
    return Why(Reason.TIMED_OUT, "sending the samples took too long")
