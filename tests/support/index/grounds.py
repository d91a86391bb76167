"""Each product of index stores that is written, as a real server."""

from collections.abc import Callable

from support.index.files_ground import FilesGround
from support.index.ground import Ground
from support.index.opensearch_ground import OpenSearchGround
from support.index.pgvector.ground import PgvectorGround

# The fixture of rigs.py that each needs.
GROUNDS: dict[str, tuple[str, Callable[..., Ground]]] = {
    "files": ("object_store", FilesGround),
    "pgvector": ("postgres_pair", PgvectorGround),
    "opensearch": ("opensearch_pair", OpenSearchGround),
}
