"""`make bench`: measures, prints a table, writes bench.json. Exit code 0 whatever was found: a
figure is reported, not tested; 1 where something could not be measured.
"""

import argparse
import asyncio
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench.figures import Figure, show, write
from bench.ground import Ground, a_ground
from bench.measures import (
    aliases,
    cost,
    elsewhere,
    hashing,
    idle,
    indexes,
    latency,
    parity,
    parsers,
    probing,
    restoring,
    starting,
    stores,
)
from bench.observer import Observer
from bench.processes import Usage, usage
from bench.scene import Scene
from rig.programs import RigError
from support.operators.operator import OperatorProcess

# As in the image: what was imported once is compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

MIRRORS = 1000
IDLE_SECONDS = 300.0
ON_THE_GROUND = ("start", "latency", "cost", "idle", "alias", "elsewhere", "indexes")
PARTS = (*ON_THE_GROUND, "hashing", "stores", "restoring", "parsers", "parity")
RESULT = Path(__file__).parents[2] / "bench.json"


class Bench:
    """What was chosen, and what was found."""

    def __init__(self, options: argparse.Namespace, console: Console) -> None:
        self.chosen: Sequence[str] = options.only or PARTS
        self._scene = Scene(options.mirrors)
        self._idle = options.idle
        self._turns = options.turns
        self._console = console
        self.figures: list[Figure] = []
        self._costs: dict[str, float] = {}

    async def run(self) -> None:
        if set(self.chosen) & set(ON_THE_GROUND):
            async with a_ground(self._scene, self._console) as ground:
                await self._on(ground)
        if "hashing" in self.chosen:
            self.figures += await hashing.measure(self._console)
        if "stores" in self.chosen:
            self.figures += await stores.measure(self._console)
        if "restoring" in self.chosen:
            self.figures += await restoring.measure(self._console)
        if "parsers" in self.chosen:
            self.figures += parsers.measure(self._console)
        if "parity" in self.chosen:
            self.figures += parity.measure(self._console)
            self.figures += await probing.measure(self._console)

    async def _on(self, ground: Ground) -> None:
        async with Observer.on(ground.api, ground.mirrors) as observer:
            ground.report("the operator's first start")
            async with starting.first(ground, observer) as (_, first):
                pass
            ground.report("its second start")
            async with starting.again(ground, observer) as (operator, second):
                await self._while_it_runs(ground, observer, operator)
                end = usage(operator.pid)
                held = 1000 * starting.longest_hold(operator)
                self.figures.append(
                    Figure("longest hold of the loop, at the end", held, "ms", goal=100.0)
                )
        if {"start", "cost"} & set(self.chosen):
            await self._against_noop(ground, first, second, end)

    async def _while_it_runs(
        self, ground: Ground, observer: Observer, operator: OperatorProcess
    ) -> None:
        if "idle" in self.chosen:
            self.figures += await idle.measure(ground, observer, operator, self._idle)
        if "latency" in self.chosen:
            self.figures += await latency.measure(ground, observer, self._turns)
        if "cost" in self.chosen:
            ground.report("processor time per change")
            try:
                await self._cost(ground, operator)
            except RigError as error:  # the figures of other parts are none the worse
                ground.report(f"processor time per change is left out: {error}")
                self._costs.clear()
        if "alias" in self.chosen:
            self.figures += await aliases.measure(ground, observer)
        if "elsewhere" in self.chosen:
            self.figures += await elsewhere.measure(ground, observer, self._turns)
        if "indexes" in self.chosen:
            self.figures += await indexes.measure(
                ground, observer, operator, self._idle, self._turns
            )

    async def _cost(self, ground: Ground, operator: OperatorProcess) -> None:
        at_rest = await cost.quiet(operator.pid)
        for name, patch in (
            (WITH_VERDICT, cost.NOT_TRACKED),
            ("with verdict and status write", cost.DIFFERENT),
        ):
            self._costs[name] = await cost.per_change(ground, operator.pid, patch, at_rest)
        await cost.per_change(ground, operator.pid, cost.RIGHT, at_rest)

    async def _against_noop(
        self, ground: Ground, first: starting.Start, second: starting.Start, end: Usage
    ) -> None:
        ground.report("a Kopf operator that does nothing")
        async with starting.noop(ground) as (process, noop):
            if "start" in self.chosen:
                self.figures += _starts(first, second, noop)
                self.figures.append(_memory(end, process.pid))
            if self._costs:
                at_rest = await cost.quiet(process.pid)
                bare = await cost.per_change(ground, process.pid, cost.DIFFERENT, at_rest)
                self.figures += [
                    _versus_noop(f"processor time per change, {name}", ms, "ms", bare, goal=goal)
                    for name, ms in self._costs.items()
                    # The handler that it is compared with writes nothing either.
                    for goal in (2.0 if name == WITH_VERDICT else None,)
                ]


def _starts(first: starting.Start, second: starting.Start, noop: starting.Start) -> list[Figure]:
    return [
        _versus_noop(
            "first start → every status written",
            first.seconds,
            "s",
            noop.seconds,
            detail={"writes": float(first.changed)},
        ),
        _versus_noop("second start → settled", second.seconds, "s", noop.seconds, goal=2.5),
        Figure("status writes of the second start", float(second.changed), "", goal=0.0),
        *(
            Figure(f"longest hold of the loop, {name} start", 1000 * start.held, "ms", goal=250.0)
            for name, start in (("first", first), ("second", second))
        ),
        _versus_noop(
            "memory after the first start",
            first.usage.resident,
            "MB",
            noop.usage.resident,
            detail={"peak": first.usage.peak, "peak of no-op Kopf": noop.usage.peak},
        ),
        _versus_noop(
            "memory after the second start",
            second.usage.resident,
            "MB",
            noop.usage.resident,
            detail={"peak": second.usage.peak},
        ),
    ]


WITH_VERDICT = "with verdict"


def _memory(end: Usage, noop: int) -> Figure:
    return _versus_noop(
        "memory at the end of the bench",
        end.resident,
        "MB",
        usage(noop).resident,
        detail={"peak": end.peak},
    )


def _versus_noop(
    name: str,
    measured: float,
    unit: str,
    baseline: float,
    *,
    goal: float | None = None,
    detail: dict[str, float] | None = None,
) -> Figure:
    return Figure(
        name, measured, unit, baseline, "no-op Kopf", goal, judged="ratio", detail=detail or {}
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--mirrors", type=int, default=MIRRORS, help="at least 5")
    parser.add_argument("--only", choices=PARTS, action="append", metavar="NAME", help=str(PARTS))
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds without change")
    parser.add_argument("--turns", type=int, default=latency.TURNS, help="changes that are timed")
    options = parser.parse_args()
    console = Console()
    bench = Bench(options, console)
    load = os.getloadavg()[0]
    ended = 0
    try:
        asyncio.run(bench.run())
    except (RigError, TimeoutError) as wrong:
        console.print(str(wrong), style="bold red", markup=False)
        ended = 1
    except KeyboardInterrupt:
        ended = 130
    show(bench.figures, console)
    about = {
        "whole": not ended,
        "mirrors": options.mirrors,
        "cores": os.cpu_count(),
        "loadBefore": load,
        "loadAfter": os.getloadavg()[0],
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
    write(bench.figures, RESULT, about)
    console.print(f"written to {RESULT.name}")
    return ended


if __name__ == "__main__":
    sys.exit(main())
