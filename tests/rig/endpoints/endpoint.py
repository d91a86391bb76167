"""What the servers of endpoints have in common."""

import urllib.request
from pathlib import Path
from typing import ClassVar

from rig.endpoints.logic import Logic
from rig.run import Run, free_port
from rig.stores.server import Server


class Endpoint(Server):
    """``base`` is its address. What it computes follows ``logic_file``, which it reads for each
    request. One of these calls `_begin`; it is ready when `await_ready` returns.
    """

    ready_within = 120.0
    health: ClassVar[str]
    """The path that answers 200 when it is ready."""

    def __init__(self, name: str, *, run: Run | None = None) -> None:
        super().__init__(name, run=run)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.folder = self._run.folder / self.name
        self.folder.mkdir()
        self.logic_file = self.folder / "logic.json"
        Logic().write(self.logic_file)

    def follow(self, logic: Logic) -> None:
        """Compute so from the next request on."""
        logic.write(self.logic_file)

    def _begin(self, *command: str | Path, **environment: str | None) -> None:
        self._process = self._run.start(
            self.name, command, environment=environment, folder=self.folder
        )

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base}{self.health}", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
