"""What people read: the answer first, then where, then why."""

from typing import Any

import pytest

from stagingmirror.api.status.report import ComponentReport
from stagingmirror.api.status.truncation import listed
from stagingmirror.drift.facts import Acceptance, Fact, Unseen, Why
from support.kinds.judged import status
from support.kinds.observations import (
    NOW,
    absent,
    accepted,
    component,
    drifted,
    equal,
    held,
    holding,
    report,
    seen,
    unknown,
    unseen,
)

HASH = "sha256:" + "82cb1fbc" * 8


def summary(*components: ComponentReport, **given: Any) -> str:
    return str(status(report(*components, **given), now=NOW, previous=None)["summary"])


def message(of: ComponentReport) -> str:
    return str(status(report(of), now=NOW, previous=None)["components"][0]["message"])


@pytest.mark.parametrize(
    ("components", "told"),
    [
        ([equal(), equal("b")], "2 of 2 in sync"),
        ([equal(), accepted()], "2 of 2 in sync (1 with accepted differences)"),
        ([drifted("fraud"), equal(), drifted("index")], "2 of 3 drifted: fraud, index"),
        (
            [equal(), unknown("index")],
            "1 of 2 not seen: index (staging: MLflow timed out)",
        ),
        ([equal(), held("encoder")], "1 of 2 in sync; held: encoder (candidate 14)"),
        (
            [drifted("a"), unknown("b"), held("c")],
            "1 of 3 drifted: a; 1 of 3 not seen: b (staging: MLflow timed out); held: c "
            "(candidate 14)",
        ),
        ([], "nothing is tracked"),
    ],
)
def test_the_summary_says_how_many_and_which(components: list[ComponentReport], told: str) -> None:
    assert summary(*components) == told


def test_what_was_seen_but_cannot_be_judged_is_not_called_unseen() -> None:
    gone = component("gone", absent("alias champion"), seen({"a": "1"}))

    assert summary(gone).startswith("1 of 1 not comparable: gone (production does not have alias")


def test_a_hold_over_something_unseen_says_so() -> None:
    hidden = component("encoder", seen({"a": "1"}), unseen(), hold=holding("encoder"))

    assert summary(hidden, equal()) == "1 of 2 in sync; held: encoder (candidate 14, not seen)"
    assert message(hidden) == "held by ci-4711: candidate 14; not seen: MLflow timed out"


def test_a_refresh_that_is_not_verified_is_told_first() -> None:
    refreshing = summary(equal(), writing=True, activity="Refreshing")

    assert refreshing == "refreshing, not verified yet; 1 of 1 in sync"


def test_a_record_that_could_not_be_read_may_be_an_open_refresh() -> None:
    assert summary(equal(), writing=True) == "may be half refreshed; 1 of 1 in sync"


def test_many_names_are_counted_not_listed() -> None:
    told = summary(*[drifted(f"component-{n}") for n in range(64)])

    assert told.endswith("component-3 and 60 more")


@pytest.mark.parametrize("length", [1, 30, 63])
@pytest.mark.parametrize("count", [1, 2, 5, 21])
def test_the_summary_is_a_column_and_says_how_many_whatever_the_names(
    length: int, count: int
) -> None:
    names = [f"{n:02}{'x' * length}" for n in range(3 * count)]
    sorts = (drifted, unknown, held)
    told = summary(*(sorts[n % 3](name) for n, name in enumerate(names)))

    assert len(told) <= 90
    assert f"{count} of {3 * count} drifted" in told
    assert f"{count} of {3 * count} not seen" in told
    assert "held" in told


def model(version: str, *, declared: bool = False, **facts: str) -> dict[str, Fact | str]:
    return {"version": Fact(version, compared=False, declared=declared), **facts}


def test_a_drifted_model_is_told_by_the_versions_that_run() -> None:
    of = component(
        "fraud-model",
        seen(model("12", contentHash="1", runId="1", same="x")),
        seen(model("11", contentHash="2", runId="2", same="x")),
    )

    assert message(of) == (
        "production runs version 12, staging runs version 11; contentHash and runId differ"
    )


def test_a_version_that_only_the_alias_names_is_not_said_to_run() -> None:
    of = component(
        "fraud-model",
        seen(model("12", declared=True, contentHash="1")),
        seen(model("11", declared=True, contentHash="2")),
    )

    assert message(of).startswith(
        "production's alias names version 12, staging's alias names version 11"
    )


def test_a_version_that_only_a_template_names_is_not_said_to_run_either() -> None:
    sides = [model(n, declared=True, alias="13", contentHash=n) for n in ("12", "11")]
    of = component("fraud-model", *map(seen, sides))

    assert message(of).startswith("production is set to version 12, staging is set to version 11")


def test_equal_numbers_of_two_registries_are_told_apart_by_what_differs() -> None:
    hashes = ("sha256:" + digit * 64 for digit in "ab")
    of = component(
        "fraud-model",
        *(seen(model("2", contentHash=each, runId=each[-3:], same="x")) for each in hashes),
    )

    assert message(of) == (
        "production runs version 2 (contentHash sha256:aaaaaaaa), "
        "staging runs version 2 (contentHash sha256:bbbbbbbb); contentHash and runId differ"
    )


