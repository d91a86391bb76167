"""A restore in an OpenSearch, also where it fails or was begun before."""

from typing import Any

import pytest
from aiohttp import web

from stagingmirror.errors import NotThere, Refused
from stagingmirror.sources.index.opensearch import recovery as following
from stagingmirror.sources.index.store import Snapshot
from support.index.conformance import error_of, nothing
from support.index.fake_opensearch import SNAPSHOT, FakeOpenSearch, index

SNAP = Snapshot("snapshot-1", "nightly", 1_764_000_000.0, True, ("docs-2",), "2.19.1")
RESTORE = "POST /_snapshot/repo/nightly/_restore"
NEW = "docs-2-aaaa"
GREEN = {"status": "green", "initializing_shards": 0, "unassigned_shards": 0}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "EVERY", 0.0)


def shard(stage: str, done: int, *, source: dict[str, Any] | None = None) -> dict[str, Any]:
    source = {"snapshot": "nightly", "index": "docs-2"} if source is None else source
    size = {"total_in_bytes": 100, "recovered_in_bytes": done, "reused_in_bytes": 0}
    return {
        "id": 0,
        "type": "SNAPSHOT" if source else "EXISTING_STORE",
        "stage": stage,
        "primary": True,
        "source": source,
        "index": {"size": size},
    }


def restoring_fake(*recoveries: dict[str, Any]) -> FakeOpenSearch:
    """One that takes a restore; ``recoveries`` are answered one after the other, the last again."""
    fake, left = FakeOpenSearch(), list(recoveries)

    def begin(_: object) -> web.Response:
        fake.answers[f"GET /{NEW}"] = {NEW: index()}
        return web.json_response({"accepted": True})

    fake.answers[RESTORE] = begin
    fake.answers[f"GET /{NEW}/_recovery"] = lambda _: left.pop(0) if left[1:] else left[0]
    fake.answers[f"GET /_cluster/health/{NEW}"] = GREEN
    return fake


def recovery(*shards: dict[str, Any]) -> dict[str, Any]:
    return {NEW: {"shards": list(shards)}}


@pytest.mark.parametrize("settings", [{}, {"readonly": "false"}, {"readonly": False}])
async def test_a_repository_that_staging_could_write_to_is_refused(settings: Any) -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /_snapshot/repo"] = {"repo": {"type": "s3", "settings": settings}}

    async with fake.store() as store:
        rehearsed = await error_of(store.rehearse(SNAP, "docs-2", NEW, store))
        restored = await error_of(store.restore(SNAP, "docs-2", NEW, store, nothing))

    assert [rehearsed.reason, restored.reason] == ["RepositoryWritable"] * 2
    assert not [each for each in fake.calls if not each.startswith("GET ")]


async def test_a_snapshot_by_the_same_name_is_not_the_same() -> None:
    fake = FakeOpenSearch()
    again = {**SNAPSHOT, "uuid": "taken-again"}
    fake.answers["GET /_snapshot/repo/nightly"] = {"snapshots": [again]}

    async with fake.store() as store:
        error = await error_of(store.restore(SNAP, "docs-2", NEW, store, nothing))

    assert (type(error), error.reason) == (NotThere, "SnapshotGone")
    assert RESTORE not in fake.calls


@pytest.mark.parametrize(
    ("version", "reason"),
    [("2.19.2", "LaterVersion"), ("3.0.0", "LaterVersion"), ("2.20.0", "LaterVersion")],
)
async def test_a_snapshot_of_a_later_version_is_refused_before_anything_is_written(
    version: str, reason: str
) -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /_snapshot/repo/nightly"] = {"snapshots": [{**SNAPSHOT, "version": version}]}

    async with fake.store() as store:
        error = await error_of(store.rehearse(SNAP, "docs-2", NEW, store))

    assert (type(error), error.reason) == (Refused, reason)
    assert version in error.message


@pytest.mark.parametrize("version", ["2.9.0", "1.3.20", "2.19.1", ""])
async def test_a_snapshot_of_no_later_version_is_restored(version: str) -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /_snapshot/repo/nightly"] = {"snapshots": [{**SNAPSHOT, "version": version}]}

    async with fake.store() as store:
        await store.rehearse(SNAP, "docs-2", NEW, store)


async def test_a_partial_snapshot_is_not_restored() -> None:
    fake = FakeOpenSearch()
    partial = {**SNAPSHOT, "state": "PARTIAL"}
    fake.answers["GET /_snapshot/repo/nightly"] = {"snapshots": [partial]}

    async with fake.store() as store:
        assert (
            await error_of(store.rehearse(SNAP, "docs-2", NEW, store))
        ).reason == "RestoreFailed"


