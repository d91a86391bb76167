"""What a role that may only read sees of writes to a table, on real servers of two releases."""

import asyncio
import time

import pytest

from stagingmirror.sources.index.poller import StorePoller
from stagingmirror.sources.index.subjects import IndexContent, ServedIndex
from stagingmirror.view import Observed
from support.index.conformance import restored
from support.index.ground import Side
from support.index.pgvector.ground import PgvectorGround

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]

SIDES: tuple[Side, ...] = ("production", "staging")
PARTS = (
    'CREATE TABLE "parts" (id bigint PRIMARY KEY, embedding public.vector(8))'
    " PARTITION BY RANGE (id)",
    'CREATE TABLE "parts-1" PARTITION OF parts FOR VALUES FROM (0) TO (100)',
    "INSERT INTO parts VALUES (1, NULL)",
)


async def version(ground: PgvectorGround, side: Side, name: str) -> tuple[str | None, str | None]:
    facts = await (ground.production if side == "production" else ground.staging).facts(name)
    return facts.made, facts.content_version


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    "write",
    [
        'INSERT INTO "docs-2" SELECT 1000, text, embedding FROM "docs-2" LIMIT 1',
        'UPDATE "docs-2" SET text = text WHERE id = 1',
        'DELETE FROM "docs-2" WHERE id = 1',
    ],
)
async def test_each_write_is_seen_and_reading_is_none(
    pgvector: PgvectorGround, side: Side, write: str
) -> None:
    await pgvector.make(side, "docs-2", 30)
    before = await version(pgvector, side, "docs-2")
    assert None not in before
    reader = pgvector.production if side == "production" else pgvector.staging
    await reader.sample("docs-2", await reader.ids("docs-2", 5))
    assert await version(pgvector, side, "docs-2") == before

    await pgvector.execute(side, write)

    made, written = await version(pgvector, side, "docs-2")
    assert made == before[0]
    assert written != before[1]


@pytest.mark.parametrize("side", SIDES)
async def test_a_table_in_the_place_of_another_is_another(
    pgvector: PgvectorGround, side: Side
) -> None:
    await pgvector.make(side, "docs-2", 30)
    before = await version(pgvector, side, "docs-2")
    await pgvector.execute(side, 'DROP TABLE "docs-2"')
    await pgvector.make(side, "docs-2", 30)
    replaced = await version(pgvector, side, "docs-2")
    await pgvector.execute(side, 'TRUNCATE "docs-2"')
    emptied = await version(pgvector, side, "docs-2")

    assert len({before[0], replaced[0], emptied[0]}) == 3


@pytest.mark.parametrize("side", SIDES)
async def test_what_is_written_in_a_partition_is_written(
    pgvector: PgvectorGround, side: Side
) -> None:
    await pgvector.execute(side, *PARTS)
    before = await version(pgvector, side, "parts")

    await pgvector.execute(side, "INSERT INTO parts VALUES (2, NULL)")
    written = await version(pgvector, side, "parts")
    await pgvector.execute(side, 'ALTER TABLE parts DETACH PARTITION "parts-1"')

    assert written[0] == before[0]
    assert written[1] != before[1]
    assert (await version(pgvector, side, "parts"))[0] != before[0]


async def test_a_writer_that_stays_connected_is_seen_within_seconds(
    pgvector: PgvectorGround,
) -> None:
    """The server keeps for itself for at most 10 s what an idle session has written."""
    await pgvector.make("staging", "docs-2", 30)
    before = await version(pgvector, "staging", "docs-2")
    async with pgvector.connected("staging") as writer:
        await writer.execute("UPDATE \"docs-2\" SET text = 'edited'")
        began = time.monotonic()
        while await version(pgvector, "staging", "docs-2") == before:
            assert time.monotonic() < began + 15
            await asyncio.sleep(0.2)


async def test_what_a_refresh_has_copied_is_counted_when_it_is_there(
    pgvector: PgvectorGround,
) -> None:
    """Else its documents would be read twice."""
    await restored(pgvector)
    after = await version(pgvector, "staging", "docs-2-aaaa")
    async with pgvector.connected("staging") as connection:
        seen = await connection.fetchval(
            "SELECT pg_stat_get_tuples_inserted('\"docs-2-aaaa\"'::regclass)"
        )

    assert seen == 30
    assert None not in after


async def test_a_server_that_does_not_count_shows_no_version(pgvector: PgvectorGround) -> None:
    await pgvector.make("staging", "docs-2", 30)
    role = pgvector.login("reader").username
    await pgvector.execute("staging", f'ALTER ROLE "{role}" SET track_counts = off')

    facts = await pgvector.as_account("read only").facts("docs-2")

    assert facts.content_version is None
    assert facts.made == (await version(pgvector, "staging", "docs-2"))[0]


@pytest.mark.parametrize("side", SIDES)
async def test_a_replaced_table_is_read_anew_at_the_next_poll(
    pgvector: PgvectorGround, side: Side
) -> None:
    """Also production's, whose rows may be written all the time."""
    await pgvector.make(side, "docs-2", 30)
    poller = StorePoller(
        pgvector.production if side == "production" else pgvector.staging,
        clock=time.time,
        changed=lambda _: None,
        follows_writes=side == "staging",
    )
    assert (await polled(poller)).documents == 30
    await pgvector.execute(side, 'DROP TABLE "docs-2"')
    await pgvector.make(side, "docs-2", 20)

    assert (await polled(poller)).documents == 20
    await poller.close()


async def polled(poller: StorePoller) -> IndexContent:
    poller.tend({"docs-2": (0.0, True)})
    await poller.prove(["docs-2"], since=time.time() + 60, read_bytes=False)
    found = poller.get("docs-2")
    assert isinstance(found, Observed)
    assert isinstance(found.value, ServedIndex)
    assert isinstance(found.value.content, IndexContent), found.value.content
    return found.value.content
