"""One probe: every sample to production, to staging, and to production again.

What production answers twice shows how far its own answers are apart. Requests of both sides hold
the same samples, so that what one of them is late with or refuses is left out of both. Importing
this module imports numpy, which a start has no time for.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from json import dumps
from math import ceil
from typing import NamedTuple

from stagingmirror.drift.parity.gathering import Gathering
from stagingmirror.drift.parity.judge import judge
from stagingmirror.drift.parity.rules import Rules
from stagingmirror.errors import NotAllowed, NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.client import Answer, Side
from stagingmirror.sources.endpoint.memory import Bounds, Share
from stagingmirror.sources.endpoint.protocols import PROTOCOLS
from stagingmirror.sources.endpoint.protocols.lines import value_of
from stagingmirror.sources.endpoint.protocols.protocol import Protocol, Request, gather
from stagingmirror.sources.endpoint.rate import AT_ONCE
from stagingmirror.sources.endpoint.subjects import Parity, ProbedParity, Refusals

# Seconds in which no request of a probe gets its turn: an address may have many probes in line.
_STALLED = 900.0
# The share of samples that may get no answer, and bytes of all answers together.
_BUDGET, _MOST_BYTES = 0.1, 64 * 1024 * 1024
# Samples under way: production is sent each twice, so that it has as many requests in flight as it
# bears while others wait for staging.
_UNDER_WAY = 3 * AT_ONCE


class _Answered(NamedTuple):
    """Samples that were answered together, and the seconds that production, staging, and production
    again took.
    """

    samples: tuple[int, ...]
    took: tuple[float, float, float]


@dataclass(slots=True)
class _Probe:
    """``sides``: what production, staging, and production again answered."""

    production: Side
    staging: Side
    protocol: Protocol
    share: Share
    reading: asyncio.Semaphore
    sides: tuple[Gathering, Gathering, Gathering]
    answered: list[_Answered] = field(default_factory=list)
    in_flight: int = 0
    """Bytes of answers that are not read yet."""
    refused_by_production: int = 0
    refused_by_staging: int = 0
    failed: int = 0

    async def send_all(
        self, pairs: Sequence[tuple[Request, Request]], moved: Callable[[], None]
    ) -> None:
        """Raises the error of a request where too many samples get no answer. ``moved`` is called
        after each.
        """
        left = list(reversed(pairs))

        async def work() -> None:
            while left:
                await self.share.room()
                if left:
                    await self._send(left.pop(), left)
                    moved()

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_UNDER_WAY):
                    group.create_task(work())
        except* StagingMirrorError as errors:
            raise errors.exceptions[0] from None

    async def _send(
        self, pair: tuple[Request, Request], left: list[tuple[Request, Request]]
    ) -> None:
        answers: list[Answer] = []
        try:
            failed = await self._exchange(pair, answers) or await self._take(pair, answers, left)
        finally:
            self.in_flight -= _size(answers)
            self._weigh()
        if failed is not None:
            self.failed += len(pair[0].samples)
            if self.failed > _BUDGET * len(self.production.lines):
                raise failed

    async def _exchange(
        self, pair: tuple[Request, Request], answers: list[Answer]
    ) -> StagingMirrorError | None:
        """Add the three answers; or why there is none. Raises NotAllowed, of all samples."""
        kind = self.protocol.content_type
        try:
            for which, side in enumerate((self.production, self.staging, self.production)):
                answers.append(await side.client.send(pair[which % 2].body, kind))
                self.in_flight += _size(answers[-1:])
                self._weigh()
        except NotAllowed:
            raise
        except StagingMirrorError as error:
            return error
        return None

    async def _take(
        self,
        pair: tuple[Request, Request],
        answers: Sequence[Answer],
        left: list[tuple[Request, Request]],
    ) -> NotAnswered | None:
        """Why one of the answers cannot be read. Raises NotAnswered where all are too large."""
        samples = pair[0].samples
        before, staging, after = answers
        if all(each.body is not None for each in answers):
            async with self.reading:
                unread = await asyncio.to_thread(self._read, pair, answers)
            if unread is not None:
                return unread
            self.answered.append(_Answered(samples, (before.took, staging.took, after.took)))
        elif len(samples) > 1:  # one of them may be what is refused
            left += self._singly(samples)
        elif before.body is None or after.body is None:
            self.refused_by_production += 1
        else:
            self.refused_by_staging += 1
        return None

    def _read(self, pair: tuple[Request, Request], answers: Sequence[Answer]) -> NotAnswered | None:
        """Add what the answers hold to all others, unless one of them cannot be read: why not.
        CPU-bound. Raises NotAnswered where all are too large.
        """
        try:
            parts = [
                self.protocol.read(pair[which % 2], answer.body or b"")
                for which, answer in enumerate(answers)
            ]
        except NotAnswered as error:
            return error
        for side, part in zip(self.sides, parts, strict=True):
            gather(side, part)
        if sum(each.size for each in self.sides) > _MOST_BYTES:
            raise NotAnswered(
                Reason.OVERSIZED_ANSWER,
                f"the answers to all samples hold more than {_MOST_BYTES} bytes; offer fewer "
                "samples",
            )
        return None

    def _weigh(self) -> None:
        self.share.size = self.in_flight + sum(each.size for each in self.sides)

    def _singly(self, samples: Sequence[int]) -> list[tuple[Request, Request]]:
        sides = (self.production, self.staging)
        return [
            _paired(self.protocol, [side.lines[each] for side in sides], each) for each in samples
        ]


async def probe(
    production: Side, staging: Side, rules: Rules, began: float, bounds: Bounds
) -> ProbedParity:
    """``began`` is now (POSIX s). Raises errors of ``stagingmirror.errors`` and TimeoutError."""
    clock = asyncio.get_running_loop().time
    start, protocol = clock(), PROTOCOLS[production.protocol]
    with bounds.memory.share() as share:
        before, between, after = (Gathering(len(production.lines)) for _ in range(3))
        sides = (before, between, after)
        found = _Probe(production, staging, protocol, share, bounds.reading, sides)
        pairs = await asyncio.to_thread(_pairs, protocol, production, staging)
        async with asyncio.timeout(_STALLED) as limit:
            await found.send_all(pairs, lambda: limit.reschedule(clock() + _STALLED))
        _refuse_too_many(found)
        async with bounds.reading:
            parity, distinct = await asyncio.to_thread(_judged, found, rules)
    return ProbedParity(
        parity,
        Refusals(found.refused_by_production, found.refused_by_staging),
        distinct,
        _latency(found.answered),
        began,
        round(clock() - start, 1),
    )


def _refuse_too_many(found: _Probe) -> None:
    """Raises NotAnswered where too many samples have no answer that production's could be."""
    refused, total = found.refused_by_production, len(found.production.lines)
    if refused + found.failed > _BUDGET * total:
        raise NotAnswered(
            Reason.ENDPOINT_FAILED,
            f"production's endpoint refuses {refused} of {total} samples, and {found.failed} got no"
            " answer, so that nothing is known of them; are the samples those of this endpoint?",
        )