async def test_a_restore_takes_neither_aliases_nor_state_nor_what_is_productions_alone() -> None:
    fake = restoring_fake(recovery(shard("DONE", 100)))

    async with fake.store() as store:
        await store.restore(SNAP, "docs-2", NEW, store, nothing)

    sent = fake.bodies[RESTORE]
    assert (sent["include_aliases"], sent["include_global_state"]) == (False, False)
    assert (sent["indices"], sent["rename_replacement"]) == ("docs-2", NEW)
    assert {
        "index.lifecycle.*",
        "index.plugins.index_state_management.*",
        "index.routing.allocation.*",
        "index.default_pipeline",
        "index.final_pipeline",
    } <= {*sent["ignore_index_settings"]}
    assert sent["index_settings"] == {"index.auto_expand_replicas": "0-1"}


async def test_no_recovery_is_not_the_end_of_one() -> None:
    fake = restoring_fake({}, recovery(shard("INDEX", 40)), recovery(shard("DONE", 100)))
    fake.answers["POST /_cluster/allocation/explain"] = {
        "current_state": "unassigned",
        "can_allocate": "awaiting_info",
    }
    seen: list[tuple[int, int]] = []

    async with fake.store() as store:
        await store.restore(SNAP, "docs-2", NEW, store, lambda *each: seen.append(each))

    assert seen == [(0, 0), (0, 0), (0, 0), (40, 100), (100, 100)]


async def test_a_recovered_index_that_is_red_is_not_whole_yet() -> None:
    fake = restoring_fake(recovery(shard("DONE", 100)))
    left = [{**GREEN, "status": "red"}, GREEN]
    fake.answers[f"GET /_cluster/health/{NEW}"] = lambda _: left.pop(0)

    async with fake.store() as store:
        await store.restore(SNAP, "docs-2", NEW, store, nothing)

    assert left == []


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("failed shard on node: NoSuchFileException", "RestoreFailed"),
        ("failed to recover: No space left on device", "StorageFull"),
        ("the node is above the low watermark [disk_threshold]", "StorageFull"),
    ],
)
async def test_a_restore_that_was_given_up_has_its_cause_in_the_explanation(
    why: str, reason: str
) -> None:
    fake = restoring_fake({})
    fake.answers["POST /_cluster/allocation/explain"] = {
        "current_state": "unassigned",
        "can_allocate": "no",
        "allocate_explanation": why,
    }

    async with fake.store() as store:
        error = await error_of(store.restore(SNAP, "docs-2", NEW, store, nothing))

    assert (type(error), error.reason) == (Refused, reason)
    assert why not in error.message


async def test_a_restore_that_was_begun_is_gone_on_with() -> None:
    fake = restoring_fake(recovery(shard("INDEX", 40)), recovery(shard("DONE", 100)))
    fake.answers[f"GET /{NEW}"] = {NEW: index()}

    async with fake.store() as store:
        await store.restore(SNAP, "docs-2", NEW, store, nothing)

    assert RESTORE not in fake.calls


async def test_after_a_restart_of_the_store_a_copy_is_known_by_the_name_of_its_origin() -> None:
    fake = restoring_fake(recovery(shard("DONE", 100, source={})))
    ours, foreign = index(), index()
    ours["settings"]["index"]["provided_name"] = "docs-2"
    foreign["settings"]["index"]["provided_name"] = NEW

    async with fake.store() as store:
        fake.answers[f"GET /{NEW}"] = {NEW: foreign}
        error = await error_of(store.restore(SNAP, "docs-2", NEW, store, nothing))
        fake.answers[f"GET /{NEW}"] = {NEW: ours}
        await store.restore(SNAP, "docs-2", NEW, store, nothing)

    assert error.reason == "NameTaken"


async def test_a_copy_of_another_snapshot_is_not_ours() -> None:
    source = {"snapshot": "weekly", "index": "docs-2"}
    fake = restoring_fake(recovery(shard("DONE", 100, source=source)))
    fake.answers[f"GET /{NEW}"] = {NEW: index()}

    async with fake.store() as store:
        error = await error_of(store.restore(SNAP, "docs-2", NEW, store, nothing))

    assert error.reason == "NameTaken"


async def test_a_name_that_an_alias_has_is_taken() -> None:
    fake = FakeOpenSearch()
    fake.answers[f"GET /{NEW}"] = {"docs-1": index()}

    async with fake.store() as store:
        assert (await error_of(store.rehearse(SNAP, "docs-2", NEW, store))).reason == "NameTaken"
