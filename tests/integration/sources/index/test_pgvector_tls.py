"""Who hears the password of a database: TLS unless the environment asks for plain text."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rig.certificates import Authority
from rig.stores.postgres import Postgres
from rig.stores.tls_front import HOST, TlsFront
from stagingmirror.api.spec.environment.index_store import PLAIN_TEXT, IndexStore
from stagingmirror.drift.facts import Why
from stagingmirror.settings import Settings
from stagingmirror.sources.index.store import IndexReader
from stagingmirror.sources.index.stores import Stores
from stagingmirror.sources.source import Basic
from support.index.conformance import error_of
from support.index.pgvector_ground import PgvectorGround

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]


@pytest.fixture
async def ground(postgres_pair: tuple[Postgres, Postgres]) -> AsyncIterator[PgvectorGround]:
    made = PgvectorGround(postgres_pair)
    await made.begin()
    yield made
    await made.close()


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


def reader(ground: PgvectorGround, url: str, ca_bundle: str | None = None) -> IndexReader:
    """As the operator makes it of an environment."""
    login = ground.login()
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
    ground: PgvectorGround,
) -> None:
    by_default = reader(ground, ground.url("production"))
    asked_for = reader(ground, ground.url("production") + PLAIN_TEXT)

    refused = await error_of(by_default.identity())
    identity = await asked_for.identity()
    await asked_for.close()

    assert refused.reason == "TLSFailed"
    assert "?sslmode=disable" in refused.message
    assert identity == await ground.production.identity()


async def test_a_server_whose_certificate_is_trusted_is_read_over_tls(
    ground: PgvectorGround, front: TlsFront, authority: Authority
) -> None:
    url = ground.url("production", HOST, front.port)
    trusting = reader(ground, url, authority.certificate.read_text())

    identity = await trusting.identity()
    await trusting.close()

    assert identity == await ground.production.identity()


@pytest.mark.parametrize(("host", "ca"), [(HOST, False), ("localhost", True)])
async def test_a_server_that_cannot_prove_its_name_hears_no_password(
    ground: PgvectorGround, front: TlsFront, authority: Authority, host: str, ca: bool
) -> None:
    """An authority that the system does not know; a certificate of another host."""
    url = ground.url("production", host, front.port)
    doubting = reader(ground, url, authority.certificate.read_text() if ca else None)

    refused = await error_of(doubting.identity())

    assert refused.reason == "CertificateNotTrusted"
    assert ("set url to a name that it has" if ca else "into caBundle") in refused.message


async def test_plain_text_is_not_passed_on_by_who_only_speaks_tls(
    ground: PgvectorGround, front: TlsFront
) -> None:
    """What the test of the trusted certificate relies on."""
    plain = reader(ground, ground.url("production", HOST, front.port) + PLAIN_TEXT)

    assert (await error_of(plain.identity())).reason == "HalfRead"