def test_equal_numbers_that_nothing_tells_apart_are_not_told() -> None:
    late = model("2", contentHash="1") | {"loadedBy.Deployment/batch": "version 1"}
    of = component("fraud-model", seen(model("2", contentHash="1")), seen(late))

    assert message(of) == (
        "loadedBy.Deployment/batch: production has nothing, staging has version 1"
    )


def test_one_difference_is_told_with_both_values() -> None:
    of = component("features", seen({"digest": HASH}), seen({"digest": "sha256:" + "0" * 64}))

    assert message(of) == "digest: production has sha256:82cb1fbc, staging has sha256:00000000"


def test_what_staging_should_show_is_told_where_it_is_not_the_same() -> None:
    production = seen({"value": Fact("2026", expected="masked/2026")})

    assert message(component("data", production, seen({"value": "2026"}))) == (
        "value: production has 2026, staging has 2026 (staging should have masked/2026)"
    )


def test_sealed_values_are_compared_and_never_shown_in_words() -> None:
    of = component("url", seen({"value": "hmac-sha256:aa"}), seen({"value": "hmac-sha256:bb"}))

    assert "hmac" not in message(of)
    assert "aa" not in message(of)


def test_what_is_missing_in_staging_is_named() -> None:
    assert message(component("features", seen({"digest": HASH}), absent())) == (
        "staging does not have Deployment features"
    )


def test_one_equal_fact_is_told_by_its_value_and_several_by_their_number() -> None:
    one = component("features", seen({"digest": HASH}), seen({"digest": HASH}))
    two = component("model", seen({"a": "1", "b": "2"}), seen({"a": "1", "b": "2"}))

    assert message(one) == "sha256:82cb1fbc"
    assert message(two) == "2 facts are equal"


def test_where_neither_side_was_seen_both_reasons_are_told() -> None:
    of = component("a", unseen("Forbidden", "MLflow answered 403."), unseen())

    assert message(of) == "production: MLflow answered 403; staging: MLflow timed out"
    assert message(component("a", unseen(), unseen())) == "production: MLflow timed out"


def test_what_is_not_proven_to_run_is_said() -> None:
    of = component("data", seen({"value": Fact("2026", declared=True)}), seen({"value": "2026"}))

    assert message(of) == "2026; declared, not proven to run: value"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "value: production has 2026, staging has 2025"),
        (
            {"acceptances": (Acceptance("data", "value", "older"),)},
            "1 difference accepted: older",
        ),
        (
            {"hold": holding("data")},
            "held by ci-4711: candidate 14; value: production has 2026, staging has 2025",
        ),
    ],
)
def test_what_is_not_proven_to_run_is_said_whatever_the_verdict(
    more: dict[str, Any], said: str
) -> None:
    production = seen({"value": Fact("2026", declared=True)})

    of = component("data", production, seen({"value": "2025"}), **more)

    assert message(of) == f"{said}; declared, not proven to run: value"


def test_accepted_differences_are_told_with_reason_and_end() -> None:
    acceptance = Acceptance("nodes", "value", "smaller nodes, MLP-212", until=NOW + 8 * 86400)

    assert message(drifted("nodes", acceptances=(acceptance,))) == (
        "1 difference accepted: smaller nodes, MLP-212 (until 2027-01-23 08:00 UTC)"
    )


def test_findings_are_told_beside_the_verdict_with_their_side() -> None:
    found = seen({"a": "1"}, findings=("Deployment features names a tag: pin it.",))

    assert message(component("a", seen({"a": "1"}), found)) == (
        "1; staging: Deployment features names a tag: pin it"
    )


def test_facts_of_both_sides_are_shown_and_details_only_as_differences() -> None:
    of = component("m", seen({"h": "1", "h/a": "1"}), seen({"h": "2", "h/a": "2", "n": "3"}))
    (told,) = status(report(of), now=NOW, previous=None)["components"]

    assert told["production"] == {"h": "1"}
    assert told["staging"] == {"h": "2", "n": "3"}
    assert told["differences"] == [
        {"fact": "h", "production": "1", "staging": "2"},
        {"fact": "h/a", "production": "1", "staging": "2"},
        {"fact": "n", "staging": "3"},
    ]


def test_a_component_keeps_its_since_while_its_verdict_is_the_same() -> None:
    first = status(report(drifted()), now=NOW, previous=None)
    then = component("other", seen({"value": "9"}), seen({"value": "1"}))
    second = status(report(then), now=NOW + 60, previous=first)
    third = status(report(unknown("other")), now=NOW + 120, previous=second)

    assert [each["components"][0]["since"] for each in (first, second, third)] == [
        "2027-01-15T08:00:00Z",
        "2027-01-15T08:00:00Z",
        "2027-01-15T08:02:00Z",
    ]


def test_a_side_that_was_never_asked_was_not_observed_at_any_time() -> None:
    never = component("hidden", seen({"value": "1"}), Unseen(Why("NotPolledYet", "…"), 0.0))
    (told,) = status(report(never), now=NOW, previous=None)["components"]

    assert "observedAt" not in told


@pytest.mark.parametrize(
    ("names", "told"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abcdefg"), "a, b, c, d and 3 more")],
)
def test_lists_are_told_as_people_speak(names: list[str], told: str) -> None:
    assert listed(names) == told
