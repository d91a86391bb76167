"""``OpenInference``: KServe's Open Inference Protocol 2 over REST, ``/v2/models/NAME/infer``.

As its specification has it (kserve/open-inference-protocol:specification/protocol/
inference_rest.md), and as servers differ from it: Triton writes NaN (triton-inference-server/server
pull request 3870), MLServer writes null for it (SeldonIO/MLServer pull request 1346).
"""

import math
from collections.abc import Sequence
from itertools import chain

from stagingmirror.drift.parity.columns import Cell, Part, compact
from stagingmirror.sources.endpoint.protocols.batches import batched
from stagingmirror.sources.endpoint.protocols.body import DEEPEST, Json, garbage, parsed
from stagingmirror.sources.endpoint.protocols.lines import problem_of_json, value_of
from stagingmirror.sources.endpoint.protocols.protocol import (
    MOST_FEATURES,
    ROWS,
    Protocol,
    Request,
    too_many_features,
)

_FLOATS = frozenset({"FP16", "FP32", "FP64", "BF16"})
_INTEGERS = frozenset(f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64))
DATATYPES = _FLOATS | _INTEGERS | {"BOOL", "BYTES"}


class OpenInference(Protocol):
    """A line is a whole request. Lines whose inputs all have the shape ``[1, …]`` are rows of a
    batch, and the answer's outputs have a row for each; any other line is a request of its own, and
    an output of it is one value. Output ``scores`` of ``[n, 768]`` is the feature ``scores``.
    """

    name = "OpenInference"

    def problem(self, line: str) -> str | None:
        if (problem := problem_of_json(line)) is not None:
            return problem
        value = value_of(line)
        inputs = value.get("inputs") if isinstance(value, dict) else None
        if not isinstance(inputs, list) or not inputs or not all(map(_is_tensor, inputs)):
            return (
                'it is not like {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", '
                '"data": [0.5, 1]}]}, with as many data as the shape has'
            )
        return None

    def requests(self, lines: Sequence[str], rows: int = ROWS) -> tuple[Request, ...]:
        return batched(lines, _split, _whole, rows)

    def read(self, request: Request, body: bytes) -> Part:
        answer = parsed(body, nan=True)
        outputs = answer.get("outputs") if isinstance(answer, dict) else None
        if not isinstance(outputs, list) or not all(map(_is_tensor, outputs)):
            raise garbage(
                "has not what an Open Inference server answers (outputs with name, shape, datatype "
                "and as many data)"
            )
        if len(outputs) > MOST_FEATURES:
            raise too_many_features()
        is_batch = _is_batch(value_of(request.body.decode())["inputs"])
        cells: dict[str, list[Cell]] = {}
        for output in outputs:
            if output["name"] in cells:
                raise garbage("has two outputs of one name")
            cells[output["name"]] = _cells(output, len(request.samples), is_batch=is_batch)
        declared = {each["name"]: each["datatype"] for each in outputs}
        return Part(request.samples, cells, declared=declared)


def _is_tensor(value: Json) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return False
    shape, data = value.get("shape"), value.get("data")
    if not isinstance(shape, list) or not all(type(each) is int and each >= 0 for each in shape):
        return False
    if len(shape) > DEEPEST:  # each dimension is a level of lists, though the data may be flat
        return False
    is_known = value.get("datatype") in DATATYPES if _is_text(value.get("datatype")) else False
    return is_known and isinstance(data, list) and len(_flat(data)) == math.prod(shape)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _flat(data: list[Json]) -> list[Json]:
    """Data may be nested as the shape is."""
    while data and isinstance(data[0], list) and all(isinstance(each, list) for each in data):
        data = list(chain.from_iterable(data))
    return data


def _is_batch(inputs: list[Json]) -> bool:
    return all(each["shape"] for each in inputs) and len({each["shape"][0] for each in inputs}) == 1


def _split(value: Json) -> tuple[Json, list[Json] | None]:
    """The row is the data of each input; the rest keeps what else is in it."""
    inputs = value["inputs"]
    if not all(each["shape"][:1] == [1] for each in inputs):
        return value, None
    # An id is for the one who sends it.
    rest = {name: each for name, each in value.items() if name != "id"}
    bare = [{**each, "data": None} for each in inputs]
    return rest | {"inputs": bare}, [_flat(each["data"]) for each in inputs]


def _whole(rest: Json, rows: list[list[Json]]) -> Json:
    inputs = [
        {
            **each,
            "shape": [len(rows), *each["shape"][1:]],
            "data": list(chain.from_iterable(row[at] for row in rows)),
        }
        for at, each in enumerate(rest["inputs"])
    ]
    return rest | {"inputs": inputs}


def _cells(output: Json, rows: int, *, is_batch: bool) -> list[Cell]:
    shape, data = output["shape"], _flat(output["data"])
    if any(isinstance(each, list | dict) for each in data):
        raise garbage("has an output whose data are neither flat nor nested as its shape")
    if not is_batch or (rows == 1 and shape[:1] != [1]):
        return [_value(data, shape)]
    if shape[:1] != [rows]:
        raise garbage(f"has an output of another number of rows than the {rows} requested")
    size = math.prod(shape[1:])
    return [_value(data[at * size : (at + 1) * size], shape[1:]) for at in range(rows)]


def _value(data: list[Json], shape: list[int]) -> Cell:
    """One number for a shape of one; else nested as the shape is."""
    if math.prod(shape) == 1 and len(shape) <= 1:
        return data[0]
    for size in reversed(shape[1:]):
        data = [data[at : at + size] for at in range(0, len(data), size)] if size else []
    return compact(data)
