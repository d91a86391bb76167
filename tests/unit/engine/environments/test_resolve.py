"""What of production's is protected by its environments."""

from typing import Any

from stagingmirror.engine.environments.resolve import protected_stores
from support.resources import resources


def body(name: str, role: str, *urls: Any) -> dict[str, Any]:
    made = resources.environment(name, role)
    made["spec"]["objectStores"] = [{"name": f"s{n}", "url": url} for n, url in enumerate(urls)]
    return made


def test_places_of_production_are_protected_and_those_of_staging_are_not() -> None:
    found = protected_stores(
        [body("a", "Production", "s3://ml/mlflow", "s3://data"), body("b", "Staging", "s3://stg")]
    )

    assert {each.uri for each in found} == {"s3://ml/mlflow", "s3://data"}


def test_a_spec_that_cannot_be_read_protects_what_it_has() -> None:
    odd = body("a", "Testing", "s3://ml", None, "gs://x", 7)
    odd["spec"]["objectStores"].append("text")
    nothing: dict[str, Any] = {"metadata": {"name": "b"}, "spec": {"objectStores": "text"}}
    bare: dict[str, Any] = {"metadata": {"name": "c"}}

    assert [each.uri for each in protected_stores([odd, nothing, bare])] == ["s3://ml"]


def test_a_bucket_that_the_address_of_productions_store_names_is_protected() -> None:
    made = body("a", "Production", "s3://models/x")
    made["spec"]["objectStores"][0]["endpoint"] = "https://ml-prod.s3.eu-central-1.amazonaws.com"

    assert "s3://ml-prod/models/x" in {each.uri for each in protected_stores([made])}
