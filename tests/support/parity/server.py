"""Two endpoints behind a small real server, and a source that sends samples to them."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen
from stagingmirror.settings import Settings
from stagingmirror.sources.endpoint.samples import Kept
from stagingmirror.sources.endpoint.source import EndpointSource
from stagingmirror.sources.endpoint.subjects import (
    AnswerSubject,
    EndpointSamples,
    ParitySubject,
    ProbedParity,
)
from stagingmirror.sources.source import Access
from stagingmirror.view import Observed
from support.mlflow.registries import serving
from support.operators.waiting import holds
from support.parity.answers import RULES
from support.parity.source import no_example
from support.parity.specs import endpoint

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SECRET = "s4mple"
"""In each sample and in each answer; must be nowhere else."""


def subject(number: int = 0, every: float = 900.0) -> ParitySubject:
    """One of several that compare the same endpoints."""
    return ParitySubject(
        EndpointSamples("production", "features", "parity-samples"),
        EndpointSamples("staging", "features", ""),
        replace(RULES, max_mismatches=number),
        every,
    )


async def amount(_: web.Request) -> web.StreamResponse:
    return web.json_response({"amount": 1.5, "note": SECRET})


@dataclass(slots=True)
class Pair:
    """``sides``: how each side answers. ``sent``: requests by side, ``at``: when they came."""

    url: str = ""
    sides: dict[str, Handler] = field(
        default_factory=lambda: {"production": amount, "staging": amount}
    )
    sent: Counter[str] = field(default_factory=Counter)
    at: list[float] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    version: int = 1
    changes: list[ParitySubject | AnswerSubject] = field(default_factory=list)
    source: EndpointSource = field(init=False)
    skew: float = 0.0

    def __post_init__(self) -> None:
        self.offer(range(20))
        self.source = self.new_source()

    def new_source(self) -> EndpointSource:
        return EndpointSource(
            clock=lambda: time.time() + self.skew,
            on_change=self.changes.append,
            settings=Settings(),
            on_call=lambda *_: None,
            examples=no_example,
            keep=lambda *_: Kept(str(self.version), "\n".join(self.lines)),
        )

    def offer(self, ids: Sequence[int]) -> None:
        self.lines = [json.dumps({"id": each, "of": SECRET}) for each in ids]
        self.version += 1

    async def answer(self, request: web.Request) -> web.StreamResponse:
        side = request.path.strip("/").partition("/")[0]
        self.sent[side] += 1
        self.at.append(time.monotonic())
        self.requests.append(request)
        await request.read()
        return await self.sides[side](request)

    def configure(
        self,
        *,
        production: dict[str, Any] | None = None,
        staging: dict[str, Any] | None = None,
        access: Mapping[str, Access] | None = None,
    ) -> None:
        """What else the endpoint of each side has, and what the Secrets of each hold."""
        given = {"production": production or {}, "staging": staging or {}}
        specs = {}
        for side in ("production", "staging"):
            fields = {
                "url": f"{self.url}/{side}",
                "protocol": "JSON",
                "maxRequestsPerSecond": 1000,
                "minInterval": "1m",
                **({} if side == "production" else {"sideEffectFree": None, "samples": None}),
                **given[side],
            }
            specs[side] = MirrorEnvironmentSpec.model_validate(
                {
                    "role": side.capitalize(),
                    "usableFrom": ["ml-staging"],
                    "namespaces": ["ml-prod"],
                    "endpoints": [endpoint(**fields)],
                }
            )
        self.source.configure(specs, access or {})

    async def probe(self, of: ParitySubject | None = None) -> ProbedParity | Unseen:
        """What is known of the subject once its samples were sent."""
        of = of or subject()
        self.source.want(of, 30.0)
        await holds(lambda: self.reason(of) != "NotProbedYet")
        found = self.source.get(of)
        if isinstance(found, Observed):
            assert found.value is not None
            return found.value
        return found

    def reason(self, of: ParitySubject | None = None) -> str | None:
        """Why nothing is known; None: it is."""
        found = self.source.get(of or subject())
        return found.why.reason if isinstance(found, Unseen) else None


@asynccontextmanager
async def two_endpoints() -> AsyncIterator[Pair]:
    """Configured, and the source runs."""
    pair = Pair()
    async with serving(pair.answer) as pair.url:
        pair.configure()
        task = asyncio.ensure_future(pair.source.run())
        try:
            yield pair
            assert not task.done(), "the source has ended"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def held_back(until: asyncio.Event) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        await until.wait()
        return await amount(request)

    return answer


async def ticks(pair: Pair, count: int = 2) -> None:
    """The source looks for what is due, so often at least."""
    for _ in range(count):
        pair.source.want(subject(), 30.0)
        await asyncio.sleep(0.05)
