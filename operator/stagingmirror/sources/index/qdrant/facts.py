"""Definitions and points as values: pure."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from itertools import chain

from stagingmirror.sources.index.qdrant.answers import (
    Collection,
    Config,
    Dense,
    Hnsw,
    Json,
    PayloadIndex,
    Point,
    Sparse,
    SparseVector,
    Vector,
)
from stagingmirror.sources.index.samples import Document, is_deep
from stagingmirror.sources.index.store import IndexFacts, VectorField

# As facts call the vector that has no name; a collection has it alone, or named ones.
UNNAMED = "default"
_METRICS = {"Cosine": "cosine", "Dot": "ip", "Euclid": "l2", "Manhattan": "l1"}
_LONGEST_TEXT = 512
# Where data lies, which changes no result.
_PLACES = {"on_disk", "always_ram", "memory"}


def facts_of(target: str, found: Collection, version: str) -> IndexFacts:
    vectors, config = found.config.params.vectors, found.config
    dense = {UNNAMED: vectors} if isinstance(vectors, Dense) else vectors or {}
    metadata = config.metadata or {}
    return IndexFacts(
        target=target,
        vectors=(
            *(_dense(name, each, config) for name, each in sorted(dense.items())),
            *(_sparse(*each) for each in sorted((config.params.sparse_vectors or {}).items())),
        ),
        settings={
            f"payload.{name}": _payload_index(each)
            for name, each in sorted(found.payload_schema.items())
        },
        manifest={
            name: value[:_LONGEST_TEXT]
            for name in ("embeddingModel", "tokenizer")
            if isinstance(value := metadata.get(name), str)
        },
        server=f"Qdrant {version}",
        built=_created(found.created_at),
    )


def document_of(point: Point) -> Document:
    """Raises ValueError for what no JSON is, and for a payload that is nested too deeply."""
    if is_deep(point.payload or {}):
        raise ValueError("too deep")
    text = json.dumps(point.payload or {}, sort_keys=True)
    vectors: Mapping[str, Vector]
    if isinstance(point.vector, dict):
        vectors = point.vector
    else:
        vectors = {} if point.vector is None else {UNNAMED: point.vector}
    return Document(
        f"sha256:{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}",
        {name: _numbers(each) for name, each in vectors.items()},
    )


def _numbers(vector: Vector) -> tuple[float, ...]:
    """Of a sparse one place and value by turns; of several the length before each."""
    if isinstance(vector, SparseVector):
        pairs = sorted(zip(vector.indices, vector.values, strict=True))
        return tuple(map(float, chain.from_iterable(pairs)))
    found: list[float] = []
    for each in vector:
        found += (float(len(each)), *each) if isinstance(each, tuple) else (each,)
    return tuple(found)


def _dense(name: str, vector: Dense, config: Config) -> VectorField:
    hnsw = config.hnsw_config.model_dump() | _given(vector.hnsw_config)
    quantization = vector.quantization_config or config.quantization_config
    parameters = {key: str(value) for key, value in hnsw.items() if value is not None}
    parameters["datatype"] = vector.datatype or "float32"
    for key, value in (
        ("quantization", quantization),
        ("multivector", vector.multivector_config),
    ):
        if value is not None:
            parameters[key] = _text(value)
    index = "hnsw" if hnsw["m"] or hnsw["payload_m"] else "none"
    return VectorField(name, vector.size, _METRICS[vector.distance], index, parameters)


def _sparse(name: str, vector: Sparse) -> VectorField:
    parameters = {"modifier": vector.modifier or "none"}
    if vector.index is not None:
        parameters["sparse"] = _text(vector.index)
    return VectorField(name, None, "ip", "sparse", parameters)


def _given(hnsw: Hnsw | None) -> Json:
    return {} if hnsw is None else hnsw.model_dump(exclude_none=True)


def _payload_index(index: PayloadIndex) -> str:
    return index.data_type if index.params is None else _text(index.params)


def _text(value: Json) -> str:
    kept = json.dumps(_kept(value), sort_keys=True)
    if len(kept) <= _LONGEST_TEXT:
        return kept
    return f"sha256:{hashlib.sha256(kept.encode(errors='surrogatepass')).hexdigest()}"


def _kept(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {k: _kept(v) for k, v in value.items() if k not in _PLACES and v is not None}


def _created(text: str | None) -> float | None:
    with suppress(ValueError):
        found = datetime.fromisoformat(text or "")
        return found.timestamp() if found.tzinfo is not None else None
    return None
