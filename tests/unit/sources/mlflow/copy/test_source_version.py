"""What a copy takes from its origin beside the bytes: what both sides list, and no more."""

from dataclasses import replace

import pytest

from stagingmirror.sources.mlflow.client import provenance_tags
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


@pytest.mark.parametrize(
    ("tags", "shown"),
    [
        ({}, "own"),
        ({provenance_tags.RUN_ID: "theirs"}, "theirs"),
        ({provenance_tags.RUN_ID: "theirs", provenance_tags.TREE_HASH: "sha256:x"}, "theirs"),
        ({provenance_tags.TREE_HASH: "sha256:x"}, None),
    ],
)
def test_a_copy_never_shows_the_run_that_was_made_for_it_alone(
    tags: dict[str, str], shown: str | None
) -> None:
    assert provenance_tags.origin_run_id(tags, "own") == shown


def test_a_compared_tag_is_copied_whosever_it_is_and_only_where_both_sides_list_it() -> None:
    tags = {"mlflow.user": "ann", "mlflow.source.git.commit": "4f2a", "team": "fraud"}

    compared = replace(order("*"), compared_tag="mlflow.source.git.commit")

    assert order("*").copied_tags(tags) == {"team": "fraud"}
    assert compared.copied_tags(tags) == {"team": "fraud", "mlflow.source.git.commit": "4f2a"}
    assert replace(compared, tags=(("team",), ("*",))).copied_tags(tags) == {"team": "fraud"}
