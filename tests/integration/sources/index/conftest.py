"""Each product of index stores, as a real server."""

from collections.abc import AsyncIterator

import pytest

from rig.stores.postgres import Postgres
from support.index.ground import Ground
from support.index.grounds import GROUNDS
from support.index.pgvector.ground import PgvectorGround


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
