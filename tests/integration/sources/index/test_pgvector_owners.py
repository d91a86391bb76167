"""What owners of tables and views can do to a comparison, and to a write, on two real servers."""

import pytest

from rig.stores.postgres_fronts import HOST, ForgetfulPooler
from stagingmirror.errors import ChangedUnderneath, NotAllowed, NotSupported, Refused
from stagingmirror.sources.index.samples import compared
from support.index.conformance import error_of, nothing, restored, snapshot_of
from support.index.ground import Side
from support.index.pgvector.ground import PgvectorGround

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]

NEW = "docs-2-aaaa"


async def differing(ground: PgvectorGround, theirs: str, ours: str) -> int:
    """Of documents of production's as staging has them."""
    ids = await ground.production.ids(theirs, 64)
    before = await ground.production.sample(theirs, ids)
    return compared(before, await ground.staging.sample(ours, ids), before).differing


async def test_code_of_a_tables_owner_is_not_run(pgvector: PgvectorGround) -> None:
    """A type may bring casts along."""
    sides: tuple[Side, ...] = ("production", "staging")
    for side in sides:
        await pgvector.make(side, "docs-2", 3)
        await pgvector.execute(
            side,
            "CREATE TYPE mood AS (word text)",
            "CREATE FUNCTION spoil(mood) RETURNS text LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'run'; END$$",
            "CREATE FUNCTION spoil_json(mood) RETURNS json LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'run'; END$$",
            "CREATE CAST (mood AS text) WITH FUNCTION spoil(mood) AS IMPLICIT",
            "CREATE CAST (mood AS json) WITH FUNCTION spoil_json(mood)",
            'ALTER TABLE "docs-2" ADD COLUMN r mood',
            "UPDATE \"docs-2\" SET r = ROW('happy')::mood",
        )
    assert await differing(pgvector, "docs-2", "docs-2") == 0

    await pgvector.execute("staging", "UPDATE \"docs-2\" SET r = ROW('sad')::mood WHERE id = 2")
    assert await differing(pgvector, "docs-2", "docs-2") == 1
    await pgvector.edit("staging", "docs-2")
    assert await differing(pgvector, "docs-2", "docs-2") == 3


async def test_a_key_of_a_type_of_its_own_is_refused(pgvector: PgvectorGround) -> None:
    await pgvector.execute(
        "production",
        "CREATE DOMAIN code AS text",
        "CREATE TABLE coded (id code PRIMARY KEY, e vector(3))",
    )

    refused = await error_of(pgvector.production.ids("coded", 3))

    assert isinstance(refused, NotSupported)
    assert "primary key" in refused.message


@pytest.mark.parametrize("side", ["production", "staging"])
@pytest.mark.parametrize("query", ['SELECT * FROM "docs-2" WHERE false', 'TABLE "docs-2" LIMIT 3'])
async def test_a_view_that_shows_less_than_its_table_is_no_alias(
    pgvector: PgvectorGround, side: Side, query: str
) -> None:
    await pgvector.make(side, "docs-2", 30)
    await pgvector.execute(side, f"CREATE VIEW docs AS {query}")
    reader = pgvector.production if side == "production" else pgvector.staging

    refused = await error_of(reader.resolve("docs"))

    assert isinstance(refused, Refused)
    assert refused.reason == "NotAnAlias"


async def test_rows_that_a_policy_hides_from_us_are_not_left_out(pgvector: PgvectorGround) -> None:
    await pgvector.make("production", "docs-2", 30)
    snapshot = await snapshot_of(pgvector, "docs-2")
    await pgvector.execute(
        "production",
        'CREATE POLICY few ON "docs-2" USING (id < 10)',
        'ALTER TABLE "docs-2" ENABLE ROW LEVEL SECURITY',
    )

    counting = await error_of(pgvector.production.count("docs-2"))
    restoring = await error_of(
        pgvector.staging.restore(snapshot, "docs-2", NEW, pgvector.production, nothing)
    )

    for refused in (counting, restoring):
        assert isinstance(refused, NotAllowed)
        assert "BYPASSRLS" in refused.message
    assert await pgvector.staging.resolve(NEW) == ()


async def test_a_point_in_a_tables_name_names_no_schema(pgvector: PgvectorGround) -> None:
    await pgvector.make("production", "docs-2", 30)
    await pgvector.execute("production", "CREATE SCHEMA x", 'ALTER TABLE "docs-2" SET SCHEMA x')
    await pgvector.make("production", "x.docs-2", 3)
    await pgvector.point("production", "docs", "x.docs-2")

    (target,) = await pgvector.production.resolve("docs")

    assert target == "public.x.docs-2"
    assert await pgvector.production.count(target) == 3


async def test_an_index_on_an_expression_or_on_some_rows_is_shown_by_what_it_is(
    pgvector: PgvectorGround,
) -> None:
    found = []
    for name, rest in (
        ("a", "((embedding::halfvec(8)) halfvec_cosine_ops)"),
        ("b", "(embedding vector_cosine_ops) WHERE id < 3"),
        ("c", "(embedding vector_cosine_ops) WHERE id < 4"),
    ):
        await pgvector.execute(
            "production",
            f'CREATE TABLE "{name}" (id int PRIMARY KEY, embedding vector(8))',
            f'CREATE INDEX ON "{name}" USING hnsw {rest}',
            f'GRANT SELECT ON "{name}" TO "{pgvector.login().username}"',
        )
        facts = await pgvector.production.facts(name)
        assert facts.vectors[0].index == "none"
        found.append(facts.settings["specialIndexes"])

    assert len(set(found)) == 3
    assert "id < 3" in found[1]


