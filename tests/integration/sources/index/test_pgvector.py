"""What is special about tables of PostgreSQL, on two real servers, with the roles of the docs."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from rig.stores.postgres import ADMIN, Postgres
from stagingmirror.errors import NotAllowed, NotAnswered, NotSupported, Refused
from stagingmirror.sources.index.samples import digest_of
from support.index.conformance import error_of, nothing, restored, snapshot_of
from support.index.pgvector.ground import PgvectorGround

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]

NEW = "docs-2-aaaa"


@pytest.fixture
def small_postgres() -> Iterator[Postgres]:
    with Postgres("small", with_small_disk=True) as server:
        yield server


async def served(ground: PgvectorGround) -> None:
    """``docs-2`` of production's is restored, and staging's ``docs`` shows ``docs-1``."""
    await restored(ground)
    await ground.make("staging", "docs-1", 3)
    await ground.point("staging", "docs", "docs-1")


async def test_a_view_that_a_transaction_holds_is_waited_for_and_left(
    pgvector: PgvectorGround,
) -> None:
    await served(pgvector)
    async with pgvector.connected("staging") as reading, reading.transaction():
        await reading.fetch("SELECT * FROM docs")

        busy = await error_of(pgvector.staging.swap("docs", "docs-1", NEW))

        assert isinstance(busy, NotAnswered)
        assert busy.reason == "Busy"
        assert await pgvector.staging.resolve("docs") == ("docs-1",)

    await pgvector.staging.swap("docs", "docs-1", NEW)
    assert await pgvector.staging.resolve("docs") == (NEW,)


async def test_readers_see_the_old_table_or_the_new_one(pgvector: PgvectorGround) -> None:
    await served(pgvector)
    counts: list[int] = []
    began, moved = asyncio.Event(), asyncio.Event()

    async def hammer() -> None:
        async with pgvector.connected("staging") as connection:
            while not moved.is_set() or counts[-1] != 30:
                counts.append(await connection.fetchval("SELECT count(*) FROM docs"))
                if len(counts) == 50:
                    began.set()

    async with asyncio.timeout(30), asyncio.TaskGroup() as readers:
        for _ in range(4):
            readers.create_task(hammer())
        await began.wait()
        await pgvector.staging.swap("docs", "docs-1", NEW)
        moved.set()

    assert counts == sorted(counts)
    assert set(counts) == {3, 30}


async def test_a_table_of_other_columns_is_not_served(pgvector: PgvectorGround) -> None:
    await restored(pgvector)
    await pgvector.execute(
        "staging",
        'CREATE TABLE "docs-1" (id bigint PRIMARY KEY, embedding vector(3))',
    )
    await pgvector.point("staging", "docs", "docs-1")

    refused = await error_of(pgvector.staging.swap("docs", "docs-1", NEW))

    assert isinstance(refused, Refused)
    assert refused.reason == "ColumnsDiffer"
    assert await pgvector.staging.resolve("docs") == ("docs-1",)


@pytest.mark.parametrize(
    "query",
    [
        'SELECT * FROM "docs-1" WHERE id < 3',
        'SELECT DISTINCT * FROM "docs-1"',
        'SELECT a.* FROM "docs-1" a JOIN "docs-1" b USING (id)',
        "SELECT id, 'hidden'::varchar(200) AS text, embedding, meta, added FROM \"docs-1\"",
    ],
)
async def test_a_view_that_shows_more_than_columns_is_left(
    pgvector: PgvectorGround, query: str
) -> None:
    await served(pgvector)
    await pgvector.execute("staging", f"CREATE OR REPLACE VIEW docs AS {query}")
    async with pgvector.connected("staging") as connection:
        before = await connection.fetchval("SELECT pg_get_viewdef('docs'::regclass)")

        rehearsed = await error_of(pgvector.staging.rehearse_swap("docs"))
        refused = await error_of(pgvector.staging.swap("docs", "docs-1", NEW))

        assert isinstance(refused, Refused)
        assert rehearsed.reason == refused.reason == "NotAnAlias"
        assert await connection.fetchval("SELECT pg_get_viewdef('docs'::regclass)") == before


async def test_a_view_of_another_owner_is_left_before_anything_is_copied(
    pgvector: PgvectorGround,
) -> None:
    await served(pgvector)
    await pgvector.staging.rehearse_swap("docs")
    await pgvector.staging.rehearse_swap("an-alias-to-come")
    await pgvector.execute("staging", f"ALTER VIEW docs OWNER TO {ADMIN}")

    refused = await error_of(pgvector.staging.rehearse_swap("docs"))

    assert isinstance(refused, NotAllowed)
    assert "ALTER VIEW docs OWNER TO" in refused.message


async def test_rights_on_the_view_stay(pgvector: PgvectorGround) -> None:
    """``point`` lets ``reader`` read it."""
    await served(pgvector)

    await pgvector.staging.swap("docs", "docs-1", NEW)

    somebody = pgvector.login("reader").username
    async with pgvector.connected("staging") as connection:
        await connection.execute(f'SET ROLE "{somebody}"')
        assert await connection.fetchval("SELECT count(*) FROM docs") == 30


async def test_a_table_without_vectors_is_no_index(pgvector: PgvectorGround) -> None:
    await pgvector.execute("production", "CREATE TABLE prices (id int PRIMARY KEY, price int)")

    refused = await error_of(pgvector.production.facts("prices"))

    assert isinstance(refused, Refused)
    assert refused.reason == "NoVectors"


@pytest.mark.parametrize("comment", ["NULL", "'built by hand'", '\'{"snapshot": "7"}\'', "'[1'"])
async def test_a_table_that_names_no_snapshot_is_compared_by_content(
    pgvector: PgvectorGround, comment: str
) -> None:
    await pgvector.make("production", "docs-2", 30)
    await pgvector.execute("production", f'COMMENT ON TABLE "docs-2" IS {comment}')

    error = await error_of(pgvector.production.snapshots("docs-2"))

    assert isinstance(error, NotSupported)
    assert error.reason == "NoSnapshot"
    assert "compare: Content" in error.message
    ids = await pgvector.production.ids("docs-2", 5)
    assert None not in (await pgvector.production.sample("docs-2", ids)).values()
    assert await pgvector.production.count("docs-2") == 30
    assert (await pgvector.production.facts("docs-2")).manifest == {}


@pytest.mark.parametrize(
    ("kind", "value", "operators", "metric"),
    [
        ("halfvec(8)", "(SELECT array_agg(sin(i * j)) FROM generate_series(1, 8) j)", "ip", "ip"),
        ("sparsevec(1000)", "('{1:' || i || ',7:0.5}/1000')", "l2", "l2"),
        ("bit(8)", "(i % 256)", "hamming", "hamming"),
    ],
)
async def test_vectors_of_other_types_are_copied_as_they_are(
    pgvector: PgvectorGround, kind: str, value: str, operators: str, metric: str
) -> None:
    name = kind.partition("(")[0]
    await pgvector.execute(
        "production",
        f'CREATE TABLE "docs-2" (id uuid PRIMARY KEY, e {kind})',
        f'INSERT INTO "docs-2" SELECT md5(i::text)::uuid, {value}::{kind} '
        "FROM generate_series(1, 30) i",
        f'CREATE INDEX ON "docs-2" USING hnsw (e {name}_{operators}_ops)',
        """COMMENT ON TABLE "docs-2" IS '{"snapshot": "7", "builtAt": "2026-11-26T04:00:00Z"}'""",
    )
    snapshot = await snapshot_of(pgvector, "docs-2")
    await pgvector.staging.rehearse(snapshot, "docs-2", NEW, pgvector.production)

    await pgvector.staging.restore(snapshot, "docs-2", NEW, pgvector.production, nothing)

    ids = await pgvector.production.ids("docs-2", 50)
    theirs = await pgvector.production.sample("docs-2", ids)
    assert digest_of(await pgvector.staging.sample(NEW, ids)) == digest_of(theirs)
    assert all(each and each.vectors["e"] for each in theirs.values())
    (vector,) = (await pgvector.staging.facts(NEW)).vectors
    assert (vector.metric, vector.parameters["type"], vector.index) == (metric, name, "hnsw")


async def test_names_are_taken_as_they_are(pgvector: PgvectorGround) -> None:
    """A point parts a schema from a table."""
    name, new = "we\"ird %I $1 'ö", "Rag.we\"ird'; --"
    await pgvector.execute("staging", 'CREATE SCHEMA "Rag"')
    await pgvector.execute(
        "staging",
        f'GRANT USAGE, CREATE ON SCHEMA "Rag" TO "{pgvector.login().username}"',
    )
    await pgvector.make("production", "docs-2", 30)
    quoted = name.replace('"', '""')
    await pgvector.execute("production", f'ALTER TABLE "docs-2" RENAME TO "{quoted}"')
    snapshot = await snapshot_of(pgvector, name)

    await pgvector.staging.restore(snapshot, name, new, pgvector.production, nothing)
    await pgvector.staging.swap("Rag.Docs", None, new)

    assert await pgvector.staging.resolve("Rag.Docs") == (new,)
    assert await pgvector.staging.resolve("rag.docs") == ()
    assert await pgvector.staging.count(new) == 30
    await pgvector.staging.unset("Rag.Docs", new)
    await pgvector.staging.drop(new)
    assert await pgvector.staging.resolve(new) == ()


async def test_what_cannot_be_made_in_staging_is_refused_before_anything_is_written(
    pgvector: PgvectorGround,
) -> None:
    await pgvector.make("production", "docs-2", 30)
    await pgvector.execute("production", 'CREATE INDEX ON "docs-2" (lower(text)) WHERE id > 3')

    error = await error_of(
        pgvector.staging.rehearse(
            await snapshot_of(pgvector, "docs-2"), "docs-2", NEW, pgvector.production
        )
    )

    assert isinstance(error, NotSupported)
    assert "compare: Content" in error.message


async def test_a_disk_that_runs_full_leaves_nothing(
    postgres_pair: tuple[Postgres, Postgres], small_postgres: Postgres
) -> None:
    """The tables of its database are on a disk of 8 MiB; a row has 1.6 kB that do not compress."""
    ground = PgvectorGround((postgres_pair[0], small_postgres))
    await ground.begin()
    try:
        await ground.make("production", "docs-2", 30)
        await ground.execute(
            "production",
            'ALTER TABLE "docs-2" ADD COLUMN more bytea',
            "INSERT INTO \"docs-2\" SELECT i, '', embedding, NULL, NULL, (SELECT decode("
            "string_agg(md5((i * 100 + j)::text), ''), 'hex') FROM generate_series(1, 100) j) "
            'FROM generate_series(31, 7000) i, "docs-2" d WHERE d.id = 1',
        )
        await ground.on_small_disk(small_postgres.small_disk)
        snapshot = await snapshot_of(ground, "docs-2")
        restore = ground.staging.restore(snapshot, "docs-2", NEW, ground.production, nothing)

        full = await error_of(restore)

        assert isinstance(full, Refused)
        assert full.reason == "StorageFull"
        assert await ground.staging.resolve(NEW) == ()
        async with ground.connected("staging") as connection:
            assert await tables(connection) == []
    finally:
        await ground.close()


async def tables(connection: Any) -> list[str]:
    found = await connection.fetch("SELECT relname FROM pg_class WHERE relname LIKE 'docs%'")
    return [each["relname"] for each in found]
