from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stagingmirror.api.crd.generate import as_yaml, crds, write

ROOT = Path(__file__).parents[4]
NAMES = ("stagingmirrors", "mirrorenvironments", "mirrorholds", "mirrorinstallations")


def schemas() -> dict[str, Any]:
    return {
        crd["spec"]["names"]["kind"]: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        for crd in crds()
    }


def nodes(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema within this one, with its path; list items end with ``[]``."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nodes(inner, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from nodes(schema["additionalProperties"], f"{path}{{}}")


@pytest.mark.parametrize("plural", NAMES)
def test_the_committed_definitions_are_those_of_the_models(plural: str) -> None:
    (crd,) = [crd for crd in crds() if crd["spec"]["names"]["plural"] == plural]

    committed = (ROOT / "crds" / f"{plural}.stagingmirror.dev.yaml").read_text(encoding="utf-8")

    assert committed == as_yaml(crd), "run: make crds"


def test_nothing_else_lies_beside_them() -> None:
    assert len(list((ROOT / "crds").iterdir())) == len(NAMES)


def test_writing_makes_the_folder_and_files_that_read_back_the_same(tmp_path: Path) -> None:
    paths = write(tmp_path / "new")

    assert [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths] == crds()


def test_no_default_lies_inside_a_list() -> None:
    inside = [
        path
        for schema in schemas().values()
        for path, node in nodes(schema)
        if "[]" in path and "default" in node
    ]

    assert inside == []


def test_the_api_server_judges_nothing_in_a_status() -> None:
    judged = [
        path
        for schema in schemas().values()
        for path, node in nodes(schema["properties"].get("status", {}))
        for word in ("enum", "pattern", "format", "x-kubernetes-validations", "minimum")
        if word in node and (word, node[word]) != ("format", "int64")
    ]

    assert judged == []


def test_every_field_that_a_user_writes_is_explained() -> None:
    silent = [
        f"{kind}{path}"
        for kind, schema in schemas().items()
        for path, node in nodes(schema["properties"]["spec"], ".spec")
        if not node.get("description") and not path.endswith("[]")
    ]

    assert silent == []


def test_every_text_and_list_that_a_user_writes_is_bounded() -> None:
    unbounded = [
        f"{kind}{path}"
        for kind, schema in schemas().items()
        for path, node in nodes(schema["properties"]["spec"], ".spec")
        if (node["type"] == "string" and not {"maxLength", "enum"} & node.keys())
        or (node["type"] == "array" and "maxItems" not in node)
    ]

    assert unbounded == []


def test_every_rule_has_a_message() -> None:
    for schema in schemas().values():
        for path, node in nodes(schema):
            for rule in node.get("x-kubernetes-validations", []):
                assert rule["message"], path


def test_a_default_is_told_where_the_schema_cannot_have_it() -> None:
    spec = schemas()["StagingMirror"]["properties"]["spec"]
    load = spec["properties"]["track"]["items"]["properties"]["setting"]["properties"]["load"]

    assert "Default: 1h." in load["properties"]["timeout"]["description"]
    assert (
        "Default: 4."
        in (
            schemas()["MirrorEnvironment"]["properties"]["spec"]["properties"][
                "maxConcurrentRefreshes"
            ]["description"]
        )
    )
