"""An MLflow scoring server and its model: `scoring.py FOLDER PORT MODEL LOGIC`.

It is the application that `mlflow models serve` starts, in one process. The model ``needs-age``
takes one more column.
"""

import os
import sys
from pathlib import Path

import mlflow.pyfunc
import uvicorn
from mlflow.models import ModelSignature
from mlflow.pyfunc.scoring_server import _SERVER_MODEL_PATH
from mlflow.types import ColSpec, Schema

from rig.endpoints.programs import scored_model

NEEDS_AGE = "needs-age"


def main(folder: str, port: str, model: str, logic: str) -> None:
    columns = [ColSpec("long", "user")]
    if model == NEEDS_AGE:
        columns.append(ColSpec("double", "age"))
    path = Path(folder, f"model-{model}")
    if not path.exists():
        mlflow.pyfunc.save_model(
            path,
            python_model=scored_model.__file__,
            model_config={"model": model, "logic": logic},
            signature=ModelSignature(inputs=Schema(columns)),
            pip_requirements=[],
        )
    os.environ[_SERVER_MODEL_PATH] = str(path)
    uvicorn.run(
        "mlflow.pyfunc.scoring_server.app:app",
        host="127.0.0.1",
        port=int(port),
        log_level="warning",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
