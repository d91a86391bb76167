"""What is read of a Qdrant, on a stub by its published description."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from stagingmirror.api.spec.environment.index_store import IndexStore
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAllowed, NotAnswered, NotSupported, Refused
from stagingmirror.settings import Settings
from stagingmirror.sources.index.qdrant.claims import rights_of
from stagingmirror.sources.index.qdrant.reader import QdrantReader
from stagingmirror.sources.index.samples import compared
from stagingmirror.sources.index.stores import Stores
from stagingmirror.sources.source import Basic, Credentials, Token
from support.index.conformance import error_of
from support.index.qdrant.ground import TOKENS, definition, point, reader_of, token_of
from support.index.qdrant.stub import QdrantStub, StubCollection


@pytest.fixture
async def stub() -> AsyncIterator[QdrantStub]:
    async with QdrantStub(TOKENS | {token_of(["docs-2"]): frozenset({"docs-2"})}) as stub:
        stub.collections["docs-2"] = StubCollection(definition(), {3: point(3)})
        stub.aliases["docs"] = "docs-2"
        yield stub
    assert stub.violations == []


@pytest.fixture
async def reader(stub: QdrantStub) -> AsyncIterator[QdrantReader]:
    made = reader_of(stub.url, token_of("r"))
    yield made
    await made.close()


def stores() -> Stores:
    return Stores(
        settings=Settings(), on_call=lambda *_: None, folder=lambda *_: pytest.fail("no folder")
    )


QDRANT = IndexStore(name="vectors", type="Qdrant", url="https://qdrant.example:6333")


async def test_an_alias_that_our_token_does_not_list_is_not_missing(stub: QdrantStub) -> None:
    """It is there, and a token that lists its collection alone sees no alias."""
    narrow = reader_of(stub.url, token_of(["docs-2"]))

    refused = await error_of(narrow.resolve("docs"))
    read = await narrow.count("docs-2")
    await narrow.close()

    assert isinstance(refused, NotAllowed)
    assert "not known whether the alias exists" in refused.message
    assert '{"collection": "docs", "access": "r"}' in refused.message
    assert read == 1


async def test_a_token_that_shows_some_points_only_shows_nothing_of_the_whole(
    stub: QdrantStub,
) -> None:
    token = token_of(["docs", "docs-2"], payload={"tenant": "a"})
    stub.tokens = {token: frozenset({"docs", "docs-2"})}
    narrow = reader_of(stub.url, token)

    refused = await error_of(narrow.facts("docs-2"))
    await narrow.close()

    assert isinstance(refused, NotSupported)
    assert "only some points of docs-2" in refused.message


@pytest.mark.parametrize("path", ["/one", "/two"])
async def test_a_path_and_a_port_tell_two_servers_apart(stub: QdrantStub, path: str) -> None:
    made = reader_of("https://gate.example:443" + path, token_of("r"))
    assert made.address == f"gate.example:443{path}"
    assert reader_of("https://gate.example" + path, token_of("r")).address == made.address


async def test_an_alias_that_our_token_would_show_is_missing(reader: QdrantReader) -> None:
    assert await reader.resolve("docs") == ("docs-2",)
    assert await reader.resolve("nowhere") == ()


@pytest.mark.parametrize(
    ("credentials", "may"),
    [
        (None, True),
        (Token("a-key"), None),
        (Token("a.b.c"), None),
        (Token(token_of("r")), False),
        (Token(token_of("m")), True),
        (Token(token_of(["docs", "docs-2"])), False),
    ],
)
def test_a_token_tells_whether_it_may_write(credentials: Credentials | None, may: object) -> None:
    assert rights_of(credentials).may_write is may


async def test_each_vector_is_shown_with_what_it_has_otherwise(
    stub: QdrantStub, reader: QdrantReader
) -> None:
    vectors: dict[str, Any] = {
        "title": {"size": 4, "distance": "Dot", "hnsw_config": {"m": 0}},
        "text": {
            "size": 8,
            "distance": "Euclid",
            "hnsw_config": {"ef_construct": 256},
            "quantization_config": {"scalar": {"type": "int8", "always_ram": True}},
            "datatype": "float16",
        },
    }
    info = definition(vectors=vectors, sparse_vectors={"words": {"modifier": "idf"}})
    stub.collections["docs-2"].info = info

    facts = await reader.facts("docs-2")

    shown = {each.name: (each.dimensions, each.metric, each.index) for each in facts.vectors}
    assert shown == {
        "text": (8, "l2", "hnsw"),
        "title": (4, "ip", "none"),
        "words": (None, "ip", "sparse"),
    }
    text = next(each for each in facts.vectors if each.name == "text")
    assert text.parameters == {
        "m": "16",
        "ef_construct": "256",
        "full_scan_threshold": "10000",
        "datatype": "float16",
        "quantization": '{"scalar": {"type": "int8"}}',
    }
    assert facts.settings == {"payload.text": "text"}
    assert facts.server == "Qdrant 1.20.0"


@pytest.mark.parametrize(
    ("vector", "edited"),
    [
        ({"v": [1.0, 2.0]}, {"v": [1.0, 2.5]}),
        ([[1.0, 2.0], [3.0]], [[1.0], [2.0, 3.0]]),
        (
            {"v": {"indices": [7, 1], "values": [0.5, 0.25]}},
            {"v": {"indices": [7, 1], "values": [0.25, 0.5]}},
        ),
    ],
)
async def test_an_edit_of_a_vector_of_any_kind_is_found(
    stub: QdrantStub, reader: QdrantReader, vector: Any, edited: Any
) -> None:
    known = stub.collections["docs-2"].points
    known[3] = {"id": 3, "payload": {}, "vector": vector}
    before = await reader.sample("docs-2", ["3"])
    known[3] = {"id": 3, "payload": {}, "vector": edited}

    assert compared(before, await reader.sample("docs-2", ["3"]), before).differing == 1


async def test_ids_are_from_all_over_numbers_and_uuids(
    stub: QdrantStub, reader: QdrantReader
) -> None:
    numbers = [each * 1000 for each in range(1, 3000, 10)]
    uuids = [str(UUID(int=each << 116)) for each in range(1, 4096, 10)]
    ids: list[int | str] = [*numbers, *uuids, (1 << 64) - 1]
    stub.collections["docs-2"].points = {each: {"id": each} for each in ids}

    found = await reader.ids("docs-2", 64)

    assert len(found) == 64
    assert any(each.isdecimal() for each in found)
    assert len({each[0] for each in found if "-" in each}) >= 4
    assert found == await reader.ids("docs-2", 64)


@pytest.mark.parametrize("kind", ["numbers", "times"])
async def test_what_was_written_last_is_in_the_sample(
    stub: QdrantStub, reader: QdrantReader, kind: str
) -> None:
    """Ids often follow the time: numbers from a counter, UUIDs that begin with a clock."""
    began = 0x019A_C0DE_0000 << 80
    ids: list[int | str] = [
        5_000_000 + each if kind == "numbers" else str(UUID(int=began + (each << 90)))
        for each in range(10_000)
    ]
    stub.collections["docs-2"].points = {each: {"id": each} for each in ids}

    found = await reader.ids("docs-2", 64)

    tenths = Counter(
        10 * ids.index(int(each) if kind == "numbers" else each) // 10_000 for each in found
    )
    assert len(found) == 64
    assert len(tenths) == 10


async def test_ids_of_numbers_that_follow_each_other_are_from_all_over(
    stub: QdrantStub, reader: QdrantReader
) -> None:
    stub.collections["docs-2"].points = {each: {"id": each} for each in range(8000)}

    found = await reader.ids("docs-2", 64)

    assert len({int(each) // 1000 for each in found}) >= 6


async def test_a_collection_that_failed_is_not_compared(
    stub: QdrantStub, reader: QdrantReader
) -> None:
    stub.collections["docs-2"].info = definition() | {"status": "red"}

    error = await error_of(reader.facts("docs-2"))

    assert isinstance(error, Refused)
    assert error.reason == "IndexDamaged"


async def test_its_snapshots_are_not_followed(reader: QdrantReader) -> None:
    error = await error_of(reader.snapshots("docs-2"))

    assert isinstance(error, NotSupported)
    assert "compare: Content" in error.message


@pytest.mark.parametrize(
    ("status", "text", "reason"),
    [
        (200, "<html>Welcome</html>", "Garbage"),
        (200, '{"result": {"aliases": [{"alias', "Garbage"),
        (200, '{"result": {}}', "Garbage"),
        (404, "<html>nothing</html>", "Garbage"),
        (302, "", "Redirected"),
        (429, "", "Throttled"),
        (500, "hush-hush", "ServerError"),
        (503, "", "Unavailable"),
    ],
)
async def test_what_is_no_answer_is_neither_missing_nor_empty(
    stub: QdrantStub, reader: QdrantReader, status: int, text: str, reason: str
) -> None:
    for call in (
        reader.resolve,
        reader.facts,
        reader.count,
        lambda target: reader.sample(target, ["3"]),
        lambda target: reader.ids(target, 3),
    ):
        stub.instead = web.Response(status=status, text=text)
        error = await error_of(call("docs-2"))

        assert isinstance(error, NotAnswered)
        assert error.reason == reason
        assert "hush" not in error.message


async def test_points_that_were_not_asked_for_are_no_sample(
    stub: QdrantStub, reader: QdrantReader
) -> None:
    stub.collections["docs-2"].points[3] = point(4)

    assert (await error_of(reader.sample("docs-2", ["3"]))).reason == "Garbage"


def test_nothing_is_ever_written() -> None:
    made = stores().writer("staging", QDRANT, Token("t"))

    assert isinstance(made, Why)
    assert made.reason == "NotSupported"
    assert "mode: Report" in made.message


def test_a_secret_without_a_token_is_incomplete() -> None:
    made = stores().reader("staging", QDRANT, Basic("me", "secret"))

    assert isinstance(made, Why)
    assert made.reason == "SecretIncomplete"


async def test_a_payload_that_is_nested_too_deeply_is_not_compared(
    stub: QdrantStub, reader: QdrantReader
) -> None:
    nested: dict[str, Any] = {}
    for _ in range(150):
        nested = {"a": nested}
    stub.collections["docs-2"].points[3]["payload"] = nested

    error = await error_of(reader.sample("docs-2", ["3"]))

    assert (type(error), error.reason) == (NotSupported, "NotSupported")
