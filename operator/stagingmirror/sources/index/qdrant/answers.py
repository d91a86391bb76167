"""What an answer of Qdrant must hold, by its published OpenAPI description."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

R = TypeVar("R")
Json = dict[str, Any]
# Numbers of a vector are not converted: a text is none.
_Number = Annotated[float, Field(strict=True)]
_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
PointId = Annotated[int, Field(strict=True)] | Annotated[str, Field(strict=True, pattern=_UUID)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Enveloped(_Answer, Generic[R]):
    result: R


class Root(_Answer):
    """``title``: ``qdrant - vector search engine``."""

    title: Annotated[str, Field(pattern="(?i)qdrant")]
    version: Annotated[str, Field(max_length=64)]


class Alias(_Answer):
    alias_name: str
    collection_name: Annotated[str, Field(min_length=1)]


class Aliases(_Answer):
    aliases: tuple[Alias, ...]


class Hnsw(_Answer):
    """Of a collection, and what a vector has otherwise. None: as the collection has it."""

    m: int | None = None
    ef_construct: int | None = None
    full_scan_threshold: int | None = None
    payload_m: int | None = None


class Dense(_Answer):
    size: Annotated[int, Field(gt=0)]
    distance: Literal["Cosine", "Dot", "Euclid", "Manhattan"]
    hnsw_config: Hnsw | None = None
    quantization_config: Json | None = None
    datatype: str | None = None
    multivector_config: Json | None = None


class Sparse(_Answer):
    index: Json | None = None
    modifier: str | None = None


class Params(_Answer):
    """``vectors``: one without a name, or several by their names."""

    vectors: Dense | dict[str, Dense] | None = None
    sparse_vectors: dict[str, Sparse] | None = None


class Config(_Answer):
    params: Params
    hnsw_config: Hnsw
    quantization_config: Json | None = None
    metadata: Json | None = None


class PayloadIndex(_Answer):
    data_type: str
    params: Json | None = None


class Collection(_Answer):
    """``red``: an operation on it failed and was not repaired."""

    status: Literal["green", "yellow", "grey", "red"]
    config: Config
    payload_schema: dict[str, PayloadIndex]
    created_at: str | None = None


class Counted(_Answer):
    count: Annotated[int, Field(ge=0)]


class SparseVector(_Answer):
    indices: tuple[int, ...]
    values: tuple[_Number, ...]


Vector = tuple[_Number, ...] | tuple[tuple[_Number, ...], ...] | SparseVector


class Point(_Answer):
    id: PointId
    payload: Json | None = Field(default=None, repr=False)
    vector: Vector | dict[str, Vector] | None = Field(default=None, repr=False)


class Page(_Answer):
    points: tuple[Point, ...]


ROOT = TypeAdapter(Root)
ALIASES = TypeAdapter(Enveloped[Aliases])
COLLECTION = TypeAdapter(Enveloped[Collection])
COUNTED = TypeAdapter(Enveloped[Counted])
PAGE = TypeAdapter(Enveloped[Page])
POINTS = TypeAdapter(Enveloped[tuple[Point, ...]])
