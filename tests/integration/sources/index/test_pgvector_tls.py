"""Who hears the password of a database: TLS unless the environment asks for plain text."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rig.certificates import Authority
from rig.stores.postgres import Postgres
from rig.stores.postgres_fronts import HOST, TlsFront
from stagingmirror.api.spec.environment.index_store import PLAIN_TEXT, IndexStore
from stagingmirror.drift.facts import Why
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
