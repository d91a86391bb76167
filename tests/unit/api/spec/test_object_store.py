"""Where a URI leads, and which store of an environment has it."""

import pytest

from stagingmirror.api.spec.environment.location import Location, location_of
from stagingmirror.api.spec.environment.object_store import ObjectStore, store_for


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        ("s3://bucket", Location("bucket", "")),
        ("s3://bucket/", Location("bucket", "")),
        ("s3a://bucket/a/b/", Location("bucket", "a/b")),
        ("s3://bucket/a#1/what?", Location("bucket", "a#1/what?")),
        ("s3://bucket/a/../b", None),
        ("s3://bucket/a//b", None),
        ("s3://bucket/./b", None),
        ("s3://bucket/line\nend", None),
        ("s3://key:secret@bucket/a", None),
        ("s3:///a", None),
        ("gs://bucket/a", Location("bucket", "a", "gs")),
        ("az://mlprod/artifacts/a/b/", Location("mlprod/artifacts", "a/b", "az")),
        ("az://mlprod/artifacts", Location("mlprod/artifacts", "", "az")),
        (
            "wasbs://artifacts@mlprod.blob.core.windows.net/a",
            Location("mlprod/artifacts", "a", "az"),
        ),
        (
            "abfss://Artifacts@MLProd.dfs.core.windows.net/A",
            Location("mlprod/artifacts", "A", "az"),
        ),
        ("wasbs://artifacts@mlprod.blob.core.windows.net.evil.example/a", None),
        ("wasbs://artifacts@evil.example/a", None),
        ("wasbs://mlprod/artifacts/a", None),
        ("az://mlprod", None),
        ("az://mlprod/../a", None),
        ("gs://bucket/a/../b", None),
        ("s3://mlprod/artifacts@x", Location("mlprod", "artifacts@x")),
        ("hf://org/model", None),
        ("/mnt/models", None),
        ("", None),
    ],
)
def test_a_uri_is_a_place_in_a_bucket_or_none_that_is_read(
    uri: str, location: Location | None
) -> None:
    assert location_of(uri) == location


def stores(*urls: str) -> list[ObjectStore]:
    return [ObjectStore(name=f"s{number}", url=url) for number, url in enumerate(urls)]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("s3://mlops/mlflow/1/artifacts", "s1"),
        ("s3://mlops/mlflow", "s1"),
        ("s3://mlops/mlflow-other/1", "s0"),
        ("s3://mlops/ranker", "s0"),
        ("s3://other/ranker", None),
        ("s3://mlops-2/ranker", None),
    ],
)
def test_the_longest_url_that_has_a_place_counts(uri: str, name: str | None) -> None:
    location = location_of(uri)
    assert location is not None

    found = store_for(location, stores("s3://mlops", "s3://mlops/mlflow/", "s3://mlops/mlflow/2"))

    assert (found.name if found else None) == name


def test_of_two_with_one_place_the_first_by_name_counts() -> None:
    both = stores("s3://mlops/a", "s3://mlops/a")

    found = [store_for(Location("mlops", "a/b"), each) for each in (both, both[::-1])]

    assert [each.name for each in found if each] == ["s0", "s0"]


def test_a_bucket_of_google_may_be_one_that_is_reached_as_s3_and_azures_is_none_of_them() -> None:
    google, amazon = Location("models", "a", "gs"), Location("models", "a/b")
    azure = Location("models/a", "", "az")

    assert google.may_have(amazon)
    assert not google.has(amazon)
    assert not azure.may_have(amazon)
