"""What a copy takes from its origin beside the bytes: what both sides list, and no more."""

from stagingmirror.sources.mlflow.copy.source_version import CopyOrder


def order(*tags: str) -> CopyOrder:
    return CopyOrder("m", "1", "m", "tree", "production", "r1", tags=(tags, ("*",)))


def test_a_dataset_is_copied_by_name_and_digest_and_not_where_it_comes_from() -> None:
    dataset = {
        "name": "claims",
        "digest": "0af3",
        "source_type": "sql",
        "source": '{"url": "postgres://svc:hunter2@db/claims"}',
        "schema": '{"columns": ["salary"]}',
        "profile": '{"rows": 3}',
    }
    tags = [{"key": "mlflow.data.context", "value": "train"}, {"key": "owner", "value": "hunter2"}]

    (copied,) = order("mlflow.*").copied_inputs([{"dataset": dataset, "tags": tags}])

    given = copied["dataset"]
    assert isinstance(given, dict)
    assert (given["name"], given["digest"]) == ("claims", "0af3")
    assert copied["tags"] == tags[:1]
    for secret in ("hunter2", "salary", "rows"):
        assert secret not in repr(copied)
