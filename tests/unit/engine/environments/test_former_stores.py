"""A store that an environment names no more stays reachable for the rollback of an open refresh."""

from typing import Any

import pytest

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.index_store import IndexStore, store_named
from stagingmirror.engine.environments.former_stores import with_former_stores

SEARCH = {"name": "search", "type": "OpenSearch", "url": "https://search:9200", "aliases": ["*"]}
FILES = {"name": "files", "type": "Files", "objectStore": "bucket", "prefix": "idx", "keep": 1}
BUCKET = {"name": "bucket", "url": "s3://bucket", "readable": ["models/*"]}


def environment(*stores: dict[str, Any], buckets: tuple[Any, ...] = ()) -> MirrorEnvironmentSpec:
    return MirrorEnvironmentSpec.model_validate(
        {"role": "Staging", "indexStores": stores, "objectStores": buckets}
    )


def stores_of(now: MirrorEnvironmentSpec, former: MirrorEnvironmentSpec) -> list[str]:
    return [each.name for each in both(now, former).index_stores]


def both(now: MirrorEnvironmentSpec, former: MirrorEnvironmentSpec) -> MirrorEnvironmentSpec:
    return with_former_stores({"staging": now}, {"staging": former})["staging"]


@pytest.mark.parametrize(
    ("now", "found"), [([], ["search"]), ([SEARCH | {"name": "renamed"}], ["renamed", "search"])]
)
def test_a_store_that_was_removed_or_renamed_is_still_led_to(
    now: list[dict[str, Any]], found: list[str]
) -> None:
    assert stores_of(environment(*now), environment(SEARCH)) == found


def test_nothing_is_offered_of_it() -> None:
    whole = both(environment(), environment(FILES, SEARCH, buckets=(BUCKET,)))

    assert not whole.offers("index_aliases", "search/products")
    assert [each.keep for each in whole.index_stores] == [None, None]
    assert [each.readable for each in whole.object_stores] == [()]


def test_a_store_of_the_same_name_is_the_environments() -> None:
    other = SEARCH | {"url": "https://another:9200"}
    found = store_named("search", both(environment(other), environment(SEARCH)).index_stores)

    assert found == IndexStore.model_validate(other)


def test_only_the_folder_of_such_a_store_is_led_to_with_it() -> None:
    now, former = environment(), environment(FILES, buckets=(BUCKET, BUCKET | {"name": "models"}))

    assert [each.name for each in both(now, former).object_stores] == ["bucket"]


def test_an_environment_without_an_open_refresh_is_as_it_is_and_a_deleted_one_as_it_was() -> None:
    now, former = environment(SEARCH), environment(FILES, buckets=(BUCKET,))

    assert with_former_stores({"a": now}, {"b": former}) == {"a": now, "b": former}
