"""The tables of docs/reasons.md from the enum: ``python -m support.resources.reasons OUT``."""

import inspect
import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from stagingmirror.reasons import Reason

MARK = "<!-- From here on made from stagingmirror/reasons.py by `make crds`; do not edit. -->\n"


def generated() -> str:
    """What follows the mark: a heading and a table for each comment of the enum."""
    return MARK + "".join(
        f"\n## {heading}\n\n| reason | meaning |\n|---|---|\n{''.join(_rows(members))}"
        for heading, members in sections()
    )


def sections() -> Iterator[tuple[str, list[Reason]]]:
    """The comments of the enum, each with the members below it."""
    body = inspect.getsource(Reason)
    for section in re.split(r"^    # ", body, flags=re.MULTILINE)[1:]:
        heading, _, members = section.partition("\n")
        yield (
            heading,
            [Reason[name] for name in re.findall(r"^    (\w+) = ", members, re.MULTILINE)],
        )


def _rows(members: list[Reason]) -> Iterator[str]:
    for meaning, same in groupby(members, key=lambda each: each.meaning):
        yield f"| {', '.join(f'`{each}`' for each in same)} | {meaning} |\n"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(page.read_text(encoding="utf-8").partition(MARK)[0] + generated(), "utf-8")
