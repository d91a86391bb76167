"""Change → status written: the operator and the bare watch + PUT, turn by turn in one run.

A turn changes one object and changes it back, with the operator and then with the bare watch, so
both are measured under the same load and neither works while the other is measured. Time runs from
the API server's answer to the change until a watch shows the status, of each mirror concerned.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.progress import Progress

from bench import scene as bodies
from bench.figures import Figure, percentile
from bench.ground import Ground
from bench.observer import Observer
from bench.scene import Object
from bench.twins import a_bare_watch, path_of

TURNS = 300
SPACE_SECONDS = 0.1
_WITHIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of change: whose, how it is made (right or not), and which mirrors it concerns."""

    name: str
    path: Callable[[str, int], str]
    patch: Callable[[bool], Object]
    mirrors: Callable[[int], list[str]]


@dataclass(slots=True)
class Times:
    """Milliseconds, by sort of change."""

    operator: dict[str, list[float]] = field(default_factory=dict)
    bare: dict[str, list[float]] = field(default_factory=dict)


async def measure(ground: Ground, observer: Observer, turns: int) -> list[Figure]:
    """`turns` changes, as many by the bare watch, and as many back again."""
    times = Times()
    pairs = turns // 2
    kinds = sorts(ground)
    subjects = min(ground.scene.deployments, -(-pairs // len(kinds)))
    async with a_bare_watch(ground, subjects), Observer.on(ground.api, path_of(ground)) as twins:
        with Progress(console=ground.console, transient=True) as progress:
            for turn in progress.track(range(pairs), description="change → status"):
                sort = kinds[turn % len(kinds)]
                number = turn // len(kinds) % subjects
                for is_right in (False, True):
                    for seen, namespace, found in (
                        (observer, ground.world.staging, times.operator),
                        (twins, ground.bare, times.bare),
                    ):
                        took = await change(
                            ground, seen, sort, namespace, number, is_right=is_right
                        )
                        found.setdefault(sort.name, []).extend(took)
                        await asyncio.sleep(SPACE_SECONDS)
    return _figures(times)


async def change(
    ground: Ground, seen: Observer, sort: Sort, namespace: str, number: int, *, is_right: bool
) -> list[float]:
    """Milliseconds from one change until the status of each mirror that it concerns is shown."""
    sync = "InSync" if is_right else "Drifted"
    waiting = asyncio.create_task(seen.until(sort.mirrors(number), sync, within=_WITHIN_SECONDS))
    await asyncio.sleep(0)
    await ground.api.patch(sort.path(namespace, number), sort.patch(is_right))
    changed = time.time()
    shown = await waiting
    return [max(0.0, at - changed) * 1000 for at in shown.values()]


def sorts(ground: Ground) -> tuple[Sort, ...]:
    """All sorts of changes, a ConfigMap's first."""
    scene = ground.scene

    def value(is_right: bool) -> str:
        return bodies.AS_IN_PRODUCTION if is_right else "other"

    return (
        Sort(
            "ConfigMap",
            lambda space, n: f"/api/v1/namespaces/{space}/configmaps/{bodies.data_name(n)}",
            lambda is_right: {"data": {"snapshot": value(is_right)}},
            lambda n: [bodies.mirror_name(n)],
        ),
        Sort(
            "Deployment",
            lambda space, n: (
                f"/apis/apps/v1/namespaces/{space}/deployments/{bodies.server_name(n)}"
            ),
            lambda is_right: {"metadata": {"annotations": {bodies.TOKENIZER: value(is_right)}}},
            scene.of_deployment,
        ),
        Sort(
            "pod",
            lambda space, n: f"/api/v1/namespaces/{space}/pods/{bodies.pod_name(n)}/status",
            lambda is_right: bodies.running(bodies.DIGEST if is_right else bodies.OTHER_DIGEST),
            scene.of_deployment,
        ),
    )


def _figures(times: Times) -> list[Figure]:
    found = []
    for sort, took in times.operator.items():
        bare = times.bare[sort]
        about = {"statuses": float(len(took)), "most": max(took), "most of bare": max(bare)}
        for percent in (50, 99):
            found.append(
                Figure(
                    name=f"change of a {sort} → status, p{percent}",
                    measured=percentile(took, percent),
                    unit="ms",
                    baseline=percentile(bare, percent),
                    against="bare watch + PUT",
                    goal=3.0 if percent == 50 else 100.0,
                    judged="ratio" if percent == 50 else "measured",
                    detail=about,
                )
            )
    return found
