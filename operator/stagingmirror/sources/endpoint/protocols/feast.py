"""``Feast``: the online feature server, ``/get-online-features``.

As Feast 0.67 writes it (feast: sdk/python/feast/feature_server.py, feature_server_utils.py,
protos/feast/serving/ServingService.proto).
"""

import math
from collections.abc import Sequence

from stagingmirror.drift.parity.answers import State
from stagingmirror.drift.parity.columns import Cell, Part, compact
from stagingmirror.drift.parity.comparing.scalars import instant
from stagingmirror.sources.endpoint.protocols.batches import batched
from stagingmirror.sources.endpoint.protocols.body import Json, garbage, parsed
from stagingmirror.sources.endpoint.protocols.lines import problem_of_json, value_of
from stagingmirror.sources.endpoint.protocols.protocol import (
    MOST_FEATURES,
    ROWS,
    Protocol,
    Request,
    too_many_features,
)

_NO_FEAST = "has not what a Feast server answers (metadata.feature_names, results)"
# What is no finite number is written as the protobuf JSON mapping has it.
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
# PRESENT is a value, or null. What is out of date is served nevertheless, or null in its place.
_STATES = {
    "INVALID": State.ERROR,
    "NULL_VALUE": State.NULL,
    "NOT_FOUND": State.ABSENT,
    "OUTSIDE_MAX_AGE": State.DEFAULT,
}


class Feast(Protocol):
    """A line is a request for one entity row. Rows of the same features are sent together. What
    the answer repeats of the entities is no feature.
    """

    name = "Feast"

    def problem(self, line: str) -> str | None:
        if (problem := problem_of_json(line)) is not None:
            return problem
        value = value_of(line)
        entities = value.get("entities") if isinstance(value, dict) else None
        if not isinstance(entities, dict) or not entities:
            return 'it is not like {"feature_service": "NAME", "entities": {"user_id": [7]}}'
        if "feature_service" not in value and not value.get("features"):
            return "it has neither feature_service nor features"
        if any(isinstance(each, list) and len(each) != 1 for each in entities.values()):
            return "each of its entities must have one value: a line is one sample"
        return None

    def requests(self, lines: Sequence[str], rows: int = ROWS) -> tuple[Request, ...]:
        return batched(lines, _split, _whole, rows)

    def read(self, request: Request, body: bytes) -> Part:
        answer = parsed(body, nan=True)
        names, results = _names(answer), _results(answer)
        if len(names) != len(results) or len(set(names)) != len(names):
            raise garbage("has not one result for each of its feature_names")
        if len(names) > MOST_FEATURES:
            raise too_many_features()
        echoed = _echoed(names, results, value_of(request.body.decode())["entities"])
        cells: dict[str, list[Cell]] = {}
        stamps: dict[str, list[float]] = {}
        for name, vector in zip(names, results, strict=True):
            if name not in echoed:
                cells[name] = _cells(vector, len(request.samples))
                stamps[name] = _stamps(vector, len(request.samples))
        return Part(request.samples, cells, stamps)


def _split(value: Json) -> tuple[Json, Json]:
    """The names of the entities stay in the rest, so that all rows have the same ones."""
    row = {
        name: each[0] if isinstance(each, list) else each
        for name, each in value["entities"].items()
    }
    return value | {"entities": dict.fromkeys(sorted(row))}, row


def _whole(rest: Json, rows: list[Json]) -> Json:
    return rest | {"entities": {name: [row[name] for row in rows] for name in rest["entities"]}}


def _echoed(names: list[str], results: list[Json], entities: Json) -> set[str]:
    """The columns that repeat the entities. A request may name an entity otherwise than its join
    key, which is the name that Feast answers: then its values tell.
    """
    renamed = [list(map(str, rows)) for name, rows in entities.items() if name not in names]
    return {*entities} | {
        name
        for name, vector in zip(names, results, strict=True)
        if isinstance(vector.get("values"), list) and list(map(str, vector["values"])) in renamed
    }


def _names(answer: Json) -> list[str]:
    metadata = answer.get("metadata") if isinstance(answer, dict) else None
    names = metadata.get("feature_names") if isinstance(metadata, dict) else None
    if isinstance(names, dict):  # of servers that write the message as protobuf does
        names = names.get("val")
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise garbage(_NO_FEAST)
    return names


def _results(answer: Json) -> list[Json]:
    results = answer.get("results")
    if not isinstance(results, list) or not all(isinstance(each, dict) for each in results):
        raise garbage(_NO_FEAST)
    return results


def _cells(vector: Json, rows: int) -> list[Cell]:
    values, statuses = vector.get("values"), vector.get("statuses")
    if not isinstance(values, list) or not isinstance(statuses, list):
        raise garbage("has a result without values or statuses")
    if len(values) != rows or len(statuses) != rows:
        raise garbage(f"has results of another number of rows than the {rows} requested")
    given = _finite_or_not(values)
    return [
        _cell(value, status, row)
        for row, (value, status) in enumerate(zip(given, statuses, strict=True))
    ]


def _cell(value: Json, status: Json, row: int) -> Cell:
    if status != "PRESENT":
        state = _STATES.get(status) if isinstance(status, str) else None
        if state is None:
            raise garbage("has a status that Feast does not have")
        return state
    if isinstance(value, dict):
        raise garbage("has a value that is an object; maps and structs are not compared")
    return compact(value)


def _finite_or_not(values: list[Json]) -> list[Json]:
    """NaN and the infinities are written as texts; where all the others are numbers they are."""
    if not any(_has_word(each) for each in values):
        return values
    if all(_is_number(each) for each in values):
        return [_WORDS[each] if isinstance(each, str) else each for each in values]
    return [
        [_WORDS[one] if isinstance(one, str) else one for one in each]
        if isinstance(each, list) and all(map(_is_number, each))
        else each
        for each in values
    ]


def _has_word(value: Json) -> bool:
    if isinstance(value, list):
        return any(isinstance(each, str) and each in _WORDS for each in value)
    return isinstance(value, str) and value in _WORDS


def _is_number(value: Json) -> bool:
    if isinstance(value, str):
        return value in _WORDS
    return value is None or type(value) in (int, float)


def _stamps(vector: Json, rows: int) -> list[float]:
    """Seconds since 1970. Exactly then is what Feast writes for none: for what it computes on
    demand, and for rows that it did not find.
    """
    stamps = vector.get("event_timestamps")
    if stamps is None:
        return [math.nan] * rows
    if not isinstance(stamps, list) or len(stamps) != rows:
        raise garbage(f"has event_timestamps of another number of rows than the {rows} requested")
    found = [instant(each) if isinstance(each, str) else math.nan for each in stamps]
    return [math.nan if each == 0 else each for each in found]
