"""Reasons are members of one enum, and the page of reasons has every one of them."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from stagingmirror.reasons import Reason
from support.resources.reasons import MARK, generated

ROOT = Path(__file__).parents[3]
CODE = ROOT / "operator" / "stagingmirror"
PAGE = (ROOT / "docs" / "reasons.md").read_text()

GIVERS = {
    **dict.fromkeys(("Why", "NeedsHuman", "NotAnswered", "NotRead", "NotAllowed", "Refused"), 0),
    **dict.fromkeys(("CannotRefresh", "ChangedUnderneath", "StepFailed", "NotLeading"), 0),
    **dict.fromkeys(("NotThere", "Conflicted", "Skip", "Ended", "unseen", "_failed"), 0),
    "Announcement": 1,
    "turn": 1,
    "condition": 2,
    "emit": 3,
}
"""Calls that take a reason, and at which place."""
ALSO = {
    # Words that are a verdict, an activity, a result, a phase or a state as well.
    *("InSync", "Drifted", "Held", "Unknown", "Refreshing", "Suspended", "Prepare", "Switch"),
    *("Verify", "Verified", "RollBack", "Succeeded", "NothingToDo", "RolledBack"),
    "RollbackIncomplete",
    # Types of conditions, and a strategy of Kubernetes.
    *("Stalled", "Contended", "DriftOverdue", "OnDelete"),
    # A condition of Argo Rollouts, and a word of KServe for a model.
    "InvalidSpec",
}
TYPES = {
    *("Ready", "InSync", "InSyncExceptHeld", "Refreshing", "Refreshed"),
    *("KubernetesReadOnly", "CredentialsExpire", "UpstreamsReadOnly"),
}


@cache
def _nodes() -> tuple[tuple[str, ast.AST], ...]:
    return tuple(
        (str(file.relative_to(CODE)), node)
        for file in CODE.rglob("*.py")
        if file.name != "reasons.py"
        for node in ast.walk(ast.parse(file.read_text()))
    )


def _given() -> Iterator[tuple[str, ast.expr]]:
    """The reasons of all calls that take one."""
    for file, call in _nodes():
        if isinstance(call, ast.Call):
            named = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
            place = GIVERS.get(str(named))
            if place is not None and len(call.args) > place:
                yield file, call.args[place]


def _texts() -> Iterator[tuple[str, str]]:
    for file, node in _nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield file, node.value


def test_every_reason_that_code_gives_is_a_member() -> None:
    given = list(_given())
    members = {ast.unparse(each) for _, each in given if ast.unparse(each).startswith("Reason.")}
    literal = [
        (file, constant.value)
        for file, each in given
        for constant in ast.walk(each)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
        if re.fullmatch(r"[A-Z]\w+", constant.value)
    ]

    assert len(members) > 80
    assert literal == []


def test_no_reason_is_written_as_a_text() -> None:
    assert [each for each in _texts() if each[1] in set(Reason) - ALSO] == []


def test_every_member_is_given_somewhere() -> None:
    names = {node.attr for _, node in _nodes() if isinstance(node, ast.Attribute)}
    texts = {text for _, text in _texts()}

    assert [each for each in Reason if each.name not in names and each not in texts & ALSO] == []


def test_the_page_has_every_member_with_its_meaning() -> None:
    tables = generated()

    assert PAGE.endswith(tables), "run: make crds"
    assert all(f"`{each}`" in tables for each in Reason)


def test_every_reason_on_the_page_is_a_member() -> None:
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    cells = [cell for row in rows for cell in row[1:3]]
    words = {word for cell in cells for word in re.findall(r"`([A-Z][A-Za-z]+)`", cell)}

    assert sorted(words - set(Reason) - TYPES) == []
    assert MARK in PAGE
