"""What the steps of a refresh work with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from weakref import WeakValueDictionary

from stagingmirror.api.spec.offers import OfferList
from stagingmirror.drift.places import Place
from stagingmirror.sources.kubernetes.write.writer import Writer

T = TypeVar("T")

# Called with the bytes done and the bytes in total.
Progressing = Callable[[int, int], None]


@dataclass(slots=True)
class _Job:
    task: asyncio.Task[str]
    done: int = 0
    total: int = 0


# Works at once: of one namespace between two servers, between these at all, and in the process.
PER_NAMESPACE, PER_PAIR, IN_ALL = 2, 4, 16


class Pool:
    """Long work beside the passes: copies run here, and passes poll them. Each enters a ``room``
    once it has everything else that it waits for; that bounds how many run at once.

    Nothing here survives the process: another one starts the work again, which finds what is done.
    """

    def __init__(self) -> None:
        self._jobs: dict[tuple[str, str], _Job] = {}
        # Each while somebody holds it or waits for it.
        self._rooms: WeakValueDictionary[tuple[str, ...], asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def room(self, source: str, destination: str, namespace: str) -> AsyncIterator[None]:
        """Room for one work of a namespace between two servers. Slow servers keep the works between
        others waiting as little as one namespace keeps another's. What waits for a narrow room
        holds no wide one.
        """
        pair = source, destination
        rooms = (
            self._room((*pair, namespace), PER_NAMESPACE),
            self._room(pair, PER_PAIR),
            self._room((), IN_ALL),
        )
        async with rooms[0], rooms[1], rooms[2]:
            yield

    def poll(
        self, key: tuple[str, str], work: Callable[[Progressing], Awaitable[str]]
    ) -> str | tuple[int, int]:
        """The result once it is there, else bytes done and in total; starts the work where it is
        not known. Raises what the work raised, once.
        """
        job = self._jobs.get(key)
        if job is None:
            job = self._start(key, work)
        if not job.task.done():
            return job.done, job.total
        del self._jobs[key]
        return job.task.result()

    async def stop(self, key: tuple[str, str]) -> None:
        """End this work and wait until it has."""
        job = self._jobs.pop(key, None)
        if job is not None:
            job.task.cancel()
            await asyncio.wait({job.task})

    def abandon(self, key: tuple[str, str]) -> None:
        """Nobody wants this work, or its result, any more."""
        job = self._jobs.pop(key, None)
        if job is not None:
            job.task.cancel()

    async def close(self) -> None:
        """End everything."""
        for key in list(self._jobs):
            await self.stop(key)

    def _room(self, key: tuple[str, ...], most: int) -> asyncio.Semaphore:
        return self._rooms.setdefault(key, asyncio.Semaphore(most))

    def _start(self, key: tuple[str, str], work: Callable[[Progressing], Awaitable[str]]) -> _Job:
        async def run() -> str:
            return await work(progressed)

        def progressed(done: int, total: int) -> None:
            job.done, job.total = done, total

        job = _Job(asyncio.create_task(run(), name=f"refresh {key[0]} {key[1]}"))
        self._jobs[key] = job
        return job


class SourceOf(Protocol):
    def __call__(self, kind: type[T], /) -> T:
        """The source of this class, for what it offers beside observing. Raises LookupError where
        the process has none.
        """


@dataclass(frozen=True, slots=True)
class Tools:
    """``writer`` writes to Kubernetes, and refuses where this process does not lead. ``source``
    gives the clients of all other systems.

    ``is_production``: whether any mirror names this place as production's; None: one names a place
    that is not known to be another. ``may_copy``: whether the bytes of one environment's registry
    may be written into another's, which must not be production's unless an admin allows it; None:
    not known now.
    ``is_readable``: whether an environment lists this name as readable, as last seen.
    """

    writer: Writer
    source: SourceOf
    is_production: Callable[[Place], Awaitable[bool | None]]
    may_copy: Callable[[str, str], bool | None]
    is_readable: Callable[[str, OfferList, str], bool]
    clock: Callable[[], float]
    pool: Pool = field(default_factory=Pool)
