"""Models behind two protocols, as their servers really answer.

MLServer 1.7.1, Open Inference over REST (`mlserver/codecs`, `mlserver/rest`):

- An output of n numbers has the shape [n, 1]; ``data`` is flat, also where the request nests it.
- NaN, infinite and null are all ``null``: this protocol cannot tell them apart.
- ``id`` is another one for each request that has none; ``model_version`` is the served one's.
- What a model raises is a 500 of text/plain (by default with a traceback, which may hold samples);
  what the request lacks, a 422 that repeats it; an unknown model, a 404.
- Text columns of pandas 3 are not encoded (``KeyError: 'O'``): it needs pandas 2.

MLflow 3.17.2, `mlflow/pyfunc/scoring_server`:

- ``predictions`` is what the model returned: a list, a list of lists (numpy), records (DataFrame,
  Series), an object of columns (dict), or one value.
- NaN and Infinity are written as such, which is no JSON.
- In a DataFrame, None becomes NaN beside numbers and stays null where it is alone: it depends on
  the rows that are in one request.
- Refused samples are a 400 whose message repeats the sample; without a content type, 415.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from rig.endpoints.mlserver import MODEL, MlServer
from rig.endpoints.scoring_server import ScoringServer
from support.parity.changes import NINE, Change
from support.parity.ground import ParityGround, Side

_CHANGES = frozenset(
    {
        *NINE,
        *(Change.SWAPPED_COLUMNS, Change.REORDERED_EMBEDDING, Change.OTHER_TYPE),
        *(Change.OTHER_MODEL, Change.OTHER_INPUT),
    }
)
# The score depends on it.
_SCORED = {Change.PATCHED_CONSTANT: frozenset({"score"})}


class OpenInferenceGround(ParityGround[MlServer]):
    protocol = "OpenInference"
    fixture = "mlserver_pair"
    path = f"/v2/models/{MODEL}/infer"
    changes = _CHANGES
    bad_samples: ClassVar = {
        '{"inputs": [{"name": "user", "shape": [1, 1], "datatype": "INT64", "data": ["a"]}]}': 500,
        '{"inputs": []}': 500,
        "{}": 422,
        "{": 422,
    }

    def sample(self, users: Sequence[int]) -> Any:
        given = {"name": "user", "shape": [len(users), 1], "datatype": "INT64", "data": [*users]}
        return {"inputs": [given]}

    def read(self, body: Any) -> dict[str, list[Any]]:
        found = {}
        for each in body["outputs"]:
            rows, width = each["shape"]
            data = each["data"]
            found[each["name"]] = (
                data if width == 1 else [data[at * width : (at + 1) * width] for at in range(rows)]
            )
        return found

    def plant(self, side: Side, change: Change) -> None:
        super().plant(side, change)
        if change is Change.OTHER_MODEL:
            self.servers[side].serve("2")
        elif change is Change.OTHER_INPUT:
            self.servers[side].serve("needs-age", needs="age")

    def reset(self) -> None:
        super().reset()
        for each in self.servers.values():
            each.serve("1")

    def altered(self, change: Change) -> frozenset[str]:
        return change.features | _SCORED.get(change, frozenset())


class ScoringGround(ParityGround[ScoringServer]):
    protocol = "MLflowScoring"
    fixture = "scoring_pair"
    path = "/invocations"
    changes = _CHANGES
    bad_samples: ClassVar = {
        '{"dataframe_split": {"columns": ["user"], "data": [["a"]]}}': 400,
        '{"dataframe_split": {"columns": ["other"], "data": [[1]]}}': 400,
        "{}": 400,
        "{": 400,
    }

    def sample(self, users: Sequence[int]) -> Any:
        return {"dataframe_split": {"columns": ["user"], "data": [[each] for each in users]}}

    def read(self, body: Any) -> dict[str, list[Any]]:
        records = body["predictions"]
        return {name: [record[name] for record in records] for name in records[0]}

    def plant(self, side: Side, change: Change) -> None:
        super().plant(side, change)
        model = {Change.OTHER_MODEL: "2", Change.OTHER_INPUT: "needs-age"}.get(change, "1")
        self.servers[side].serve(model)
        self.servers[side].await_ready()

    def reset(self) -> None:
        super().reset()
        for each in self.servers.values():
            each.serve("1")
            each.await_ready()

    def altered(self, change: Change) -> frozenset[str]:
        return change.features | _SCORED.get(change, frozenset())
