"""The page of reasons has every reason that the code gives, and none that it does not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = ROOT / "operator" / "stagingmirror"
PAGE = (ROOT / "docs" / "reasons.md").read_text()

GIVERS = {
    **dict.fromkeys(("Why", "NeedsHuman", "NotAnswered", "NotRead", "NotAllowed", "Refused"), 0),
    **dict.fromkeys(("CannotRefresh", "ChangedUnderneath", "StepFailed", "NotLeading"), 0),
    **dict.fromkeys(("Skip", "Ended", "unseen", "_failed"), 0),
    "Announcement": 1,
    "Condition": 2,
}
"""Calls that take a reason, and at which place."""
INTERNAL = {
    # Never shown: each is told to whoever runs a command, or becomes another reason first.
    *("BadKubeconfig", "NoKubeconfig", "NoServiceAccount", "InvalidSealingKey"),
    *("InvalidDuration", "InvalidQuantity", "InvalidTime", "NotRead"),
}


def _trees() -> Iterator[ast.Module]:
    for file in CODE.rglob("*.py"):
        if "cli" not in file.relative_to(CODE).parts:
            yield ast.parse(file.read_text())


def _given() -> Iterator[str]:
    """Literal reasons of all calls that take one."""
    for call in (node for tree in _trees() for node in ast.walk(tree)):
        if not isinstance(call, ast.Call):
            continue
        named = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
        place = GIVERS.get(str(named))
        if place is not None and len(call.args) > place:
            reason = call.args[place]
            if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
                yield reason.value


def _texts() -> set[str]:
    """Every literal in the code, for reasons that take a way round."""
    nodes = (node for tree in _trees() for node in ast.walk(tree))
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _told() -> set[str]:
    """The reasons in the first column, and in the lists of the conditions' second one."""
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    cells = [cell for row in rows for cell in row[1:3]]
    return {word for cell in cells for word in re.findall(r"`([A-Z][A-Za-z]+)`", cell)}


def test_every_reason_is_on_the_page() -> None:
    given = {reason for reason in _given() if re.fullmatch(r"[A-Z][A-Za-z]+", reason)}

    assert len(given) > 80
    assert sorted(given - _told() - INTERNAL) == []


def test_every_reason_on_the_page_is_one_that_the_code_can_give() -> None:
    assert sorted(_told() - _texts()) == []
