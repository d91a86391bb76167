"""Each row of docs/security.md is a test."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ENGINE = ROOT / "tests/integration/engine"
OFFERS = (
    "status/test_offers",
    "status/test_endpoint_offers",
    "status/test_acceptance_offers",
    "settings/test_argument_offers",
    "check/serving/test_serving_offers",
)
TESTS = tuple(ENGINE / f"{name}.py" for name in OFFERS)


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
