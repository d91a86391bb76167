"""However large documents are, a sample of them is bounded."""

import pytest

from stagingmirror.errors import NotAnswered
from support.index.conformance import error_of
from support.index.document_store import DocumentStore, document


async def test_a_sample_has_so_many_bytes_at_most_and_is_then_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stagingmirror.sources.index.opensearch.reader._LARGEST_SAMPLE", 20_000)
    fake = DocumentStore("one", 64)
    for number in range(64):
        fake.documents[str(number)] = {**document(number), "more": "x" * 1000}

    async with fake.store() as store:
        error = await error_of(store.sample("docs-2", list(fake.documents)))

    assert (type(error), error.reason) == (NotAnswered, "OversizedAnswer")
    assert fake.samples <= 2
