"""``manifest.json`` of a build, which whoever builds it writes last."""

from datetime import UTC
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from stagingmirror.errors import Refused
from stagingmirror.reasons import Reason

NAME = "manifest.json"
# Bytes of it that are read: room for the hashes of 10,000 files.
LARGEST = 4 * 1024 * 1024
_Text = Annotated[str, Field(max_length=512)]
_Shown = _Text | int | float | bool


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)


class ManifestFile(_Part):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    size: Annotated[int, Field(ge=0)] | None = None


class ManifestVectors(_Part):
    dimensions: Annotated[int, Field(gt=0)] | None = None
    metric: Annotated[str, Field(pattern=r"^(cosine|ip|l2)$")] | None = None
    index: _Text | None = None
    parameters: Annotated[dict[_Text, _Shown], Field(max_length=64)] = {}


class Manifest(_Part):
    """All of it may be left out."""

    built_at: AwareDatetime | None = None
    documents: Annotated[int, Field(ge=0)] | None = None
    embedding_model: _Text | None = None
    tokenizer: _Text | None = None
    vectors: Annotated[dict[_Text, ManifestVectors], Field(max_length=64)] = {}
    settings: Annotated[dict[_Text, _Shown], Field(max_length=64)] = {}
    files: Annotated[dict[str, ManifestFile], Field(max_length=10_000)] = {}

    @property
    def built(self) -> float | None:
        return None if self.built_at is None else self.built_at.astimezone(UTC).timestamp()

    def named(self) -> dict[str, str]:
        """Of the facts ``embeddingModel`` and ``tokenizer`` those that it has."""
        found = {"embeddingModel": self.embedding_model, "tokenizer": self.tokenizer}
        return {name: value for name, value in found.items() if value is not None}


def parse(data: bytes, build: str) -> Manifest:
    """Raises Refused, with the field that is wrong and nothing that stands in it."""
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(each) for each in first["loc"][:2]) or "the document"
        raise Refused(
            Reason.GARBAGE, f"{build}/{NAME}: {where:.100}: {first['msg']:.200}; correct it"
        ) from None


def shown(values: dict[str, _Shown]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }
