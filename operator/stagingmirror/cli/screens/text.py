"""Lines of a screen, before they meet a terminal. Pure: values in, texts out."""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rich.text import Text

SYMBOLS = {"InSync": "✓", "Drifted": "✗", "Accepted": "~", "Held": "~"}
STYLES = {"InSync": "green", "Drifted": "red", "Accepted": "yellow", "Held": "yellow"}
UNKNOWN, UNKNOWN_STYLE = "?", "magenta"
# Characters of one value in a table.
MAX_VALUE = 48
_DIGEST = re.compile(r"(sha256:[0-9a-f]{8})[0-9a-f]{8,}")


def symbol(verdict: str) -> Text:
    """One character per verdict, so that colour never carries the meaning alone."""
    return Text(SYMBOLS.get(verdict, UNKNOWN), STYLES.get(verdict, UNKNOWN_STYLE))


# One line of parts: plain, styled, or (text, style).
line = Text.assemble


def columns(rows: Iterable[Sequence[str | Text]], *, indent: str = "", gap: int = 2) -> list[Text]:
    """The rows with every column but the last padded to its widest cell."""
    cells = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    padded = zip_longest(*(row[:-1] for row in cells), fillvalue=Text())
    widths = [max(cell.cell_len for cell in column) + gap for column in padded]
    lines = []
    for *first, last in cells:
        text = Text(indent)
        for cell, width in zip(first, widths, strict=False):
            text.append_text(cell).append(" " * (width - cell.cell_len))
        text.append_text(last).rstrip()
        lines.append(text)
    return lines


def clipped(text: str, most: int) -> str:
    """The text, cut where it is longer than a column can bear."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def concise(text: str) -> str:
    """The text with every digest by its first characters, as people compare them."""
    return _DIGEST.sub(r"\1", text)


def short(value: str) -> str:
    """A value as a column can bear it."""
    return clipped(concise(value), MAX_VALUE)


def pair(one: str, other: str) -> tuple[str, str]:
    """Two values as columns can bear them. Two that differ are never shown alike: where their
    beginnings are equal, they are shown from shortly before they part.
    """
    if one == other or short(one) != short(other):
        return short(one), short(other)
    parting = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    start = max(0, parting - 8)
    return clipped(f"…{one[start:]}", MAX_VALUE), clipped(f"…{other[start:]}", MAX_VALUE)
