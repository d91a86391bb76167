"""The model of an MLServer, which loads it by its name."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, PandasCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput

from rig.endpoints.logic import Features, Logic, features, score

_TYPES: dict[str, type] = {"visits": np.int64, "last_login": np.int64, "embedding": np.float32}


class Fraud(MLModel):  # type: ignore[misc]  # MLServer is in another environment
    """Predicts a score, and returns the features that it used, as some do to explain it."""

    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        extra: dict[str, Any] = self.settings.parameters.extra
        by = replace(Logic.read(Path(extra["logic"])), model=extra["model"])
        given = {each.name: self.decode(each, default_codec=NumpyCodec) for each in payload.inputs}
        users = [int(each) for each in given["user"].reshape(-1)]
        if extra.get("needs"):
            given[extra["needs"]]  # as a model that takes one more input
        rows: list[Features] = [{"score": score(each, by), **features(each, by)} for each in users]
        if by.returns == "frame":
            return PandasCodec.encode_response(self.name, pd.DataFrame(rows), self.version)
        return InferenceResponse(
            model_name=self.name,
            model_version=self.version,
            outputs=[_output(name, [row[name] for row in rows]) for name in rows[0]],
        )


def _output(name: str, column: list[Any]) -> ResponseOutput:
    if isinstance(column[0], str):
        return StringCodec.encode_output(name, column)
    numbers = [np.nan if each is None else each for each in column]
    return NumpyCodec.encode_output(name, np.array(numbers, dtype=_TYPES.get(name, np.float64)))
