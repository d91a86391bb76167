"""The hash of a model version's bytes, and what its text files say."""

import hashlib
import json
import secrets
import tracemalloc

import pytest
from aiohttp import web

from stagingmirror.sources.content.files import StoredFile
from stagingmirror.sources.content.hashing import (
    fingerprint,
    read_bytes,
    read_texts,
    texts_of,
    tree_hash,
)
from stagingmirror.sources.content.subjects import FileHash
from stagingmirror.sources.mlflow.client.artifacts import files_of
from support.mlflow.registries import connected, serving

A = FileHash("aa", 1)
B = FileHash("bb", 2)


def test_the_tree_hash_is_that_of_the_sorted_lines() -> None:
    lines = b"bb 2 a/z.bin\naa 1 b.bin\n"

    assert tree_hash({"b.bin": A, "a/z.bin": B}) == "sha256:" + hashlib.sha256(lines).hexdigest()


@pytest.mark.parametrize(
    "other",
    [{"a": A}, {"a": A, "c": B}, {"a": B, "b": A}, {"a": A, "b": FileHash("bb", 3)}],
)
def test_another_file_name_size_or_content_is_another_tree_hash(
    other: dict[str, FileHash],
) -> None:
    assert tree_hash(other) != tree_hash({"a": A, "b": B})


def test_a_fingerprint_depends_on_sizes_names_and_etags_and_not_on_order() -> None:
    one, two = StoredFile("a", 1), StoredFile("b", 2)

    assert fingerprint([one, two], {}) == fingerprint([two, one], {})
    assert fingerprint([one], {}) != fingerprint([StoredFile("a", 2)], {})
    assert fingerprint([one], {}) != fingerprint([one], {"a": "etag"})


def test_a_signature_is_the_same_whatever_its_spelling() -> None:
    spelled = b"""
signature:
  outputs: '[{"type": "long", "required": true}]'
  inputs: '[{"name": "a",   "type": "double"}]'
  params: null
"""
    other = b'signature: {inputs: \'[{"type":"double","name":"a"}]\', params: null, outputs: '
    other += b'\'[{"required":true,"type":"long"}]\'}\n'

    signature = texts_of({"MLmodel": spelled}).signature

    assert signature == texts_of({"MLmodel": other}).signature
    assert signature is not None
    assert json.loads(signature)["inputs"] == [{"name": "a", "type": "double"}]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"signature: 7",
        b"signature: {inputs: 'no json'}",
        b"[" * 600,
        b"a: &a [x, x]\nb: &b [*a, *a]\nsignature: {inputs: *b}",
    ],
)
def test_a_signature_that_cannot_be_read_is_none(text: bytes) -> None:
    assert texts_of({"MLmodel": text}).signature is None


def test_requirements_are_compared_without_order_and_comments() -> None:
    text = b"scikit-learn==1.5  # pinned\n\n# comment\nnumpy\r\n"

    assert texts_of({"requirements.txt": text}).requirements == "numpy\nscikit-learn==1.5"
    assert texts_of({"requirements.txt": b"\xff"}).requirements is None


async def test_a_model_of_any_size_is_read_in_bounded_memory() -> None:
    block, blocks = secrets.token_bytes(1024 * 1024), 100

    async def send(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(block) * blocks)})
        await response.prepare(request)
        for _ in range(blocks):
            await response.write(block)
        return response

    expected = hashlib.sha256()
    for _ in range(blocks):
        expected.update(block)
    seen = 0

    def progress(size: int) -> None:
        nonlocal seen
        seen += size

    async with serving(send) as url, connected(url) as server:
        tracemalloc.start()
        try:
            read = await read_bytes(
                files_of(server, "1/a"), [StoredFile("w.bin", len(block) * blocks)], progress
            )
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert read.files["w.bin"].sha256 == expected.hexdigest()
    assert seen == len(block) * blocks
    assert peak < 16 * 1024 * 1024


async def test_texts_are_only_believed_if_they_have_the_hash_that_is_known() -> None:
    async def send(request: web.Request) -> web.Response:
        return web.Response(body=b"numpy")

    right = FileHash(hashlib.sha256(b"numpy").hexdigest(), 5)
    async with serving(send) as url, connected(url) as server:
        known = await read_texts(files_of(server, "1/a"), {"requirements.txt": right})
        other = await read_texts(files_of(server, "1/a"), {"requirements.txt": FileHash("00", 5)})

    assert known is not None
    assert known.requirements == "numpy"
    assert other is None
