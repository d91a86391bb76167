"""Which rule counts for a feature, and how one without a rule is compared."""

from stagingmirror.drift.parity.rules import Comparison, FeatureRule
from support.parity.sides import Cells, feature, judged, rules

AGES = [float(n) for n in range(20)]


def test_an_ignored_feature_is_named_with_its_reason_and_judged_in_no_way() -> None:
    used = rules(FeatureRule("debug_*", ignore="not used by the model"))

    parity = judged({"age": AGES, "debug_a": AGES}, {"age": AGES, "debug_b": ["x"] * 20}, used)

    assert [each.name for each in parity.features] == ["age"]
    assert parity.structure == ()
    assert [(each.name, each.reason) for each in parity.ignored] == [
        ("debug_a", "not used by the model"),
        ("debug_b", "not used by the model"),
    ]


def test_the_first_rule_that_matches_counts() -> None:
    used = rules(FeatureRule("x", absolute=100.0), FeatureRule("*", comparison=Comparison.EXACT))

    parity = judged({"x": AGES, "y": AGES}, {"x": AGES[::-1], "y": AGES[::-1]}, used)

    assert feature(parity, "x").differing == 0
    assert feature(parity, "y").differing == 20


def test_a_rule_that_gives_one_tolerance_has_no_other() -> None:
    used = rules(FeatureRule("x", absolute=1.0), relative=0.5)

    assert feature(judged({"x": [100.0]}, {"x": [102.0]}, used), "x").differing == 1


def test_types_are_inferred_from_productions_answers_and_shown() -> None:
    production: Cells = {
        "age": [1.5, 2.5],
        "count": [1, 2],
        "id": [2**60, 2**60 + 1],
        "name": ["a", "b"],
        "at": ["2026-01-01T00:00:00Z", None],
        "vector": [[0.5, 1.0], [1.0, 1.0]],
        "codes": [[1, 2], [3]],
        "flag": [True, False],
    }

    found = {each.name: each for each in judged(production, production).features}

    assert {name: (each.type, each.comparison.value) for name, each in found.items()} == {
        "age": ("number", "Number"),
        "count": ("integer", "Number"),
        "id": ("number", "Exact"),
        "name": ("text", "Exact"),
        "at": ("time", "Timestamp"),
        "vector": ("embedding of 2", "Embedding"),
        "codes": ("list of numbers", "Exact"),
        "flag": ("true or false", "Exact"),
    }
    assert all(each.inferred for each in found.values())
