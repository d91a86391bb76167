"""docs/kinds/serving-flags.md against the tables of the servers."""

import re
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from stagingmirror.drift.serving.flags import Server, Table
from stagingmirror.drift.serving.servers import (
    gunicorn,
    huggingface,
    tfserving,
    triton,
    uvicorn,
    vllm,
)

PAGE = (Path(__file__).parents[3] / "docs/kinds/serving-flags.md").read_text()
MODULES: tuple[ModuleType, ...] = (vllm, triton, tfserving, huggingface, uvicorn, gunicorn)
ROWS = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|$", PAGE, re.MULTILINE)


def defaults(server: str) -> list[str]:
    rows = [text for name, _, text in ROWS if name == server]
    return sorted(each for text in rows for each in re.findall(r"`([^`]+)`", text))


def releases(server: str) -> set[tuple[int, int]]:
    """Those of the first row."""
    text = next(versions for name, versions, _ in ROWS if name == server)
    found: set[tuple[int, int]] = set()
    for part in text.split(", "):
        first, _, last = part.partition(" to ")
        major, low = map(int, first.split("."))
        high = int((last or first).split(".")[1])
        found |= {(major, minor) for minor in range(low, high + 1)}
    return found


@pytest.mark.parametrize("table", [vllm.TABLE, tfserving.TABLE, huggingface.TABLE])
def test_the_page_has_each_default_and_the_releases_that_it_is_known_of(table: Table) -> None:
    written = {f"{each.fact}={each.value}" for each in table.defaults}

    assert defaults(table.server) == sorted(written)
    assert releases(table.server) == table.series


def test_servers_without_a_known_version_have_no_defaults() -> None:
    assert triton.TABLE.defaults == uvicorn.TABLE.defaults == gunicorn.TABLE.defaults == ()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.split(".")[-1])
def test_the_page_links_every_source_that_is_written_beside_a_table(module: ModuleType) -> None:
    sources = re.findall(r"https://[^\s)>]+", module.__doc__ or "")

    assert sources
    assert [source for source in sources if source.rstrip(".,;") not in PAGE] == []


@pytest.mark.parametrize("server", get_args(Server))
def test_the_page_has_a_row_of_each_server(server: str) -> None:
    assert f"| `{server}` |" in PAGE
