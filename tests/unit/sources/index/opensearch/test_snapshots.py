"""The snapshots of a repository, also where there are none, or too many."""

import pytest

from stagingmirror.errors import (
    NotSupported,
    NotThere,
    Refused,
)
from support.index.conformance import error_of
from support.index.fake_opensearch import SNAPSHOT, FakeOpenSearch, failed

ALL = "GET /_snapshot/repo/_all"


async def test_a_complete_snapshot_is_read_once() -> None:
    fake = FakeOpenSearch()
    other = {**SNAPSHOT, "indices": ["other"], "uuid": "another", "snapshot": "other"}
    fake.answers[ALL] = {"snapshots": [SNAPSHOT, other]}

    async with fake.store() as store:
        first, again = await store.snapshots("docs-2"), await store.snapshots("docs-2")

    assert first == again
    assert [(each.id, each.complete, each.taken) for each in first] == [
        ("snapshot-1", True, 1_764_000_000.0)
    ]
    assert first[0].manifest == {"embeddingModel": "mini-lm@a1"}
    assert fake.calls == [ALL, "GET /_snapshot/repo/nightly", ALL]


@pytest.mark.parametrize("state", ["IN_PROGRESS", "PARTIAL", "FAILED", "INCOMPATIBLE"])
async def test_a_snapshot_that_is_not_complete_is_read_again(state: str) -> None:
    fake = FakeOpenSearch()
    unfinished = {"snapshots": [{**SNAPSHOT, "state": state}]}
    fake.answers[ALL] = fake.answers["GET /_snapshot/repo/nightly"] = unfinished

    async with fake.store() as store:
        (first,) = await store.snapshots("docs-2")
        fake.answers[ALL] = {"snapshots": [SNAPSHOT]}
        fake.answers["GET /_snapshot/repo/nightly"] = {"snapshots": [SNAPSHOT]}
        (then,) = await store.snapshots("docs-2")

    assert (first.complete, then.complete) == (False, True)


async def test_the_newest_snapshot_comes_first() -> None:
    fake = FakeOpenSearch()
    newer = {**SNAPSHOT, "snapshot": "a", "uuid": "s2", "start_time_in_millis": 1_764_100_000_000}
    fake.answers[ALL] = {"snapshots": [SNAPSHOT, newer]}
    fake.answers["GET /_snapshot/repo/nightly,a"] = {"snapshots": [SNAPSHOT, newer]}

    async with fake.store() as store:
        assert [each.name for each in await store.snapshots("docs-2")] == ["a", "nightly"]


async def test_more_snapshots_than_are_read_are_refused_with_their_number() -> None:
    fake = FakeOpenSearch()
    fake.answers[ALL] = {
        "snapshots": [
            {**SNAPSHOT, "snapshot": f"s{number}", "uuid": f"u{number}"} for number in range(501)
        ]
    }

    async with fake.store() as store:
        error = await error_of(store.snapshots("docs-2"))

    assert isinstance(error, Refused)
    assert error.reason == "TooManySnapshots"
    assert "501" in error.message


async def test_an_empty_repository_is_not_an_answer_without_snapshots() -> None:
    fake = FakeOpenSearch()
    fake.answers[ALL] = {"snapshots": []}

    async with fake.store() as store:
        assert await store.snapshots("docs-2") == ()
        fake.answers[ALL] = {}
        assert (await error_of(store.snapshots("docs-2"))).reason == "Garbage"


async def test_no_repository_is_no_snapshot_and_one_that_is_missing_is_not_there() -> None:
    fake = FakeOpenSearch()
    fake.answers[ALL] = lambda _: failed(404, "repository_missing_exception")

    async with fake.store(repository=None) as store:
        unnamed = await error_of(store.snapshots("docs-2"))
    async with fake.store() as store:
        missing = await error_of(store.snapshots("docs-2"))

    assert (type(unnamed), unnamed.reason) == (NotSupported, "NoSnapshot")
    assert (type(missing), missing.reason) == (NotThere, "RepositoryMissing")
