"""What every server that a rig starts has in common, whatever it is."""

import shutil
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from rig.process import Process
from rig.run import Run, until


class Server(ABC):
    """A context manager. `stop`, `start`, `pause` and `resume` are for the server, on the same
    data, which are in `folder`. It is of a `run`, or of one of its own, which ends with it.

    One of these makes the folder, sets `_process`, and calls `await_ready`.
    """

    ready_within: ClassVar[float]
    """Seconds from its start, at most."""

    folder: Path
    _process: Process

    def __init__(self, name: str, *, run: Run | None) -> None:
        self.name = name
        self._run = run or Run(name)
        self._owns_run = run is None

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it does what it is for."""

    def await_ready(self) -> None:
        until(
            self._answers,
            within=self.ready_within,
            what=f"{self._process.name} is not ready",
            processes=[self._process],
            every=0.1,
        )

    def stop(self, *, grace: float = 0) -> None:
        """SIGTERM, and SIGKILL after `grace` seconds."""
        self._process.end(grace=grace)

    def start(self) -> None:
        """Start again, on the same address."""
        self._process.start()
        self.await_ready()

    def pause(self) -> None:
        """It accepts connections and answers nothing, until `resume`."""
        self._process.pause()

    def resume(self) -> None:
        self._process.resume()

    def close(self) -> None:
        """End it for good, and remove its data."""
        if self._owns_run:
            self._run.stop()
        else:
            self.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()
