"""What Qdrant's published OpenAPI description (docs/redoc/master/openapi.json of its repository,
read as of release 1.20) has of the calls that are used, in our words: which fields a request may
have, and which an answer must have.
"""

from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

R = TypeVar("R")


class _Described(BaseModel):
    """Fields that are not described are refused, also in answers: a stub has no reason for them."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Answer(_Described, Generic[R]):
    time: float
    status: Literal["ok"]
    result: R


class Failed(_Described):
    class Status(_Described):
        error: str

    time: float
    status: Status
    result: None = None


class Version(_Described):
    title: str
    version: str
    commit: str | None = None


class Aliases(_Described):
    class Alias(_Described):
        alias_name: str
        collection_name: str

    aliases: list[Alias]


class Hnsw(_Described):
    m: int
    ef_construct: int
    full_scan_threshold: int
    max_indexing_threads: int = 0
    on_disk: bool | None = None
    payload_m: int | None = None


class HnswDiff(_Described):
    m: int | None = None
    ef_construct: int | None = None
    full_scan_threshold: int | None = None
    payload_m: int | None = None


class Scalar(_Described):
    class Settings(_Described):
        type: Literal["int8"]
        quantile: float | None = None
        always_ram: bool | None = None

    scalar: Settings


class VectorParams(_Described):
    size: int
    distance: Literal["Cosine", "Dot", "Euclid", "Manhattan"]
    hnsw_config: HnswDiff | None = None
    quantization_config: Scalar | None = None
    on_disk: bool | None = None
    datatype: Literal["float32", "float16", "uint8"] | None = None


class SparseParams(_Described):
    modifier: Literal["none", "idf"] | None = None


class Collection(_Described):
    class Settings(_Described):
        class Params(_Described):
            vectors: VectorParams | dict[str, VectorParams] | None = None
            sparse_vectors: dict[str, SparseParams] | None = None
            shard_number: int = 1
            replication_factor: int = 1
            on_disk_payload: bool = True

        class Optimizer(_Described):
            deleted_threshold: float
            vacuum_min_vector_number: int
            default_segment_number: int
            flush_interval_sec: int

        params: Params
        hnsw_config: Hnsw
        optimizer_config: Optimizer
        quantization_config: Scalar | None = None
        metadata: dict[str, Any] | None = None

    class PayloadIndex(_Described):
        data_type: Literal["keyword", "integer", "text", "bool", "datetime", "uuid"]
        params: dict[str, Any] | None = None
        points: int

    status: Literal["green", "yellow", "grey", "red"]
    optimizer_status: Literal["ok"]
    points_count: int
    segments_count: int
    config: Settings
    payload_schema: dict[str, PayloadIndex]


class SparseVector(_Described):
    indices: list[int]
    values: list[float]


Vector = list[float] | list[list[float]] | SparseVector


class Point(_Described):
    """An id is a number of 64 bits without a sign, or a UUID."""

    id: int | str
    payload: dict[str, Any] | None = None
    vector: Vector | dict[str, Vector] | None = None


class Page(_Described):
    points: list[Point]
    next_page_offset: int | str | None = None


class Count(_Described):
    count: int


class ScrollRequest(_Described):
    offset: int | str | None = None
    limit: int | None = None
    with_payload: bool | None = None
    with_vector: bool | list[str] | None = None


class PointRequest(_Described):
    ids: list[int | str]
    with_payload: bool | None = None
    with_vector: bool | list[str] | None = None


class CountRequest(_Described):
    exact: bool | None = None


# By method and path: the body of the request, and the result of its answer.
CALLS: dict[tuple[str, str], tuple[TypeAdapter[Any] | None, TypeAdapter[Any]]] = {
    ("GET", "/aliases"): (None, TypeAdapter(Answer[Aliases])),
    ("GET", "/collections/{name}"): (None, TypeAdapter(Answer[Collection])),
    ("POST", "/collections/{name}/points"): (
        TypeAdapter(PointRequest),
        TypeAdapter(Answer[list[Point]]),
    ),
    ("POST", "/collections/{name}/points/scroll"): (
        TypeAdapter(ScrollRequest),
        TypeAdapter(Answer[Page]),
    ),
    ("POST", "/collections/{name}/points/count"): (
        TypeAdapter(CountRequest),
        TypeAdapter(Answer[Count]),
    ),
}
FAILED = TypeAdapter(Failed)
VERSION = TypeAdapter(Version)


def is_id(value: int | str) -> bool:
    """As the description has it: an unsigned number of 64 bits, or a UUID."""
    if isinstance(value, int):
        return 0 <= value < 1 << 64
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False
