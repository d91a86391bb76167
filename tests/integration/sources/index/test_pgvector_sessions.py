"""Sessions with a database: who hears the password, and what they can do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rig.certificates import Authority
from rig.stores.postgres import Postgres
from rig.stores.postgres_fronts import HOST, ForgetfulPooler, TlsFront
from stagingmirror.api.spec.environment.index_store import PLAIN_TEXT, IndexStore
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAllowed, NotSupported
from stagingmirror.settings import Settings
from stagingmirror.sources.index.store import IndexReader
from stagingmirror.sources.index.stores import Stores
from stagingmirror.sources.source import Basic
from support.index.conformance import error_of
from support.index.pgvector.ground import PgvectorGround

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def front(
    authority: Authority, postgres_pair: tuple[Postgres, Postgres]
) -> AsyncIterator[TlsFront]:
    server = postgres_pair[0]
    async with TlsFront(authority, (server.host, server.port)) as front:
        yield front


def reader(pgvector: PgvectorGround, url: str, ca_bundle: str | None = None) -> IndexReader:
    """As the operator makes it of an environment."""
    login = pgvector.login()
    made = Stores(
        settings=Settings(), on_call=lambda *_: None, folder=lambda *_: pytest.fail("no folder")
    ).reader(
        "production",
        IndexStore(name="vectors", type="Pgvector", url=url, ca_bundle=ca_bundle),
        Basic(login.username, login.password),
    )
    assert not isinstance(made, Why)
    return made


async def test_a_server_without_tls_is_only_read_where_plain_text_is_asked_for(
    pgvector: PgvectorGround,
) -> None:
    by_default = reader(pgvector, pgvector.url("production"))
    asked_for = reader(pgvector, pgvector.url("production") + PLAIN_TEXT)

    refused = await error_of(by_default.identity())
    identity = await asked_for.identity()
    await asked_for.close()

    assert refused.reason == "TLSFailed"
    assert "?sslmode=disable" in refused.message
    assert identity == await pgvector.production.identity()


async def test_a_server_whose_certificate_is_trusted_is_read_over_tls(
    pgvector: PgvectorGround, front: TlsFront, authority: Authority
) -> None:
    url = pgvector.url("production", HOST, front.port)
    trusting = reader(pgvector, url, authority.certificate.read_text())

    identity = await trusting.identity()
    await trusting.close()

    assert identity == await pgvector.production.identity()


@pytest.mark.parametrize(("host", "ca"), [(HOST, False), ("localhost", True)])
async def test_a_server_that_cannot_prove_its_name_hears_no_password(
    pgvector: PgvectorGround, front: TlsFront, authority: Authority, host: str, ca: bool
) -> None:
    """An authority that the system does not know; a certificate of another host."""
    url = pgvector.url("production", host, front.port)
    doubting = reader(pgvector, url, authority.certificate.read_text() if ca else None)

    refused = await error_of(doubting.identity())

    assert refused.reason == "CertificateNotTrusted"
    assert ("set url to a name that it has" if ca else "into caBundle") in refused.message


async def test_plain_text_is_not_passed_on_by_who_only_speaks_tls(
    pgvector: PgvectorGround, front: TlsFront
) -> None:
    """What the test of the trusted certificate relies on."""
    plain = reader(pgvector, pgvector.url("production", HOST, front.port) + PLAIN_TEXT)

    assert (await error_of(plain.identity())).reason == "HalfRead"


async def test_production_is_read_in_sessions_that_cannot_write(pgvector: PgvectorGround) -> None:
    """Also by a role that may do anything; which is found, and never by writing."""
    await pgvector.make("production", "docs-2", 30)
    almighty = pgvector.as_administrator("production")

    async def write(statement: str) -> None:
        async with almighty.database.session("write", "writing") as connection:
            await connection.execute(statement)

    for statement in ('DELETE FROM public."docs-2"', "CREATE TABLE public.more (id int)"):
        refused = await error_of(write(statement))
        assert isinstance(refused, NotAllowed)
        assert "25006" in refused.message

    assert await almighty.may_write() is True
    assert await pgvector.production.may_write() is False
    assert await pgvector.production.count("docs-2") == 30


async def test_one_column_that_may_be_written_is_seen(pgvector: PgvectorGround) -> None:
    await pgvector.make("production", "docs-2", 3)
    role = pgvector.login().username
    await pgvector.execute("production", f'GRANT UPDATE (text) ON "docs-2" TO "{role}"')

    assert await pgvector.production.may_write() is True


async def test_a_pooler_that_lets_production_be_written_is_not_spoken_with(
    pgvector: PgvectorGround, postgres_pair: tuple[Postgres, Postgres]
) -> None:
    server = postgres_pair[0].host, postgres_pair[0].port
    async with ForgetfulPooler(server, "default_transaction_read_only") as pooler:
        by_way_of_it = pgvector.reader_at(HOST, pooler.port)

        refused = await error_of(by_way_of_it.identity())

    assert isinstance(refused, NotSupported)
    assert "no pooler" in refused.message


async def test_what_an_alias_leads_to_is_four_statements_a_poll(pgvector: PgvectorGround) -> None:
    """By the statements that the client sends; the first session has opened the connection."""
    await pgvector.make("production", "docs-2", 3)
    await pgvector.point("production", "docs", "docs-2")
    reader, sent = pgvector.production, list[str]()
    async with reader.database.session("test", "listening") as connection:
        connection.add_query_logger(lambda record: sent.append(record.query))
    pgvector.called.clear()

    (target,) = await reader.resolve("docs")
    await reader.facts(target)
    await reader.snapshots(target)
    await asyncio.sleep(0)  # the client reports a statement once it has returned

    assert len(sent) == 4
    assert pgvector.called == [("alias", "ok"), ("table", "ok"), ("snapshot", "ok")]
