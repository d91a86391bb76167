"""Each product of index stores, as a real server."""

from collections.abc import AsyncIterator, Callable

import pytest

from rig.stores.postgres import Postgres
from support.index.files_ground import FilesGround
from support.index.ground import Ground
from support.index.opensearch_ground import OpenSearchGround
from support.index.pgvector_ground import PgvectorGround

# The fixture of rigs.py that each needs.
GROUNDS: dict[str, tuple[str, Callable[..., Ground]]] = {
    "files": ("object_store", FilesGround),
    "pgvector": ("postgres_pair", PgvectorGround),
    "opensearch": ("opensearch_pair", OpenSearchGround),
}


@pytest.fixture(params=list(GROUNDS))
def server(request: pytest.FixtureRequest) -> tuple[str, object]:
    return request.param, request.getfixturevalue(GROUNDS[request.param][0])


@pytest.fixture
async def pgvector(postgres_pair: tuple[Postgres, Postgres]) -> AsyncIterator[PgvectorGround]:
    made = PgvectorGround(postgres_pair)
    await made.begin()
    yield made
    await made.close()


@pytest.fixture
async def ground(server: tuple[str, object]) -> AsyncIterator[Ground]:
    name, running = server
    made = GROUNDS[name][1](running)
    await made.begin()
    yield made
    await made.close()