def _refuse_problems(protocol: Protocol, *sides: Side) -> None:
    for side in sides:
        for number, line in enumerate(side.lines, start=1):
            if (problem := protocol.problem(line)) is not None:
                raise NotAnswered(
                    Reason.SAMPLES_INVALID,
                    f"line {number} of the samples for {side.client.field}: {problem}",
                )


def _pairs(protocol: Protocol, production: Side, staging: Side) -> list[tuple[Request, Request]]:
    """Requests of both sides that hold the same samples. Raises NotAnswered for what cannot be
    sent.
    """
    _refuse_problems(protocol, production, staging)
    mine, theirs = protocol.requests(production.lines), protocol.requests(staging.lines)
    if [each.samples for each in mine] != [each.samples for each in theirs]:
        mine, theirs = (protocol.requests(side.lines, 1) for side in (production, staging))
    return list(zip(mine, theirs, strict=True))


def _paired(protocol: Protocol, lines: Sequence[str], sample: int) -> tuple[Request, Request]:
    """The requests of one sample, which is the whole's ``sample``."""
    mine, theirs = (replace(protocol.requests([line])[0], samples=(sample,)) for line in lines)
    return mine, theirs


def _judged(found: _Probe, rules: Rules) -> tuple[Parity, int]:
    """And of how many distinct samples."""
    before, staging, after = (each.answers() for each in found.sides)
    return judge(before, staging, after, rules), _distinct(found)


def _distinct(found: _Probe) -> int:
    """Lines of one value, spelled in several ways, are one sample."""
    lines = found.production.lines
    answered = (lines[each] for some in found.answered for each in some.samples)
    return len({dumps(value_of(each), sort_keys=True) for each in answered})


def _latency(answered: Sequence[_Answered]) -> tuple[float, float]:
    """The 95th percentile of the time of one request (s), of production and of staging."""
    production = [each.took[which] for each in answered for which in (0, 2)]
    return _percentile(production), _percentile([each.took[1] for each in answered])


def _percentile(times: Sequence[float]) -> float:
    if not times:
        return 0.0
    return sorted(times)[ceil(0.95 * len(times)) - 1]


def _size(answers: Sequence[Answer]) -> int:
    return sum(len(each.body or b"") for each in answers)
