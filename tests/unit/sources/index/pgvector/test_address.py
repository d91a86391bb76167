"""Where a database is, and what of its names is refused before any call."""

import pytest

from stagingmirror.errors import NeedsHuman, Refused
from stagingmirror.sources.index.pgvector.database import Address, address_of
from stagingmirror.sources.index.pgvector.names import Name, name_of


def test_an_address_has_a_host_a_port_and_a_database() -> None:
    assert address_of("postgresql://db:6000/search", "url") == Address("db", 6000, "search")
    assert address_of("postgresql://db/search", "url").port == 5432


def test_plain_text_is_only_spoken_where_the_address_asks_for_it() -> None:
    assert address_of("postgresql://db/search", "url").tls
    assert address_of("postgresql://db/search?sslmode=verify-full", "url").tls
    assert not address_of("postgresql://db/search?sslmode=disable", "url").tls


@pytest.mark.parametrize("mode", ["require", "verify-ca", "prefer", "allow", "DISABLE", ""])
def test_a_mode_that_would_trust_anybody_is_refused_by_its_value(mode: str) -> None:
    with pytest.raises(NeedsHuman) as raised:
        address_of(f"postgresql://db/search?sslmode={mode}", "indexStores[vectors].url")

    assert f"'sslmode={mode}'" in raised.value.message
    assert "sslmode=verify-full" in raised.value.message


@pytest.mark.parametrize(
    "url",
    [
        "http://db/search",
        "postgresql://db",
        "postgresql:///search",
        "postgresql://me:hush@db/search",
        "postgresql://db:70000/search",
        "postgresql://db/search?host=other",
        "postgresql://db/search?sslmode=disable&host=other",
        "postgresql://169.254.169.254/search",
    ],
)
def test_an_address_that_is_none_is_refused_by_its_field(url: str) -> None:
    with pytest.raises(NeedsHuman) as raised:
        address_of(url, "indexStores[vectors].url")

    assert raised.value.message.startswith("indexStores[vectors].url ")
    assert "hush" not in raised.value.message


def test_a_name_is_taken_as_it_is_written() -> None:
    assert name_of("Docs-2") == Name("public", "Docs-2")
    assert str(name_of("rag.docs")) == "rag.docs"
    assert str(name_of("public.x.docs")) == "public.x.docs"
    assert name_of("public.x.docs") == Name("public", "x.docs")


@pytest.mark.parametrize("text", ["", ".docs", "rag.", "d" * 64, "ö" * 32, "a\0b", "public.docs"])
def test_a_name_that_postgresql_would_cut_or_not_take_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        name_of(text)
