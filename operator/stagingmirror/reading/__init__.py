"""How kinds read the view: one observation in the making, and what really runs of a workload.

The kinds share this layer and nothing else.
"""

from stagingmirror.reading.images import Reference, digest_of
from stagingmirror.reading.reading import Ended, Reading, observed
from stagingmirror.reading.running import (
    Ran,
    called,
    container_of,
    pods_that_count,
    variable_of,
)

__all__ = [
    "Ended",
    "Ran",
    "Reading",
    "Reference",
    "called",
    "container_of",
    "digest_of",
    "observed",
    "pods_that_count",
    "variable_of",
]
