"""What the hands of a refresh are given."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from stagingmirror.sources.kubernetes.write.writer import Writer
from stagingmirror.sources.mlflow.client.client import MlflowServer

Progressing = Callable[[int, int], None]
"""Told bytes done and bytes in total."""


@dataclass(slots=True)
class _Job:
    task: asyncio.Task[str]
    done: int = 0
    total: int = 0


class Pool:
    """Long work beside the passes: copies run here, and passes look in. Each enters ``room`` once
    it has everything that it waits for; that bounds how many run at once.

    Nothing here survives the process: what was half done is asked for again, and finds itself.
    """

    def __init__(self, *, size: int = 2) -> None:
        self.room = asyncio.Semaphore(size)
        self._jobs: dict[tuple[str, str], _Job] = {}

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

    async def close(self) -> None:
        """End everything."""
        for key in list(self._jobs):
            await self.stop(key)

    def _start(self, key: tuple[str, str], work: Callable[[Progressing], Awaitable[str]]) -> _Job:
        async def run() -> str:
            return await work(progressed)

        def progressed(done: int, total: int) -> None:
            job.done, job.total = done, total

        job = _Job(asyncio.create_task(run(), name=f"refresh {key[0]} {key[1]}"))
        self._jobs[key] = job
        return job


@dataclass(frozen=True, slots=True)
class Tools:
    """``server`` is the registry of an environment (raises CannotRefresh where it has none);
    ``is_productions`` tells whether any mirror names this alias (environment, registered model,
    alias) as production's, in whichever environment the same registry is reached. ``may_copy``
    tells whether bytes of one environment's registry may be written into another's, which must not
    be production's unless an admin says so; None: not known now.
    ``doubt`` has a version's bytes (environment, registered model, version) read anew at once.
    """

    writer: Writer
    server: Callable[[str], MlflowServer]
    is_productions: Callable[[str, str, str], bool]
    clock: Callable[[], float]
    may_copy: Callable[[str, str], bool | None] = lambda source, destination: False
    doubt: Callable[[str, str, str], None] = lambda environment, model, version: None
    pool: Pool = field(default_factory=Pool)
