"""What was read of documents counts as long as something vouches for it."""

import pytest

from stagingmirror.drift.facts import Unseen
from stagingmirror.sources.index.subjects import IndexContent, IndexSubject
from stagingmirror.view import Observed
from support.index.document_store import PAIR, DocumentStore, Pairs, pairs
from support.index.fake_opensearch import failed
from support.operators.waiting import holds

SUBJECT = IndexSubject("staging", "vectors", "docs", "IndexDocuments")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagingmirror.sources.index.source._TICK", 0.02)


def content(made: Pairs) -> IndexContent | Unseen | None:
    found = made.source.get(SUBJECT)
    served = found.value if isinstance(found, Observed) else None
    return None if served is None else served.content


@pytest.mark.parametrize("shows_writes", [True, False])
async def test_documents_that_cannot_be_read_for_long_are_known_only_by_a_store_that_shows_writes(
    *, shows_writes: bool
) -> None:
    staging = DocumentStore("other")
    if not shows_writes:
        staging.answers["GET /docs-2/_stats"] = {"indices": {}}
    async with pairs(staging=staging, content={"interval": "1h"}) as made:
        made.source.unwant(PAIR)
        made.source.want(SUBJECT, 30.0)
        await holds(lambda: isinstance(content(made), IndexContent))

        staging.answers["POST /docs-2/_search"] = lambda _: failed(500, "failure")
        made.now[0] += 2 * 3600 + 300
        polls = staging.calls.count("GET /docs/_alias/docs")
        await holds(lambda: staging.calls.count("GET /docs/_alias/docs") > polls + 1 or _next(made))

        found = content(made)
        assert isinstance(found, IndexContent if shows_writes else Unseen)


def _next(made: Pairs) -> bool:
    """Another poll is due."""
    made.now[0] += 1.0
    return False
