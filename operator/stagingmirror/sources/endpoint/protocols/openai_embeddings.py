"""``OpenAIEmbeddings``: ``/v1/embeddings``, as OpenAI, vLLM, Text Embeddings Inference and others
have it (openai/openai-openapi: CreateEmbeddingRequest, CreateEmbeddingResponse).
"""

import base64
import binascii
from collections.abc import Sequence

import numpy as np

from stagingmirror.drift.parity.columns import Cell, Part, Vector, compact
from stagingmirror.sources.endpoint.protocols.batches import batched
from stagingmirror.sources.endpoint.protocols.body import Json, garbage, parsed
from stagingmirror.sources.endpoint.protocols.lines import problem_of_json, value_of
from stagingmirror.sources.endpoint.protocols.protocol import ROWS, Protocol, Request

FEATURE = "embedding"
_NO_EMBEDDINGS = "has not what an embeddings server answers (data with index and embedding)"


class OpenAIEmbeddings(Protocol):
    """A line is a request for one input: a text, or a list of tokens. The one feature is
    ``embedding``. With ``encoding_format`` base64 it is float32, little-endian.
    """

    name = "OpenAIEmbeddings"

    def problem(self, line: str) -> str | None:
        if (problem := problem_of_json(line)) is not None:
            return problem
        value = value_of(line)
        given = value.get("input") if isinstance(value, dict) else None
        if not isinstance(given, str | list) or not given:
            return 'it is not like {"model": "NAME", "input": "text"}'
        if isinstance(given, list) and len(given) != 1 and not _is_tokens(given):
            return "its input must be one text, or one list of tokens: a line is one sample"
        return None

    def requests(self, lines: Sequence[str], rows: int = ROWS) -> tuple[Request, ...]:
        return batched(lines, _split, lambda rest, given: rest | {"input": given}, rows)

    def read(self, request: Request, body: bytes) -> Part:
        answer = parsed(body, nan=False)
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
            raise garbage(_NO_EMBEDDINGS)
        rows = len(request.samples)
        if len(data) != rows:
            raise garbage(f"has another number of embeddings than the {rows} requested")
        # A server may answer in any order; one that gives no index answers in that of the input.
        indexes = [each.get("index", at) for at, each in enumerate(data)]
        if any(type(at) is not int for at in indexes) or sorted(indexes) != list(range(rows)):
            raise garbage("has embeddings whose indexes are not those of the input")
        cells = {at: each.get("embedding") for at, each in zip(indexes, data, strict=True)}
        return Part(request.samples, {FEATURE: [_embedding(cells[at]) for at in range(rows)]})


def _split(value: Json) -> tuple[Json, Json]:
    given = value["input"]
    is_one = isinstance(given, str) or _is_tokens(given)
    return value | {"input": None}, given if is_one else given[0]


def _is_tokens(given: list[Json]) -> bool:
    return all(type(each) is int for each in given)


def _embedding(value: Json) -> Cell:
    if isinstance(value, str):
        return _decoded(value)
    cell = compact(value)
    if not isinstance(cell, Vector):
        raise garbage("has an embedding that is no list of numbers")
    return cell


def _decoded(text: str) -> Vector:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or len(raw) % 4:
        raise garbage("has an embedding that is no base64 of float32")
    elements = np.frombuffer(raw, "<f4").astype(np.float64)
    return Vector(elements, (len(elements),))
