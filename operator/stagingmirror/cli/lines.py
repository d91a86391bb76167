"""Lines of a screen, before they meet a terminal. Pure: values in, texts out."""

from collections.abc import Iterable, Sequence

from rich.text import Text

SYMBOLS = {"InSync": "✓", "Drifted": "✗", "Accepted": "~", "Held": "~"}
STYLES = {"InSync": "green", "Drifted": "red", "Accepted": "yellow", "Held": "yellow"}
UNKNOWN, UNKNOWN_STYLE = "?", "magenta"


def symbol(verdict: str) -> Text:
    """One character per verdict, so that colour never carries the meaning alone."""
    return Text(SYMBOLS.get(verdict, UNKNOWN), STYLES.get(verdict, UNKNOWN_STYLE))


def line(*parts: str | Text | tuple[str, str]) -> Text:
    """One line of parts: plain, styled, or (text, style)."""
    return Text.assemble(*parts)


def columns(rows: Iterable[Sequence[str | Text]], *, indent: str = "", gap: int = 2) -> list[Text]:
    """The rows with every column but the last padded to its widest cell."""
    cells = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    width: dict[int, int] = {}
    for row in cells:
        for index, cell in enumerate(row[:-1]):
            width[index] = max(width.get(index, 0), cell.cell_len)
    lines = []
    for row in cells:
        padded = [Text(indent)]
        for index, cell in enumerate(row):
            fill = width[index] - cell.cell_len + gap if index < len(row) - 1 else 0
            padded.append(Text.assemble(cell, " " * fill))
        text = Text.assemble(*padded)
        text.rstrip()
        lines.append(text)
    return lines


def clipped(text: str, most: int) -> str:
    """The text, cut where it is longer than a column can bear."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def short(value: str) -> str:
    """A hash by its first characters, as people compare them; anything else as it is."""
    for algorithm in ("sha256:", "hmac-sha256:"):
        if value.startswith(algorithm):
            return value[: len(algorithm) + 8]
    return clipped(value, 48)
