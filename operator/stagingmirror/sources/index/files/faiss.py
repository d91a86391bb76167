"""What the first bytes of a file say that FAISS wrote (``write_index_header`` in
faiss/impl/index_write.cpp): four letters, dimensions, number of vectors, two fillers, whether it
is trained, and the metric.
"""

import struct
from dataclasses import dataclass

HEADER = 64
_FORMAT = struct.Struct("<4siqqqBi")
_METRICS = {0: "ip", 1: "l2", 2: "l1", 3: "linf"}
# By their letters; others are shown by these.
_KINDS = {
    "IxFI": "flat",
    "IxF2": "flat",
    "IxFl": "flat",
    "IHNf": "hnsw,flat",
    "IHNs": "hnsw,sq",
    "IHNp": "hnsw,pq",
    "IwFl": "ivf,flat",
    "IwSq": "ivf,sq",
    "IwPQ": "ivf,pq",
    "IxPq": "pq",
    "IxSQ": "sq",
}
# They hold another index, whose letters follow their own header.
_WRAPPERS = {"IxMp", "IxM2"}
_MOST_DIMENSIONS = 1 << 20


@dataclass(frozen=True, slots=True)
class FaissHeader:
    kind: str
    dimensions: int
    vectors: int
    metric: str | None


def header_of(first: bytes) -> FaissHeader | None:
    """None: FAISS did not write this, or it is an index of bits."""
    if len(first) < _FORMAT.size:
        return None
    letters, dimensions, vectors, _, _, is_trained, metric = _FORMAT.unpack_from(first)
    is_plausible = 0 < dimensions <= _MOST_DIMENSIONS and vectors >= 0 and is_trained in (0, 1)
    is_of_floats = letters[:1] == b"I" and letters[:2] != b"IB" and letters.isalnum()
    if not (is_of_floats and is_plausible):
        return None
    name = letters.decode("ascii")
    if name in _WRAPPERS:
        name = first[_FORMAT.size : _FORMAT.size + 4].decode("ascii", errors="replace")
    return FaissHeader(_KINDS.get(name, name), dimensions, vectors, _METRICS.get(metric))
