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
from stagingmirror.sources.endpoint.client import Answer
from stagingmirror.sources.endpoint.memory import Bounds, Share
from stagingmirror.sources.endpoint.protocols import PROTOCOLS
from stagingmirror.sources.endpoint.protocols.lines import value_of
from stagingmirror.sources.endpoint.protocols.protocol import Protocol, Request, gather
from stagingmirror.sources.endpoint.rate import AT_ONCE
from stagingmirror.sources.endpoint.side import Side
from stagingmirror.sources.endpoint.subjects import Parity, ProbedParity, Refusals

# Seconds in which no request of a probe gets its turn: an address may have many probes in line.
_STALLED = 900.0
# The share of samples that may get no answer, and bytes of all answers together.
_BUDGET, _MOST_BYTES = 0.1, 64 * 1024 * 1024
# Samples under way: production is sent each twice, so that it has as many requests in flight as it
# bears while others wait for staging.
_UNDER_WAY = 3 * AT_ONCE


class _Three(NamedTuple):
    """The answers to one request: production's, staging's, production's again."""

    requests: tuple["Request", "Request"]
    answers: tuple[Answer, Answer, Answer]

    def emptied(self) -> "_Three":
        """Without what was answered, once that is read."""
        before, between, after = (replace(each, body=b"") for each in self.answers)
        return _Three(self.requests, (before, between, after))


@dataclass(slots=True)
class _Probe:
    production: Side
    staging: Side
    protocol: Protocol
    share: Share
    answered: list[_Three] = field(default_factory=list)
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
        mine, theirs = pair
        kind = self.protocol.content_type
        try:
            before = await self.production.client.send(mine.body, kind)
            between = await self.staging.client.send(theirs.body, kind)
            after = await self.production.client.send(mine.body, kind)
        except NotAllowed:
            raise
        except StagingMirrorError:
            self.failed += len(mine.samples)
            if self.failed > _BUDGET * len(self.production.lines):
                raise
            return
        answers = (before, between, after)
        if all(each.body is not None for each in answers):
            self._keep(_Three(pair, answers))
        elif len(mine.samples) > 1:  # one of them may be what is refused
            left += self._singly(mine.samples)
        elif before.body is None or after.body is None:
            self.refused_by_production += 1
        else:
            self.refused_by_staging += 1

    def _keep(self, three: _Three) -> None:
        self.share.hold(sum(len(each.body or b"") for each in three.answers))
        if self.share.size > _MOST_BYTES:
            raise NotAnswered(
                Reason.OVERSIZED_ANSWER,
                f"the answers to all samples have more than {_MOST_BYTES} bytes; offer fewer "
                "samples",
            )
        self.answered.append(three)

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
        found = _Probe(production, staging, protocol, share)
        pairs = await asyncio.to_thread(_pairs, protocol, production, staging)
        async with asyncio.timeout(_STALLED) as limit:
            await found.send_all(pairs, lambda: limit.reschedule(clock() + _STALLED))
        _refuse_too_many(found)
        async with bounds.judging:
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
    sides = _read(found)
    _refuse_too_many(found)
    before, staging, after = (each.answers() for each in sides)
    return judge(before, staging, after, rules), _distinct(found)


def _read(found: _Probe) -> tuple[Gathering, ...]:
    """What the three answers to each request hold, of each side; one that cannot be read leaves its
    samples out. Raises its error where these are too many.
    """
    sides = tuple(Gathering(len(found.production.lines)) for _ in range(3))
    unread, found.answered = found.answered[::-1], []
    while unread:
        three = unread.pop()
        try:
            parts = [
                found.protocol.read(three.requests[which % 2], answer.body or b"")
                for which, answer in enumerate(three.answers)
            ]
        except NotAnswered:
            found.failed += len(three.requests[0].samples)
            if found.failed > _BUDGET * len(found.production.lines):
                raise
        else:
            for side, part in zip(sides, parts, strict=True):
                gather(side, part)
            found.answered.append(three.emptied())
    return sides


def _distinct(found: _Probe) -> int:
    """Lines of one value, spelled in several ways, are one sample."""
    lines = found.production.lines
    answered = (lines[each] for three in found.answered for each in three.requests[0].samples)
    return len({dumps(value_of(each), sort_keys=True) for each in answered})


def _latency(answered: Sequence[_Three]) -> tuple[float, float]:
    """The 95th percentile of the time of one request (s), of production and of staging."""
    production = [three.answers[each].took for three in answered for each in (0, 2)]
    return _percentile(production), _percentile([three.answers[1].took for three in answered])


def _percentile(times: Sequence[float]) -> float:
    if not times:
        return 0.0
    return sorted(times)[ceil(0.95 * len(times)) - 1]
