"""A real MLServer: the Open Inference protocol over REST."""

import json
import urllib.request
from pathlib import Path

from rig.endpoints.endpoint import Endpoint
from rig.python.environment import MLSERVER
from rig.run import Run, free_port

TESTS = Path(__file__).parents[2]
MODEL = "fraud"
_PROGRAM = "from mlserver.cli import main; main()"


class MlServer(Endpoint):
    """It serves the model ``fraud``, whose input is ``user``, at `/v2/models/fraud/infer`."""

    health = f"/v2/models/{MODEL}/ready"

    def __init__(self, name: str, *, run: Run | None = None) -> None:
        super().__init__(f"mlserver-{name}", run=run)
        settings = {
            "host": "127.0.0.1",
            "http_port": self.port,
            "grpc_port": free_port(),
            "metrics_port": free_port(),
            "parallel_workers": 0,  # the model runs in this process
        }
        (self.folder / "settings.json").write_text(json.dumps(settings))
        self._settle("1", None)
        self._begin(
            *(MLSERVER.python(), "-c", _PROGRAM, "start", self.folder),
            PYTHONPATH=str(TESTS),
            PYTHONDONTWRITEBYTECODE="1",
        )

    def serve(self, model: str, *, needs: str | None = None) -> None:
        """Load another version of the model; it may need one more input."""
        self._settle(model, needs)
        for action in ("unload", "load"):
            url = f"{self.base}/v2/repository/models/{MODEL}/{action}"
            with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=20):
                pass
        self.await_ready()

    def _settle(self, model: str, needs: str | None) -> None:
        extra = {"logic": str(self.logic_file), "model": model, "needs": needs}
        settings = {
            "name": MODEL,
            "implementation": "rig.endpoints.programs.served_model.Fraud",
            "parameters": {"version": model, "extra": extra},
        }
        (self.folder / "model-settings.json").write_text(json.dumps(settings))
