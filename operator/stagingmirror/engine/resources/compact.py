"""A mirror's body in little room.

As dicts, thousands of mirrors with their statuses take hundreds of megabytes, and the garbage
collector goes through all of it. What is read in each pass is kept as it is; the rest is packed.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from stagingmirror.api.types.base import GROUP

Body = Mapping[str, Any]
_METADATA = (
    *("name", "namespace", "uid", "resourceVersion", "generation"),
    *("creationTimestamp", "deletionTimestamp"),
)
_OURS = f"{GROUP}/"


class CompactBody(Mapping[str, Any]):
    """``metadata`` (of the annotations only ours), ``spec`` and ``status``. Each access to a packed
    part unpacks it anew.
    """

    __slots__ = ("_metadata", "packed_spec", "packed_status")

    def __init__(self, body: Body) -> None:
        metadata = body["metadata"]
        self._metadata = {key: metadata[key] for key in _METADATA if metadata.get(key)}
        annotations = metadata.get("annotations") or {}
        ours = {key: text for key, text in annotations.items() if key.startswith(_OURS)}
        if ours:
            self._metadata["annotations"] = ours
        self.packed_spec = _json(body.get("spec"))
        self.packed_status = zlib.compress(_json(body.get("status")), 1)

    def status_json(self) -> bytes:
        return zlib.decompress(self.packed_status)

    def __getitem__(self, key: str) -> Any:
        match key:
            case "metadata":
                return self._metadata
            case "spec":
                return json.loads(self.packed_spec)
            case "status":
                return json.loads(self.status_json())
            case _:
                raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(("metadata", "spec", "status"))

    def __len__(self) -> int:
        return 3


def compact(body: Body) -> CompactBody:
    return body if isinstance(body, CompactBody) else CompactBody(body)


def spec_of_body(body: Body) -> object:
    """Equal where two bodies have the same spec."""
    return body.packed_spec if isinstance(body, CompactBody) else body.get("spec")


def status_of_body(body: Body) -> object:
    """Equal where two bodies have the same status."""
    return body.packed_status if isinstance(body, CompactBody) else body.get("status")


def _json(part: object) -> bytes:
    return json.dumps(part, sort_keys=True, separators=(",", ":")).encode()
