"""The map in CONTRIBUTING.md, and the one in the package's docstring, against the tree."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "operator" / "stagingmirror"
ENTRY = re.compile(r"(?:[\w-]+\.py|[\w-]+/)(?=\s|$)")
BELOW = re.compile(r"(?:^|[\s;,>(])([a-z_]+)/(?: \(([a-z_, /]+)\))?")
"""A folder that a line's text names, and those named in brackets after it."""


def the_map() -> tuple[list[str], list[str]]:
    """The lines of CONTRIBUTING's map: of the product, and of the rest."""
    lines = (ROOT / "CONTRIBUTING.md").read_text().split("```")[1].strip().splitlines()
    first = next(at for at, line in enumerate(lines[1:], 1) if not line.startswith(" "))
    assert lines[0].startswith("operator/stagingmirror/")
    return lines[1:first], lines[first:]


def entries(line: str) -> tuple[list[str], str]:
    """What a line is about, and what it says of that."""
    found, rest = [], line.strip()
    while entry := ENTRY.match(rest):
        found.append(entry.group())
        rest = rest[entry.end() :].lstrip()
    return found, rest


def mapped() -> set[Path]:
    """Every file and folder of the product that CONTRIBUTING's map names."""
    found, above = set(), PRODUCT
    for line in the_map()[0]:
        is_inner = line.startswith("    ")
        names, text = entries(line)
        here = above if is_inner else PRODUCT
        paths = [here / name for name in names]
        assert paths, line
        found |= set(paths)
        if not is_inner:
            above = paths[-1]
        for name, inner in BELOW.findall(text):
            folder = next((path / name for path in paths if (path / name).is_dir()), here / name)
            found |= {folder, *(folder / each for each in inner.split(", ") if each)}
    return found


def folders() -> set[Path]:
    return {path.parent for path in PRODUCT.rglob("__init__.py")} - {PRODUCT}


def top_level() -> set[Path]:
    modules = {path for path in PRODUCT.glob("*.py") if path.name != "__init__.py"}
    return modules | {path for path in folders() if path.parent == PRODUCT}


def names(paths: set[Path]) -> list[str]:
    return sorted(str(path.relative_to(PRODUCT)) for path in paths)


def test_the_map_names_every_package_and_every_module_at_the_top() -> None:
    assert names((folders() | top_level()) - mapped()) == []


def test_the_map_names_nothing_that_is_not_there() -> None:
    assert names({path for path in mapped() if not path.exists()}) == []


def test_the_map_names_every_folder_of_tests_and_nothing_that_is_not_there() -> None:
    named = {line.split()[0] for line in the_map()[1]}
    tests = {
        f"tests/{path.name}" for path in (ROOT / "tests").iterdir() if any(path.glob("**/*.py"))
    }

    assert sorted(tests - named) == []
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_the_packages_docstring_names_the_top_level_and_nothing_else() -> None:
    text = ast.get_docstring(ast.parse((PRODUCT / "__init__.py").read_text())) or ""
    lines = [line for line in text.splitlines() if line.startswith("- ")]

    named = [name for line in lines for name in re.findall(r"``(\w+)``", line.partition(":")[0])]

    assert sorted(named) == sorted(path.stem for path in top_level())
