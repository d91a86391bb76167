"""Artifacts that MLflow names in an object store, and does not serve itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from stagingmirror.drift.facts import Why
from stagingmirror.errors import Refused
from stagingmirror.sources.content.files import Opened, StoredFile
from stagingmirror.sources.mlflow.client.artifacts import files_of, root_of
from support.mlflow.registries import connected

URI = "s3://models/1/artifacts"


@dataclass
class Stored:
    """Files of a folder."""

    files: tuple[StoredFile, ...] = ()
    asked: list[str] = field(default_factory=list)

    def shows_writes(self, listing: tuple[StoredFile, ...]) -> bool:
        return True

    async def listing(self) -> tuple[StoredFile, ...]:
        return self.files

    async def stamps(self, listing: tuple[StoredFile, ...]) -> dict[str, str]:
        return {each.path: each.stamp for each in listing}

    @asynccontextmanager
    async def open(self, file: StoredFile) -> AsyncIterator[Opened]:
        raise AssertionError(file)
        yield

    def refuse_writing(self) -> None:
        raise AssertionError

    async def put(self, file: StoredFile, chunks: AsyncIterator[bytes]) -> None:
        raise AssertionError(file)


async def refusal(direct: Any, uri: str = URI) -> Refused:
    async with connected("http://mlflow:5000", direct=direct) as server:
        with pytest.raises(Refused) as raised:
            root_of(server, uri)
    return raised.value


async def test_a_root_that_a_store_of_the_environment_has_is_the_uri_itself() -> None:
    stored = Stored((StoredFile("MLmodel", 3, "etag"), StoredFile("registered_model_meta", 9)))
    async with connected("http://mlflow:5000", direct=lambda uri: stored) as server:
        files = files_of(server, root_of(server, URI))

        assert root_of(server, URI) == URI
        assert [each.path for each in await files.listing()] == ["MLmodel"]
        assert files.shows_writes(())
        assert not files_of(server, "1/artifacts").shows_writes(())


async def test_a_store_that_cannot_be_used_is_the_reason() -> None:
    found = await refusal(lambda uri: Why("SecretMissing", "Secret s3 does not exist."))

    assert (found.reason, found.message) == ("SecretMissing", "Secret s3 does not exist.")


async def test_a_root_that_no_store_has_names_its_bucket_and_both_remedies() -> None:
    found = await refusal(lambda uri: None)

    assert found.reason == "ArtifactsNotReadable"
    assert "s3://models" in found.message
    assert "1/artifacts" not in found.message
    assert "objectStores" in found.message
    assert "--serve-artifacts" in found.message


async def test_what_the_server_serves_is_never_opened_elsewhere() -> None:
    opened: list[str] = []
    async with connected("http://mlflow:5000", direct=opened.append) as server:
        root_of(server, "mlflow-artifacts:/1/artifacts")

    assert opened == []


async def test_a_store_that_is_gone_since_is_no_folder_without_files() -> None:
    async with connected("http://mlflow:5000", direct=lambda uri: None) as server:
        with pytest.raises(Refused) as raised:
            files_of(server, URI)

    assert raised.value.reason == "ArtifactsNotReadable"


async def test_a_served_folder_cannot_pass_for_a_place_in_a_store() -> None:
    async with connected("http://mlflow:5000", direct=lambda uri: Stored()) as server:
        with pytest.raises(Exception, match="impossible artifact folder"):
            root_of(server, "mlflow-artifacts:/s3://other/secret")
