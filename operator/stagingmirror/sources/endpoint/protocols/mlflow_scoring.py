"""``MLflowScoring``: MLflow's scoring server, ``/invocations``.

As MLflow 2 and 3 have it (mlflow/mlflow:mlflow/pyfunc/scoring_server/__init__.py). It writes NaN,
which JSON does not have.
"""

from collections.abc import Iterator, Sequence

from stagingmirror.drift.parity.answers import State
from stagingmirror.drift.parity.columns import Cell, Part
from stagingmirror.sources.endpoint.protocols.batches import batched
from stagingmirror.sources.endpoint.protocols.body import Json, garbage, parsed
from stagingmirror.sources.endpoint.protocols.flatten import flattened
from stagingmirror.sources.endpoint.protocols.lines import problem_of_json, value_of, written
from stagingmirror.sources.endpoint.protocols.protocol import (
    MOST_FEATURES,
    ROWS,
    Protocol,
    Request,
    too_many_features,
)

PREDICTIONS = "predictions"
_SPLIT, _RECORDS = "dataframe_split", "dataframe_records"
_TENSORS = ("instances", "inputs")
_FORMATS = (_SPLIT, _RECORDS, *_TENSORS)
_EXAMPLE = (
    'it is not like {"dataframe_split": {"columns": ["age"], "data": [[30]]}}, with one of '
    f"{', '.join(_FORMATS)}"
)


class MLflowScoring(Protocol):
    """A line is a request for one row, in any of the four formats; rows of the same columns and
    ``params`` are sent together. Inputs that are no list of one row are a request of their own.
    Predictions that are records are features by their names, any others are ``predictions``.
    """

    name = "MLflowScoring"

    def problem(self, line: str) -> str | None:
        if (problem := problem_of_json(line)) is not None:
            return problem
        value = value_of(line)
        if not isinstance(value, dict) or sum(name in value for name in _FORMATS) != 1:
            return _EXAMPLE
        if _SPLIT not in value and _RECORDS not in value:
            return None
        rows, wanted = _rows(value), list if _SPLIT in value else dict
        is_one = rows is not None and len(rows) == 1 and isinstance(rows[0], wanted)
        return None if is_one else f"it must hold one row, since a line is one sample; {_EXAMPLE}"

    def requests(self, lines: Sequence[str], rows: int = ROWS) -> tuple[Request, ...]:
        return batched(lines, _split_row, _whole, rows)

    def read(self, request: Request, body: bytes) -> Part:
        answer = parsed(body, nan=True)
        if not isinstance(answer, dict) or PREDICTIONS not in answer:
            raise garbage("has not what an MLflow scoring server answers (predictions)")
        rows = len(request.samples)
        flat = [flattened(each, name=_name(each)) for each in _by_row(answer[PREDICTIONS], rows)]
        names = dict.fromkeys(name for row in flat for name in row)
        if len(names) > MOST_FEATURES:
            raise too_many_features()
        cells: dict[str, list[Cell]] = {
            name: [row.get(name, State.ABSENT) for row in flat] for name in names
        }
        return Part(request.samples, cells)


def example_lines(document: bytes) -> tuple[str, ...]:
    """The rows of an input example that MLflow logged with a model, one line each: as
    ``serving_input_example.json`` has it, or as ``input_example.json`` has a data frame.

    Raises NotAnswered(Garbage, HalfRead).
    """
    value = parsed(document, nan=True)
    if isinstance(value, dict) and {"columns", "data"} <= value.keys():
        value = {_SPLIT: {"columns": value["columns"], "data": value["data"]}}
    is_known = isinstance(value, dict) and sum(name in value for name in _FORMATS) == 1
    rows = _rows(value) if is_known else None
    if rows is None:
        raise garbage("is no input example with rows that MLflow could have logged")
    rest = _without_rows(value)
    lines = tuple(written(_whole(rest, [row])).decode() for row in rows)
    if any(MLflowScoring().problem(line) is not None for line in lines):
        raise garbage("is an input example with a row that cannot be sent")
    return lines


def _rows(value: Json) -> list[Json] | None:
    """The rows of a request; None: there are none that can be told apart."""
    if _SPLIT in value:
        frame = value[_SPLIT]
        rows = frame.get("data") if isinstance(frame, dict) else None
        return rows if isinstance(rows, list) else None
    given = next(value[name] for name in (_RECORDS, *_TENSORS) if name in value)
    if isinstance(given, dict) and given and all(isinstance(each, list) for each in given.values()):
        lengths = {len(each) for each in given.values()}
        count = lengths.pop()
        # Columns by name, all of one length.
        return (
            None
            if lengths
            else [{name: each[at] for name, each in given.items()} for at in range(count)]
        )
    return given if isinstance(given, list) else None


def _without_rows(value: Json) -> Json:
    if _SPLIT in value:
        # Not its index: it would be of the first row.
        frame = {"columns": value[_SPLIT].get("columns"), "data": None}
        return value | {_SPLIT: frame}
    name = next(each for each in (_RECORDS, *_TENSORS) if each in value)
    kept = dict.fromkeys(value[name]) if isinstance(value[name], dict) else None
    return value | {name: kept}


def _split_row(value: Json) -> tuple[Json, Json | None]:
    rows = _rows(value)
    if rows is None or len(rows) != 1 or rows[0] is None:
        return value, None
    rest, row = _without_rows(value), rows[0]
    # Records of other names are other columns.
    return (rest | {_RECORDS: sorted(row)} if _RECORDS in value else rest), row


def _whole(rest: Json, rows: list[Json]) -> Json:
    if _SPLIT in rest:
        return rest | {_SPLIT: rest[_SPLIT] | {"data": rows}}
    name = next(each for each in (_RECORDS, *_TENSORS) if each in rest)
    if isinstance(rest[name], dict):
        return rest | {name: {column: [row[column] for row in rows] for column in rest[name]}}
    return rest | {name: rows}


def _name(row: Json) -> str:
    return "" if isinstance(row, dict) else PREDICTIONS


def _by_row(predictions: Json, rows: int) -> Iterator[Json]:
    """The prediction for each row, from a list of them, or from lists by name."""
    if isinstance(predictions, list):
        if len(predictions) != rows:
            raise garbage(f"has another number of predictions than the {rows} rows requested")
        yield from predictions
    elif rows == 1 and not _is_by_name(predictions, 1):
        yield predictions
    elif _is_by_name(predictions, rows):
        for at in range(rows):
            yield {name: each[at] for name, each in predictions.items()}
    else:
        raise garbage(f"has predictions that are not one for each of the {rows} rows requested")


def _is_by_name(predictions: Json, rows: int) -> bool:
    return isinstance(predictions, dict) and all(
        isinstance(each, list) and len(each) == rows for each in predictions.values()
    )
