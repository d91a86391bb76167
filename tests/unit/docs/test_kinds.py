"""The facts of each kind are documented in docs/concepts.md, and none that no kind has."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from stagingmirror.component import Role
from stagingmirror.components import CATALOGUE
from stagingmirror.drift.facts import DETAIL, Fact, Seen
from support.kinds.builders import NOW
from support.kinds.kinds import EXAMPLES, Example

PAGE = (Path(__file__).parents[3] / "docs" / "concepts.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^### `(\w+)`\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (`.+?`) \| (yes|no|sometimes) \|", re.MULTILINE)
ANSWERS = {"yes": {True}, "no": {False}, "sometimes": {True, False}}
ROLES: tuple[Role, ...] = ("production", "staging")


def documented(kind: str) -> dict[str, set[bool]]:
    """Whether each fact of the kind's table is compared, by its name as the table has it; both:
    that depends on what is seen.
    """
    rows = ROW.findall(dict(SECTION.findall(PAGE))[kind])
    return {name: ANSWERS[compared] for names, compared in rows for name in names_in(names)}


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def row_of(fact: str, rows: Iterable[str]) -> str | None:
    """The row of this fact, or of the fact that it explains; ``<name>`` stands for any name."""
    for row in rows:
        pattern = re.sub(r"<\w+>", "[^/]+", row.replace(".", r"\."))
        if re.fullmatch(f"{pattern}({DETAIL}.*)?", fact):
            return row
    return None


def facts_of(example: Example) -> Iterator[tuple[str, Fact]]:
    """What any of the worlds of an example shows on either side."""
    changes = (*example.changes.values(), *example.reported.values())
    for change in (lambda world: None, *changes):
        world = example.equal()
        change(world)
        for role in ROLES:
            seen = example.kind.observe(example.entry, example.sides, role, world, NOW)
            if isinstance(seen, Seen):
                yield from seen.facts.items()


def test_the_page_has_a_section_for_each_kind_in_the_order_of_the_catalogue() -> None:
    assert [kind for kind, _ in SECTION.findall(PAGE)] == list(CATALOGUE)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_each_fact_is_documented_with_whether_it_is_compared_and_none_is_invented(
    kind: str,
) -> None:
    rows = documented(kind)
    facts = [fact for each in EXAMPLES if each.kind.name == kind for fact in facts_of(each)]
    found = {(row_of(name, rows), fact.compared): name for name, fact in facts}

    assert {
        name
        for (row, compared), name in found.items()
        if compared not in rows.get(row or "", set())
    } == set()
    assert {row for row, _ in found} == set(rows)
