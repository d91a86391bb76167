"""A model version as facts."""

from collections.abc import Mapping
from typing import Any

import pytest

from stagingmirror.components.model_alias.offers import Offered
from stagingmirror.components.model_alias.version_facts import (
    MAX_PARAMETERS,
    details_of,
    version_facts,
)
from stagingmirror.drift.facts import Unseen
from stagingmirror.reading.reading import Ended, Reading
from support.kinds.builders import NOW, World, environment, sides, version
from support.kinds.fraud import entry


def facts(tag: str | None = None, **fields: Any) -> dict[str, str]:
    reading = Reading(World(), NOW)
    named: dict[str, Any] = {"dataSnapshotTag": tag} if tag else {}
    offered = Offered(entry(**named).spec, sides())
    found = version_facts(reading, version("12", **fields), offered, declared=False)
    return {name: fact.value for name, fact in found.items()}


def details(fact: str, **fields: Any) -> Mapping[str, str]:
    return details_of(version("12", **fields))[fact]()


URL = "postgres://user:secret@db/x"


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        ({"parameters": {"data": URL}}, "parameters.data"),
        ({"parameters": {"data": "secret@db"}}, "parameters.data"),
        ({"parameters": {"data": URL + "x" * 500}}, "parameters.data"),
        ({"dataset_inputs": (URL,)}, "dataSnapshot"),
        ({"dataset_inputs": ("user:secret@db",)}, "dataSnapshot"),
        ({"dataset_inputs": ("features@1a2b", URL)}, "dataSnapshot"),
        ({"tags": {"snapshot": URL}}, "dataSnapshot"),
        ({"signature": f'{{"inputs": "{URL}"}}'}, "signature"),
    ],
)
def test_what_may_hold_a_credential_is_sealed(fields: Any, fact: str) -> None:
    found = facts("snapshot" if "tags" in fields else None, **fields)

    assert found[fact].startswith("hmac-sha256:")
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("tag", "fields", "snapshot"),
    [
        ("date", {"tags": {"date": "2026-11-20"}}, "2026-11-20"),
        ("date", {"run_tags": {"date": "2026-11-20"}}, "2026-11-20"),
        (None, {"dataset_inputs": ("a@1", "b@2")}, "a@1, b@2"),
        ("date", {"dataset_inputs": ("a@1", "b@2")}, None),
        (None, {"tags": {"date": "2026-11-20"}, "dataset_inputs": ("a@1",)}, "a@1"),
        ("date", {}, None),
    ],
)
def test_the_data_snapshot_is_the_tag_that_is_asked_for_or_the_datasets_of_the_run(
    tag: str | None, fields: Any, snapshot: str | None
) -> None:
    assert facts(tag, **fields).get("dataSnapshot") == snapshot


def test_the_files_explain_the_content() -> None:
    files = details("contentHash", files={"tokenizer.json": "a", "deep/model.skops": "b"})

    assert set(files) == {"tokenizer.json", "deep/model.skops"}
    assert all(digest.startswith("sha256:") for digest in files.values())


def test_a_parameter_with_a_slash_is_no_detail_of_another_one() -> None:
    found = facts(parameters={"lr": "1", "lr/decay": "2", "lr%2Fdecay": "3"})

    assert {name: value for name, value in found.items() if name.startswith("parameters")} == {
        "parameters.lr": "1",
        "parameters.lr%2Fdecay": "2",
        "parameters.lr%252Fdecay": "3",
    }


def test_long_texts_are_told_by_their_hash() -> None:
    found = facts(signature="x" * 5000, parameters={"grid": "y" * 5000})

    assert found["signature"].startswith("sha256:")
    assert found["parameters.grid"].startswith("sha256:")
    assert facts(signature="x" * 5001)["signature"] != found["signature"]
    assert facts(signature=found["signature"])["signature"] != found["signature"]


def test_requirements_name_the_package_that_differs_whatever_their_order() -> None:
    one, other = (
        facts(requirements="numpy==2.1\nmlflow==3.17.2\n"),
        facts(requirements="mlflow==3.17.2\n\nnumpy==2.1"),
    )

    assert one == other
    packages = details("requirements", requirements="numpy==2.1 \nmlflow==3.17.2\n")
    assert packages == {"numpy": "numpy==2.1", "mlflow": "mlflow==3.17.2"}


def test_an_address_in_requirements_is_never_shown() -> None:
    text = "--extra-index-url https://user:hunter2@host/x\na @ https://u:p@h/a\nb==1"
    found, packages = facts(requirements=text), details("requirements", requirements=text)

    assert "hunter2" not in repr(found)
    assert packages == {"b": "b==1"}


def test_what_a_version_does_not_have_is_not_claimed() -> None:
    found = facts(origin_run_id=None, parameters={}, signature=None, requirements=None)

    assert set(found) == {"contentHash", "contentRead"}


def test_more_parameters_than_are_compared_are_not_left_out_but_said() -> None:
    most = {f"p{number}": "v" for number in range(MAX_PARAMETERS)}
    assert len([name for name in facts(parameters=most) if "parameters." in name]) == len(most)

    with pytest.raises(Ended) as ended:
        facts(parameters={**most, "one": "more"})

    assert isinstance(ended.value.observation, Unseen)
    assert ended.value.why.reason == "TooLarge"
    assert "1001 parameters, and at most 1000" in ended.value.why.message


def test_parameters_that_are_not_offered_may_be_as_many_as_they_are() -> None:
    offers: dict[str, Any] = {"readable": {"models": ["*"]}, "comparable": {}}
    neither = sides(environment("Production", **offers), environment("Staging", **offers))
    reading = Reading(World(), NOW)
    many = version("12", parameters={f"p{number}": "v" for number in range(20_000)})

    version_facts(reading, many, Offered(entry().spec, neither), declared=False)

    assert any("20000 parameters" in each for each in reading.seen({}).findings)
