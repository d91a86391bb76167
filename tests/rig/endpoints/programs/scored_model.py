"""The model of a scoring server, as MLflow loads it: from this file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd

from rig.endpoints.logic import Logic, features, score


class Fraud(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # MLflow is not typed
    """Predicts a score, and returns the features that it used, as some do to explain it."""

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # MLflow reads the types
        by = replace(
            Logic.read(Path(context.model_config["logic"])), model=context.model_config["model"]
        )
        users = [int(each) for each in model_input["user"]]
        rows: list[dict[str, Any]] = [
            {"score": score(each, by), **features(each, by)} for each in users
        ]
        frame = pd.DataFrame(rows)
        match by.returns:
            case "scores":
                return [row["score"] for row in rows]
            case "arrays":
                return frame[["score", "distance"]].to_numpy()
            case "columns":
                return {name: frame[name].tolist() for name in frame}
            case _:
                return frame


mlflow.models.set_model(Fraud())
