"""Plain JSON, and embeddings as OpenAI's API answers them (developers.openai.com, "Create
embeddings"): ``data`` in any order, each with its ``index``, its ``embedding`` as floats or, where
``encoding_format`` is base64, as little-endian float32.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from rig.endpoints.vectors import VectorService
from support.parity.changes import NINE, Change
from support.parity.ground import ParityGround


class JsonGround(ParityGround[VectorService]):
    """One user per request. ``last_login`` is a text, and there is no time of an event."""

    protocol = "JSON"
    fixture = "features_pair"
    path = "/features"
    batches = False
    changes = frozenset(
        {*NINE, Change.SWAPPED_COLUMNS, Change.REORDERED_EMBEDDING, Change.OTHER_TYPE}
    )
    bad_samples: ClassVar = {'{"user": "seven"}': 400, '{"user": 0}': 400, "{": 400}

    def sample(self, users: Sequence[int]) -> Any:
        return {"user": users[0]}

    def read(self, body: Any) -> dict[str, list[Any]]:
        return {name: [value] for name, value in body["features"].items()}


class EmbeddingsGround(ParityGround[VectorService]):
    protocol = "OpenAIEmbeddings"
    fixture = "features_pair"
    path = "/v1/embeddings"
    changes = frozenset(
        {
            *(Change.PATCHED_CONSTANT, Change.FLOAT16, Change.OTHER_DIMENSION),
            *(Change.REORDERED_EMBEDDING, Change.OTHER_MODEL),
        }
    )
    bad_samples: ClassVar = {
        '{"model": "mini"}': 400,
        '{"model": "mini", "input": []}': 400,
        "[]": 400,
    }

    def sample(self, users: Sequence[int]) -> Any:
        texts = [f"what user {each} wrote" for each in users]
        return {"model": "mini", "input": texts[0] if len(texts) == 1 else texts}

    def read(self, body: Any) -> dict[str, list[Any]]:
        data = sorted(body["data"], key=lambda each: int(each["index"]))
        return {"embedding": [each["embedding"] for each in data]}

    def altered(self, change: Change) -> frozenset[str]:
        return frozenset({"embedding"})
