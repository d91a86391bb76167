"""Lines of a screen, before they meet a terminal. Pure: values in, texts out."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.drift import legible

SYMBOLS = {"InSync": "✓", "Drifted": "✗", "Accepted": "~", "Held": "~"}
STYLES = {"InSync": "green", "Drifted": "red", "Accepted": "yellow", "Held": "yellow"}
UNKNOWN, UNKNOWN_STYLE = "?", "magenta"
# Characters of one value in a table.
MAX_VALUE = 48
# Cells below which no column of a table gives way to others.
MIN_COLUMN = 12
# Wrapping needs a console, and uses nothing of it.
_ANYWHERE = Console(width=80)
_DIGEST = re.compile(r"(sha256:[0-9a-f]{8})[0-9a-f]{8,}")


def symbol(verdict: str) -> Text:
    """One character per verdict, so that colour never carries the meaning alone."""
    return Text(SYMBOLS.get(verdict, UNKNOWN), STYLES.get(verdict, UNKNOWN_STYLE))


# One line of parts: plain, styled, or (text, style).
line = Text.assemble


class Row(Text):
    """A line of a table, laid out as wide as it likes. A terminal that is narrower has the whole
    table laid out anew.
    """

    def __init__(self, table: "Table", cells: Sequence[Text]) -> None:
        super().__init__()
        self.table = table
        self.cells = cells
        (whole,) = table.lines(cells, table.widths)
        self.append_text(whole)


@dataclass(frozen=True, slots=True)
class Table:
    widths: tuple[int, ...]
    """Of each column, in cells of the terminal."""
    indent: str
    gap: int

    def lines(self, cells: Sequence[Text], widths: Sequence[int]) -> list[Text]:
        """One row in columns of these widths, on as many lines as its highest cell needs."""
        wrapped = [wrapped_at(cell, width) for cell, width in zip(cells, widths, strict=False)]
        rows = zip_longest(*wrapped, fillvalue=Text())
        return [self._line(row, widths) for row in rows]

    def within(self, width: int) -> tuple[int, ...]:
        """The widths of the columns where all have room in ``width``: the widest give way."""
        widths = list(self.widths)
        room = width - len(self.indent) - self.gap * (len(widths) - 1)
        while sum(widths) > room and max(widths) > MIN_COLUMN:
            widest = widths.index(max(widths))
            widths[widest] -= 1
        return tuple(widths)

    def _line(self, row: Sequence[Text], widths: Sequence[int]) -> Text:
        line = Text(self.indent)
        for cell, width in zip(row, widths, strict=False):
            line.append_text(cell).append(" " * (width - cell.cell_len + self.gap))
        line.rstrip()
        return line


def columns(rows: Iterable[Sequence[str | Text]], *, indent: str = "", gap: int = 2) -> list[Text]:
    """The rows with every column padded to its widest cell."""
    cells = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    every = zip_longest(*cells, fillvalue=Text())
    table = Table(tuple(max(cell.cell_len for cell in column) for column in every), indent, gap)
    return [Row(table, each) for each in cells]


def folded(lines: Iterable[Text], width: int) -> list[Text]:
    """The lines as a terminal of this width shows them without cutting a word: what is longer goes
    on below, indented.
    """
    return [part for line in lines for part in _folded(line, width)]


def _folded(line: Text, width: int) -> list[Text]:
    if isinstance(line, Row):
        table = line.table
        return table.lines(line.cells, table.within(width))
    return [part for each in line.split(allow_blank=True) for part in _hanging(each, width)]


def _hanging(line: Text, width: int) -> list[Text]:
    """The line, and what has no room in it below, a little further in."""
    first, *more = wrapped_at(line, width)
    if not more:
        return [first]
    lead = len(line.plain) - len(line.plain.lstrip())
    hang = min(lead + 2, width // 2)
    rest = line.plain[len(first.plain) :]
    start = len(line.plain) - len(rest.lstrip())
    return [
        first,
        *(Text(" " * hang).append_text(part) for part in wrapped_at(line[start:], width - hang)),
    ]


def wrapped_at(text: Text, width: int) -> list[Text]:
    """The text in lines of at most so many cells, broken at blanks where there are some."""
    if text.cell_len <= width:
        return [text]
    return [line for line in text.wrap(_ANYWHERE, max(1, width), tab_size=8) if line.plain] or [
        text
    ]


def elsewhere(mirror: Mirror) -> list[Text]:
    """The line that says where production is, if that is another cluster."""
    sentence = mirror.elsewhere()
    return [] if sentence is None else [Text(sentence)]


def clipped(text: str, most: int) -> str:
    """The text, cut between two words where it is longer than a column can bear."""
    return legible.between_words(text, most)


def concise(text: str) -> str:
    """The text with every digest by its first characters, as people compare them."""
    return _DIGEST.sub(r"\1", text)


def short(value: str) -> str:
    """A value as a column can bear it."""
    return clipped(legible.legible(concise(value)), MAX_VALUE)


def pair(one: str, other: str) -> tuple[Text, Text]:
    """Two values as columns can bear them. Two that differ are never shown alike; on a terminal
    they are bold from the place where they part.
    """
    values = concise(one), concise(other)
    if one != other and values[0] == values[1]:
        values = one, other
    shown = legible.pair(*values, MAX_VALUE)
    first, second = map(Text, shown)
    if one != other:
        at = legible.parting(*shown)
        first.stylize("bold", at)
        second.stylize("bold", at)
    return first, second
