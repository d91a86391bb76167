"""What is special about OpenSearch, on two real servers, with the roles of the docs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.error import HTTPError

import pytest

from rig.certificates import Authority
from rig.stores.opensearch import OpenSearch
from stagingmirror.errors import NotAllowed, NotAnswered, NotThere, Refused
from stagingmirror.settings import Settings
from stagingmirror.sources.index.opensearch.client import OpenSearchServer
from stagingmirror.sources.index.opensearch.reader import OpenSearchReader
from stagingmirror.sources.index.opensearch.writer import OpenSearchWriter
from stagingmirror.sources.index.store import is_free
from support.index.conformance import MARK, error_of, nothing, restored, snapshot_of
from support.index.ground import DIMENSIONS
from support.index.opensearch_ground import OpenSearchGround, definition, password_of, server_of

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]

NEW = "docs-2-aaaa"


@pytest.fixture
async def ground(opensearch_pair: tuple[OpenSearch, OpenSearch]) -> AsyncIterator[OpenSearchGround]:
    made = OpenSearchGround(opensearch_pair)
    yield made
    await made.close()


async def test_a_vector_without_method_hides_its_metric(ground: OpenSearchGround) -> None:
    made = definition()
    made["mappings"]["properties"]["vec"] = {"type": "knn_vector", "dimension": DIMENSIONS}
    await ground.call("production", "PUT", "/docs-2", made)

    (vector,) = (await ground.production.facts("docs-2")).vectors

    assert (vector.dimensions, vector.metric, vector.index) == (DIMENSIONS, None, None)


async def test_an_edit_changes_the_content_version_and_reading_does_not(
    ground: OpenSearchGround,
) -> None:
    await ground.build("production", "docs-2", 30)
    before = (await ground.production.facts("docs-2")).content_version
    await ground.production.sample("docs-2", await ground.production.ids("docs-2", 5))
    read = (await ground.production.facts("docs-2")).content_version

    await ground.edit("production", "docs-2")

    assert before is not None
    assert read == before
    assert (await ground.production.facts("docs-2")).content_version != before


async def test_a_sample_is_from_all_over_the_index(ground: OpenSearchGround) -> None:
    await ground.build("production", "docs-2", 300)

    numbers = [int(each) for each in await ground.production.ids("docs-2", 64)]

    assert len(numbers) == 64
    assert min(numbers) < 60
    assert max(numbers) > 240


async def test_the_metadata_of_a_snapshot_is_its_manifest(ground: OpenSearchGround) -> None:
    await ground.build("production", "docs-2", 3)
    await ground.snapshot("docs-2", "nightly", embeddingModel="mini-lm@b2", buildId="7")

    (found,) = await ground.production.snapshots("docs-2")

    assert found.manifest == {"embeddingModel": "mini-lm@b2"}
    assert (found.name, found.version, found.complete) == ("nightly", "2.19.1", True)
    assert (await ground.staging.snapshots("docs-2")) == (found,)


async def test_neither_alias_nor_pipeline_nor_block_of_production_comes_along(
    ground: OpenSearchGround,
) -> None:
    made = definition()
    made["settings"]["index"] |= {"default_pipeline": "_none", "number_of_replicas": 2}
    await ground.build("production", "docs-2", 30, made)
    await ground.point("production", "docs", "docs-2")
    await ground.call("production", "PUT", "/docs-2/_settings", {"index.blocks.write": True})
    await ground.snapshot("docs-2", "nightly")

    snapshot = await snapshot_of(ground, "docs-2")
    await ground.staging.restore(snapshot, "docs-2", NEW, ground.production, nothing)

    found = (await ground.call("staging", "GET", f"/{NEW}"))[NEW]
    settings = found["settings"]["index"]
    assert await ground.staging.resolve("docs") == ()
    assert "default_pipeline" not in settings
    assert "blocks" not in settings
    assert settings["number_of_replicas"] == "0"
    await ground.staging.stamp(NEW, MARK)


async def test_the_mark_and_the_origin_outlive_a_restart_of_the_store(
    ground: OpenSearchGround, opensearch_staging: OpenSearch
) -> None:
    snapshot = await restored(ground)
    await ground.staging.stamp(NEW, MARK)
    built = (await ground.production.facts("docs-2")).built

    await asyncio.to_thread(opensearch_staging.stop)
    await asyncio.to_thread(opensearch_staging.start)

    facts = await ground.staging.facts(NEW)
    assert (facts.mark, facts.built) == (MARK, built)
    await ground.staging.restore(snapshot, "docs-2", NEW, ground.production, nothing)
    assert await ground.staging.count(NEW) == 30


async def test_a_repository_that_staging_could_write_to_is_refused(
    ground: OpenSearchGround,
) -> None:
    await ground.make("production", "docs-2", 3)
    await ground.call(
        "staging",
        "PUT",
        f"/_snapshot/{ground.repository}",
        {"type": "fs", "settings": {"location": ground.repository}},
    )

    error = await error_of(
        ground.staging.rehearse(
            await snapshot_of(ground, "docs-2"), "docs-2", NEW, ground.production
        )
    )

    assert (type(error), error.reason) == (Refused, "RepositoryWritable")


async def test_a_snapshot_whose_files_are_gone_is_a_restore_that_failed(
    ground: OpenSearchGround, opensearch_production: OpenSearch
) -> None:
    await ground.make("production", "docs-2", 30)
    snapshot = await snapshot_of(ground, "docs-2")
    folder = opensearch_production.repositories / ground.repository
    for file in folder.glob("indices/*/0/*"):
        file.unlink()

    error = await error_of(
        ground.staging.restore(snapshot, "docs-2", NEW, ground.production, nothing)
    )

    assert (type(error), error.reason) == (Refused, "RestoreFailed")
    await ground.staging.drop(NEW)
    assert isinstance(await error_of(ground.staging.facts(NEW)), NotThere)


async def test_a_snapshot_that_was_taken_again_is_another(ground: OpenSearchGround) -> None:
    await ground.make("production", "docs-2", 3)
    snapshot = await snapshot_of(ground, "docs-2")
    path = f"/_snapshot/{ground.repository}/{snapshot.name}"
    await ground.call("production", "DELETE", path)
    await ground.snapshot("docs-2", snapshot.name)

    error = await error_of(
        ground.staging.restore(snapshot, "docs-2", NEW, ground.production, nothing)
    )

    assert (type(error), error.reason) == (NotThere, "SnapshotGone")


async def test_the_role_of_production_can_write_nothing(
    ground: OpenSearchGround, opensearch_production: OpenSearch
) -> None:
    await ground.make("production", "docs-2", 3)
    await ground.make("production", "docs-1", 3)
    await ground.point("production", "docs", "docs-2")
    name = "stagingmirror-read"
    password = password_of(opensearch_production, name)
    writer = OpenSearchWriter(server_of(opensearch_production, name, password), ground.repository)

    errors = [
        await error_of(writer.stamp("docs-2", MARK)),
        await error_of(writer.swap("docs", "docs-2", "docs-1")),
        await error_of(writer.drop("docs-1")),
    ]
    unknown = await writer.may_write()
    await writer.close()

    assert [type(each) for each in errors] == [NotAllowed] * 3
    assert unknown is None
    assert await ground.production.resolve("docs") == ("docs-2",)


async def test_nothing_is_restored_or_read_outside_the_pattern_of_a_role(
    ground: OpenSearchGround,
) -> None:
    await ground.make("production", "docs-2", 3)
    snapshot = await snapshot_of(ground, "docs-2")

    errors = [
        await error_of(
            ground.staging.restore(snapshot, "docs-2", "other", ground.production, nothing)
        ),
        await error_of(ground.production.facts("other")),
        await error_of(ground.production.resolve("other")),
    ]

    assert [type(each) for each in errors] == [NotAllowed] * 3


async def test_the_room_is_that_of_the_servers_disk(ground: OpenSearchGround) -> None:
    room = await ground.staging.room()

    assert room is not None
    assert 0 < room.free < room.total


async def test_a_server_of_another_authority_is_not_asked(
    opensearch_staging: OpenSearch, tmp_path: Any
) -> None:
    other = Authority(tmp_path / "ca").certificate.read_text()
    untrusting = OpenSearchServer(
        opensearch_staging.url,
        field="indexStores[vectors]",
        credentials=None,
        ca_bundle=other,
        proxy=None,
        settings=Settings(),
        on_call=lambda *_: None,
    )
    reader = OpenSearchReader(untrusting, None)

    error = await error_of(reader.identity())
    await reader.close()

    assert (type(error), error.reason) == (NotAnswered, "CertificateNotTrusted")
    assert "indexStores[vectors].caBundle" in error.message


async def test_a_mark_is_replaced_and_the_manifest_beside_it_stays(
    ground: OpenSearchGround,
) -> None:
    await restored(ground)
    await ground.staging.stamp(NEW, MARK)

    await ground.staging.stamp(NEW, replace(MARK, documents=31))

    meta = (await ground.call("staging", "GET", f"/{NEW}"))[NEW]["mappings"]["_meta"]
    assert meta["embeddingModel"] == "mini-lm@a1"
    assert meta["stagingmirror"]["documents"] == 31


async def test_an_index_that_is_frozen_gets_no_alias_and_can_be_removed(
    ground: OpenSearchGround,
) -> None:
    """What removing one rests on."""
    await restored(ground)
    body = {"index.blocks.read_only_allow_delete": True}
    await ground.call("staging", "PUT", "/docs-2-aaaa/_settings", body)

    with pytest.raises(HTTPError) as refused:
        await ground.point("staging", "docs", "docs-2-aaaa")
    await ground.staging.drop("docs-2-aaaa")

    assert refused.value.code in (403, 429)
    assert await is_free(ground.staging, "docs-2-aaaa")
