"""Plain JSON, and embeddings as OpenAI's: the program of the image `vectors`, as a process."""

import platform
from pathlib import Path

from rig.cluster.images import binary
from rig.endpoints.endpoint import Endpoint
from rig.run import Run


class VectorService(Endpoint):
    """`/features` takes ``{"user": 1}``, `/v1/embeddings` takes texts."""

    health = "/healthz"

    def __init__(self, name: str, *, run: Run | None = None) -> None:
        super().__init__(f"vectors-{name}", run=run)
        self._begin(vectors_program(), PORT=str(self.port), LOGIC=str(self.logic_file))


def vectors_program() -> Path:
    """Built once."""
    return binary("vectors", {}, system=platform.system().lower())
