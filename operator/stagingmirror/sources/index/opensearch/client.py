"""The client of one OpenSearch."""

from typing import ClassVar

from stagingmirror.errors import StagingMirrorError
from stagingmirror.sources.index.http_store import HttpStore
from stagingmirror.sources.index.opensearch.errors import refusal


class OpenSearchServer(HttpStore):
    product: ClassVar[str] = "an OpenSearch"

    def refusal(self, status: int, body: bytes, request: str) -> StagingMirrorError:
        return refusal(status, body, request, self.field)
