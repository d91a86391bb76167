"""Reads of builds, on a wire on which things go wrong."""

import pytest

from stagingmirror.errors import (
    NotSupported,
    Refused,
)
from stagingmirror.reasons import Reason
from support.index.builds import built, production
from support.index.files_ground import faiss_file
from support.objectstore.fake_s3 import FakeS3


async def test_a_build_without_a_manifest_is_still_being_written() -> None:
    store = built()
    del store.objects["prod/b2/manifest.json"]
    async with production(store) as reader:
        (snapshot,) = await reader.snapshots("b2")

    assert not snapshot.complete


@pytest.mark.parametrize("change", ["gone", "of another size"])
async def test_a_build_without_a_file_of_its_manifest_is_not_complete(change: str) -> None:
    store = built()
    if change == "gone":
        del store.objects["prod/b2/docs.pkl"]
    else:
        store.objects["prod/b2/docs.pkl"] = b"more texts"
    async with production(store) as reader:
        (snapshot,) = await reader.snapshots("b2")

    assert not snapshot.complete


@pytest.mark.parametrize(
    ("manifest", "field"),
    [
        (b"{", "the document"),
        (b"[1]", "the document"),
        (b'{"documents": "hush"}', "documents"),
        (b'{"documents": -1}', "documents"),
        (b'{"builtAt": "hush"}', "builtAt"),
        (b'{"builtAt": "2026-11-26T04:00:00"}', "builtAt"),
        (b'{"files": {"a": {"sha256": "hush"}}}', "files.a"),
        (b'{"vectors": {"a": {"metric": "hush"}}}', "vectors.a"),
    ],
)
async def test_a_manifest_that_is_wrong_is_refused_by_its_field(
    manifest: bytes, field: str
) -> None:
    store = built()
    store.objects["prod/b2/manifest.json"] = manifest
    async with production(store) as reader:
        with pytest.raises(Refused) as raised:
            await reader.facts("b2")

    assert f"b2/manifest.json: {field}: " in raised.value.message
    assert "hush" not in raised.value.message


async def test_a_page_in_place_of_a_pointer_names_no_build() -> None:
    store = FakeS3({"prod/CURRENT": b"<html>Log in</html>"})
    async with production(store) as reader:
        with pytest.raises(Refused) as raised:
            await reader.resolve("CURRENT")

    assert raised.value.reason == Reason.NOT_AN_ALIAS
    assert "Log in" not in raised.value.message


async def test_the_manifest_says_what_no_header_does() -> None:
    store = built(
        documents=7,
        tokenizer="wordpiece",
        vectors={"text": {"dimensions": 384, "metric": "cosine", "parameters": {"M": 16}}},
        settings={"normalize": True},
    )
    store.objects["prod/b2/index.faiss"] = b"another format"
    store.objects["prod/b2/index.bin"] = b"another format"
    async with production(store) as reader:
        facts = await reader.facts("b2")

        assert [(each.name, each.dimensions, each.metric) for each in facts.vectors] == [
            ("text", 384, "cosine")
        ]
        assert facts.vectors[0].parameters == {"M": "16"}
        assert facts.settings == {"normalize": "true"}
        assert facts.manifest == {"tokenizer": "wordpiece"}
        assert await reader.count("b2") == 7


async def test_documents_that_nothing_says_are_not_counted() -> None:
    store = FakeS3({"prod/b2/index.bin": b"another format"})
    async with production(store) as reader:
        with pytest.raises(NotSupported):
            await reader.count("b2")


async def test_bytes_are_read_once_until_they_are_written_anew() -> None:
    store = built()
    async with production(store) as reader:
        before = await reader.sample("b2", ["index.faiss"])
        store.requests.clear()
        again = await reader.sample("b2", ["index.faiss"])
        calls = [request.path for request in store.requests if request.path.endswith(".faiss")]
        store.objects["prod/b2/index.faiss"] = faiss_file(30, text="something else of a document")
        after = await reader.sample("b2", ["index.faiss"])

    assert calls == []
    assert before == again != after