async def test_a_domain_of_the_name_of_a_vector_is_none(pgvector: PgvectorGround) -> None:
    await pgvector.execute(
        "production",
        "CREATE SCHEMA vector",
        "CREATE DOMAIN vector.vector AS text",
        "CREATE TABLE words (id int PRIMARY KEY, e vector.vector)",
        f'GRANT SELECT ON words TO "{pgvector.login().username}"',
    )

    assert (await error_of(pgvector.production.facts("words"))).reason == "NoVectors"


async def test_a_sparse_vector_with_other_places_differs(pgvector: PgvectorGround) -> None:
    places: dict[Side, int] = {"production": 3, "staging": 4}
    for side, place in places.items():
        await pgvector.execute(
            side,
            "CREATE TABLE sparse (id int PRIMARY KEY, e sparsevec(1000))",
            f"INSERT INTO sparse VALUES (1, '{{{place}:0.5,7:2}}/1000'), (2, '{{7:2}}/1000')",
            f'GRANT SELECT ON sparse TO "{pgvector.login().username}"',
        )

    assert await differing(pgvector, "sparse", "sparse") == 1


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("{" + "x" * 70_000, "TooLarge"),
        (r'{"snapshot": "\ud800", "builtAt": "2026-11-26T04:00:00Z"}', "NoSnapshot"),
        ('{"snapshot": "7", "builtAt": "2026-11-26T04:00:00Z", "n": NaN}', "NoSnapshot"),
    ],
)
async def test_a_comment_that_is_no_manifest_is_none(
    pgvector: PgvectorGround, comment: str, reason: str
) -> None:
    await pgvector.make("production", "docs-2", 3)
    await pgvector.execute("production", f"COMMENT ON TABLE \"docs-2\" IS '{comment}'")

    assert (await error_of(pgvector.production.snapshots("docs-2"))).reason == reason


async def test_nothing_is_written_where_another_server_answers_by_now(
    pgvector: PgvectorGround,
) -> None:
    """In production's the same role may make tables, too."""
    await restored(pgvector)
    await pgvector.execute(
        "production",
        f'GRANT CREATE ON SCHEMA public TO "{pgvector.login().username}"',
    )
    snapshot = await snapshot_of(pgvector, "docs-2")
    async with ForgetfulPooler(pgvector.address("staging")) as front:
        writer = pgvector.writer_at(HOST, front.port)
        await writer.identity()
        front.target = pgvector.address("production")
        await writer.close()

        for refused in (
            await error_of(writer.restore(snapshot, "docs-2", "new", pgvector.production, nothing)),
            await error_of(writer.swap("docs", None, "docs-2")),
            await error_of(writer.drop("docs-2")),
        ):
            assert isinstance(refused, ChangedUnderneath)

    assert await pgvector.production.resolve("new") == ()
    assert await pgvector.production.resolve("docs") == ()
    assert await pgvector.production.count("docs-2") == 30


async def test_who_masked_a_table_has_no_rights_of_it_once_it_is_called_as_it_is_served(
    pgvector: PgvectorGround,
) -> None:
    """As default privileges gave them; a role that may only read keeps that."""
    us = pgvector.login().username
    masker, reader = f"{us} masks", f"{us} reads"
    rights = (
        f'SELECT, UPDATE, DELETE ON TABLES TO "{masker}" WITH GRANT OPTION',
        "INSERT ON TABLES TO PUBLIC",
        f'SELECT ON TABLES TO "{reader}"',
    )
    defaults = f'ALTER DEFAULT PRIVILEGES FOR ROLE "{us}" IN SCHEMA public GRANT '
    given = [f"{defaults}{each}" for each in rights]
    roles = f'"{masker}", "{reader}"'
    await pgvector.execute("staging", *(f"CREATE ROLE {each}" for each in roles.split(", ")))
    try:
        await pgvector.execute("staging", *given)
        await pgvector.make("production", "docs-2", 3)
        snapshot = await snapshot_of(pgvector, "docs-2")
        writer = pgvector.staging
        await writer.restore(snapshot, "docs-2", "smir-unmasked-a", pgvector.production, nothing)
        before = await grants(pgvector, "smir-unmasked-a")

        await writer.rename("smir-unmasked-a", NEW, nothing)

        assert {(masker, "UPDATE"), (reader, "SELECT"), ("everybody", "INSERT")} < before
        assert await grants(pgvector, NEW) == {(reader, "SELECT")}
        assert await writer.count(NEW) == 3
    finally:
        await pgvector.execute("staging", f"DROP OWNED BY {roles}", f"DROP ROLE {roles}")


async def grants(ground: PgvectorGround, table: str) -> set[tuple[str, str]]:
    """Who but the owner of a table of staging's may do what with it."""
    query = (
        "SELECT coalesce(r.rolname, 'everybody') AS who, a.privilege_type AS may FROM pg_class c "
        "CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee "
        "WHERE c.relname = $1 AND a.grantee <> c.relowner"
    )
    async with ground.connected("staging") as connection:
        rows = await connection.fetch(query, table)
    return {(row["who"], row["may"]) for row in rows}
