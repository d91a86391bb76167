"""A feature store, as its server really answers.

Feast 0.67.0, `POST /get-online-features` (`feast/feature_server.py`, `feature_server_utils.py`,
`utils.py`, `infra/online_stores/online_store.py`):

- ``results[i]`` is a column, of ``metadata.feature_names[i]``; its rows are the entities in the
  order of the request. Join keys are among the columns.
- An entity has one time per view, that of whichever row SQLite reads last: what is left of a
  feature that was removed gives its time to all others.
- The order of names is neither that of the request nor that of another process: two equal servers
  differ in it.
- ``event_timestamps`` are RFC 3339 with 0, 3, 6 or 9 digits of a second. 1970-01-01T00:00:00Z is
  no timestamp: of join keys, of what was not found, of everything that is computed on demand.
- ``statuses``: PRESENT, also of null, of a value older than the view's ttl (which is served) and
  of what is computed on demand for an entity that is not there; NOT_FOUND of what is not there,
  with null. NULL_VALUE is never sent, OUTSIDE_MAX_AGE only of pre-computed vectors, with the value.
- NaN and infinite are the texts "NaN", "Infinity", "-Infinity"; NaN of a scalar that was written
  with pandas is null.
- Float32 is widened, UnixTimestamp is whole seconds, bytes are base64.
- ``full_feature_names``: ``view__feature``; what is computed on demand in mode python is then left
  out without a word.
- An id of another type, an unknown feature or a function on demand that raises: 500, for the whole
  request, with a JSON text that may hold samples; an unknown view or service: 404; no ``entities``:
  422 that repeats the request.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from rig.endpoints.feast_server import FeastServer
from support.parity.changes import NINE, Change
from support.parity.ground import ParityGround, Side


class FeastGround(ParityGround[FeastServer]):
    protocol = "Feast"
    fixture = "feast_pair"
    path = "/get-online-features"
    changes = frozenset(
        {
            *NINE,
            *(Change.SWAPPED_COLUMNS, Change.REORDERED_EMBEDDING, Change.OTHER_TYPE),
            Change.ON_DEMAND,
        }
    )
    bad_samples: ClassVar = {
        '{"feature_service": "fraud", "entities": {"user_id": ["seven"]}}': 500,
        '{"feature_service": "none", "entities": {"user_id": [1]}}': 404,
        '{"feature_service": "fraud"}': 422,
        "{": 422,
    }
    _RATIO: ClassVar = {
        *(Change.PERMUTED_COLUMN, Change.STALE_DATA, Change.SWAPPED_COLUMNS),
        Change.DEFAULT_FOR_NULL,  # infinite
    }

    def sample(self, users: Sequence[int]) -> Any:
        return {"feature_service": "fraud", "entities": {"user_id": [*users]}}

    def read(self, body: Any) -> dict[str, list[Any]]:
        names = body["metadata"]["feature_names"]
        columns = zip(names, body["results"], strict=True)
        return {name: column["values"] for name, column in columns if name != "user_id"}

    def events(self, body: Any) -> dict[str, list[str]]:
        """Of each feature, as ``read`` reads its values."""
        names = body["metadata"]["feature_names"]
        columns = zip(names, body["results"], strict=True)
        return {name: column["event_timestamps"] for name, column in columns}

    def plant(self, side: Side, change: Change) -> None:
        if change is Change.ON_DEMAND:
            self.servers[side].follow(change.logic, on_demand="patched")
        else:
            super().plant(side, change)

    def altered(self, change: Change) -> frozenset[str]:
        """``ratio`` is computed on demand from two others."""
        return change.features | ({"ratio"} if change in self._RATIO else frozenset())
