"""Each row of docs/security.md is a test."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
STATUS = ROOT / "tests/integration/engine/status"
TESTS = tuple(
    STATUS / f"test_{name}.py" for name in ("offers", "endpoint_offers", "acceptance_offers")
)


def test_each_attempt_is_a_test_by_an_account_that_may_only_create_mirrors() -> None:
    text = (ROOT / "docs/security.md").read_text()
    named = re.findall(r"\| `(test_\w+)` \|", text)
    defined = {
        each.name
        for tests in TESTS
        for each in ast.parse(tests.read_text()).body
        if isinstance(each, ast.FunctionDef)
    }

    assert len(named) >= 10
    assert set(named) <= defined
    assert {each for each in defined if each.startswith("test_")} == set(named)
