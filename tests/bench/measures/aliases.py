"""Production's alias moves → status, which polling has to find."""

import asyncio
import random
import time

from rich.progress import Progress

from bench import scene as bodies
from bench.figures import Figure, percentile
from bench.ground import Ground, move_alias
from bench.measures.idle import CHECK_INTERVAL_SECONDS
from bench.observer import Observer

_SPREAD_SECONDS = 2 * CHECK_INTERVAL_SECONDS
_WITHIN_SECONDS = 4 * CHECK_INTERVAL_SECONDS


async def measure(ground: Ground, observer: Observer) -> list[Figure]:
    """Every model that no pod loads, each at another moment of two intervals."""
    models = [each for each in range(ground.scene.models) if not bodies.is_loaded(each)]
    with Progress(console=ground.console, transient=True) as progress:
        task = progress.add_task("aliases move", total=len(models))

        async def one(model: int) -> list[float]:
            took = await _move(ground, observer, model)
            progress.advance(task)
            return took

        took = await asyncio.gather(*(one(model) for model in models))
    times = [seconds for each in took for seconds in each]
    return [
        Figure(
            f"production's alias moved → status, p{percent}",
            percentile(times, percent),
            "s",
            CHECK_INTERVAL_SECONDS,
            "checkInterval",
            goal=CHECK_INTERVAL_SECONDS + 2 if percent == 99 else None,
            detail={"moves": len(models), "statuses": len(times)},
        )
        for percent in (50, 99)
    ]


async def _move(ground: Ground, observer: Observer, model: int) -> list[float]:
    await asyncio.sleep(random.uniform(0, _SPREAD_SECONDS))
    waiting = asyncio.create_task(
        observer.until(ground.scene.of_model(model), "Drifted", within=_WITHIN_SECONDS)
    )
    await asyncio.sleep(0)
    await asyncio.to_thread(move_alias, ground.registries[0], bodies.model_name(model), "2")
    moved = time.time()
    shown = await waiting
    return [at - moved for at in shown.values()]
