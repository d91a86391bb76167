"""A real MLflow scoring server: what `mlflow models serve` starts."""

import os
import sys

from rig.endpoints.endpoint import Endpoint
from rig.mlflow_server import OUTSIDE
from rig.run import Run


class ScoringServer(Endpoint):
    """It scores the column ``user`` at `/invocations`."""

    health = "/ping"

    def __init__(self, name: str, *, run: Run | None = None) -> None:
        super().__init__(f"scoring-{name}", run=run)
        self._model = ""
        self.serve("1")

    def serve(self, model: str) -> None:
        """Start it (anew, at the same address) with this version of the model."""
        if model == self._model:
            return
        if self._model:
            self.stop(grace=3)
        self._model = model
        program = ("-m", "rig.endpoints.programs.scoring")
        self._begin(
            *(sys.executable, *program, self.folder, str(self.port), model, self.logic_file),
            **{key: None for key in os.environ if key.startswith(OUTSIDE)},
            MLFLOW_DISABLE_TELEMETRY="true",
            PYTHONWARNINGS="ignore",
        )
