"""The habits of CONTRIBUTING that a machine can check."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "operator" / "stagingmirror"
LONGEST_MODULE = 300
MOST_MODULES = 13
NOT_OF_THE_PRODUCT = {"bench", "docs"}
"""Folders of tests/unit that test something else."""
NAMED_FOR_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py")
        if (lines := len(path.read_text().splitlines())) > LONGEST_MODULE
    }

    assert long == {}


def test_no_module_is_named_for_nothing() -> None:
    assert [path for path in tracked("*.py") if path.stem in NAMED_FOR_NOTHING] == []


def test_the_source_root_is_no_package_because_it_would_shadow_the_standard_library() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()
    assert not (ROOT / "tests" / "operator").exists()


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt", "build.txt", "mlflow2.txt"])
def test_every_requirement_is_pinned_by_hash_and_names_no_address(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]

    assert "://" not in text
    assert pins
    assert all("==" in pin and pin.endswith("\\") for pin in pins)


def test_every_link_of_the_documents_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in tracked("*.md")
        for target in LINK.findall(path.read_text())
        if "://" not in target and not (path.parent / target).exists()
    ]

    assert broken == []


def test_the_chart_and_the_package_have_one_version() -> None:
    project = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    chart = re.search(
        r"^appVersion: (.+)$", (ROOT / "helm/stagingmirror/Chart.yaml").read_text(), re.MULTILINE
    )

    assert project is not None
    assert chart is not None
    assert project.group(1) == chart.group(1)


def test_the_chart_carries_the_same_definitions_as_the_repository() -> None:
    here = {path.name: path.read_text() for path in (ROOT / "crds").glob("*.yaml")}
    chart = ROOT / "helm/stagingmirror/charts/crds/crds"

    assert {path.name: path.read_text() for path in chart.glob("*.yaml")} == here
    assert here


def test_no_folder_holds_more_modules_than_a_reader_can_survey() -> None:
    folders = Counter(
        str(path.parent.relative_to(ROOT))
        for path in tracked("operator/*.py", "tests/*.py")
        if path.name != "__init__.py"
    )

    assert {name: count for name, count in folders.items() if count > MOST_MODULES} == {}


def test_the_unit_tests_mirror_the_product() -> None:
    tests = ROOT / "tests" / "unit"
    folders = {path.parent.relative_to(tests) for path in tracked("tests/unit/*.py")}

    unknown = [
        str(folder)
        for folder in sorted(folders)
        if str(folder) not in NOT_OF_THE_PRODUCT and not (PRODUCT / folder).is_dir()
    ]

    assert unknown == []
