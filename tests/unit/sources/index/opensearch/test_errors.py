"""What an answer that is no success means: decided by type and text, never shown."""

import json

import pytest

from stagingmirror.sources.index.opensearch.errors import refusal
from support.index.ground import PLANTED

RESTORE = "snapshot_restore_exception"


def body(kind: str, reason: str = "") -> bytes:
    cause = {"type": kind, "reason": f"[x] {reason} {PLANTED}"}
    return json.dumps({"error": {**cause, "root_cause": [cause]}}).encode()


@pytest.mark.parametrize(
    ("status", "answer", "error", "reason"),
    [
        (401, b"Unauthorized", "NotAllowed", "Unauthorized"),
        (401, body("security_exception"), "NotAllowed", "Unauthorized"),
        (403, body("security_exception", "no permissions for [x]"), "NotAllowed", "Forbidden"),
        (403, b"<html>no</html>", "NotAllowed", "Forbidden"),
        (500, body("snapshot_missing_exception"), "NotThere", "SnapshotGone"),
        (404, body("snapshot_missing_exception"), "NotThere", "SnapshotGone"),
        (500, body(RESTORE, "snapshot does not exist"), "NotThere", "SnapshotGone"),
        (
            500,
            body(
                RESTORE,
                "cannot restore index [a] because an open index with same name already"
                " exists in the cluster",
            ),
            "Refused",
            "NameTaken",
        ),
        (
            500,
            body(
                RESTORE,
                "the snapshot was created with OpenSearch version [3.4.0] which is higher"
                " than the version of this node [2.19.1]",
            ),
            "Refused",
            "LaterVersion",
        ),
        (500, body(RESTORE, "something else"), "Refused", "RestoreFailed"),
        (404, body("repository_missing_exception"), "NotThere", "RepositoryMissing"),
        (404, body("index_not_found_exception"), "NotThere", "IndexMissing"),
        (404, b'{"error":"alias [docs] missing","status":404}', "NotThere", "IndexMissing"),
        (404, body("aliases_not_found_exception"), "NotThere", "IndexMissing"),
        (404, b"<html>not found</html>", "NotAnswered", "NotOpenSearch"),
        (400, body("invalid_alias_name_exception"), "Refused", "NotAnAlias"),
        (
            400,
            b'{"error":"no handler found for uri [/x] and method [GET]"}',
            "NotSupported",
            "NotSupported",
        ),
        (503, body("concurrent_snapshot_execution_exception"), "NotAnswered", "Busy"),
        (
            503,
            body("search_phase_execution_exception", "all shards failed"),
            "NotAnswered",
            "Unavailable",
        ),
        (503, b"OpenSearch Security not initialized.", "NotAnswered", "Unavailable"),
        (429, body("circuit_breaking_exception"), "NotAnswered", "Throttled"),
        (429, b"slow down", "NotAnswered", "Throttled"),
        (
            429,
            body("cluster_block_exception", "disk usage exceeded flood-stage"),
            "Refused",
            "StorageFull",
        ),
        (500, body("exception", "No space left on device"), "Refused", "StorageFull"),
        (302, b"", "NotAnswered", "Redirected"),
        (407, b"", "NotAnswered", "ProxyRefused"),
        (500, b"<html>", "NotAnswered", "ServerError"),
        (500, b"[" * 60_000, "NotAnswered", "ServerError"),
    ],
)
def test_type_and_text_decide(status: int, answer: bytes, error: str, reason: str) -> None:
    found = refusal(status, answer, "the index store at host, x", "indexStores[vectors]")

    assert (type(found).__name__, found.reason) == (error, reason)
    assert PLANTED not in str(found)
    assert "{" not in found.message


def test_the_type_is_shown_and_nothing_else() -> None:
    found = refusal(400, body("parsing_exception"), "x", "f")

    assert "400 parsing_exception" in found.message
    assert "<" not in refusal(400, body("<b>"), "x", "f").message
