import json
from typing import Any
from xml.etree import ElementTree

import pytest

from stagingmirror.cli.read.answer import Answer, answer, worst
from stagingmirror.cli.read.freshness import Freshness, Settled, belief
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.screens.answer import answer_json, answer_junit, answer_lines
from support.resources.statuses import (
    DRIFTED_MODEL,
    HELD_ENCODER,
    NOW,
    SETTLED,
    UNSEEN,
    ago,
    component,
    seen,
)


def of(mirror: Mirror, settled: Settled = SETTLED, **options: Any) -> Answer:
    return answer(mirror, belief(mirror, settled, NOW), NOW, **options)


def stalled(message: str) -> dict[str, str]:
    return {"type": "Stalled", "status": "True", "message": message}


@pytest.mark.parametrize(
    ("mirror", "code", "line"),
    [
        (seen(component("a"), component("b")), 0, "✓ fraud: in sync (2 of 2)"),
        (seen(component("a", "Accepted")), 0, "✓ fraud: in sync (1 of 1)"),
        (
            seen(component("a", reason="Declared"), component("b")),
            0,
            "✓ fraud: in sync (2 of 2; declared, not proven to run: a)",
        ),
        (seen(DRIFTED_MODEL, component("b")), 3, "✗ fraud: drifted (fraud-model)"),
        (seen(DRIFTED_MODEL, UNSEEN), 3, "✗ fraud: drifted (fraud-model)"),
        (
            seen(HELD_ENCODER, component("b")),
            3,
            "~ fraud: held (encoder)\n    encoder  held by vision-ci: candidate 14",
        ),
        (
            seen(UNSEEN, component("b")),
            4,
            "? fraud: unknown (index)\n    index  production: MLflow timed out",
        ),
        (
            seen(component("a"), sync="Unknown", summary="refreshing, not verified yet; 1 of 1"),
            4,
            "? fraud: unknown: refreshing, not verified yet; 1 of 1",
        ),
        (
            seen(component("a"), validUntil=ago(180)),
            4,
            "? fraud: its status was valid until 3 min ago and was not renewed",
        ),
        (
            seen(sync="Unknown", conditions=[stalled("schedule has 6 fields")]),
            4,
            "? fraud: unknown: schedule has 6 fields",
        ),
        (
            seen(UNSEEN, conditions=[stalled("could not be rolled back: alias champion")]),
            4,
            "? fraud: unknown (index)\n    index    production: MLflow timed out\n"
            "    stalled  could not be rolled back: alias champion",
        ),
        (
            seen(UNSEEN, conditions=[stalled("MLflow timed out.")]),
            4,
            "? fraud: unknown (index)\n    index  production: MLflow timed out",
        ),
        (
            seen(
                component("a"),
                sync="Unknown",
                summary="refreshing",
                conditions=[stalled("the field is fought over")],
            ),
            4,
            "? fraud: unknown: refreshing\n    stalled  the field is fought over",
        ),
    ],
)
def test_a_verdict_is_an_exit_code_and_one_line_with_the_reasons_below(
    mirror: Mirror, code: int, line: str
) -> None:
    told = of(mirror)

    assert told.code == code
    lines = [each.plain for each in answer_lines([told], namespaces=False)]
    assert "\n".join(lines) == line


def test_the_reasons_of_many_are_counted() -> None:
    told = of(seen(*({**UNSEEN, "name": f"index-{n}"} for n in range(22))))

    assert told.why == "unknown (" + ", ".join(f"index-{n}" for n in range(20)) + " and 2 more)"
    assert [about for about, _ in told.details] == ["index-0", "index-1", "index-2", ""]
    assert told.sentence.endswith("; and 19 more")


def test_an_old_in_sync_is_never_repeated() -> None:
    for doubtful in (
        of(seen(component("a"), validUntil=ago(1))),
        of(seen(component("a"), observedGeneration=0)),
        of(seen(component("a")), Settled(NOW - 121)),
        of(seen(component("a")), Settled(None, "no Lease")),
    ):
        assert doubtful.code == 4
        assert "in sync" not in doubtful.why


@pytest.mark.parametrize(
    ("components", "excepted", "sync"),
    [
        ((DRIFTED_MODEL, component("b")), {"fraud-model"}, "InSync"),
        ((DRIFTED_MODEL, UNSEEN), {"fraud-model"}, "Unknown"),
        ((UNSEEN, component("b")), {"index"}, "InSync"),
        ((HELD_ENCODER, component("b")), {"encoder"}, "InSync"),
        ((DRIFTED_MODEL, HELD_ENCODER), {"fraud-model"}, "Held"),
        ((DRIFTED_MODEL, component("b")), {"b"}, "Drifted"),
        ((component("a"),), {"a"}, "Unknown"),
    ],
)
def test_what_is_excepted_does_not_count(
    components: tuple[dict[str, Any], ...], excepted: set[str], sync: str
) -> None:
    assert of(seen(*components), excepted=frozenset(excepted)).sync == sync


def test_an_exception_does_not_hide_what_is_wrong_with_the_whole() -> None:
    refreshing = seen(component("a"), component("b"), sync="Unknown")

    assert of(refreshing, excepted=frozenset({"a"})).sync == "Unknown"


@pytest.mark.parametrize(("left_out", "name"), [(UNSEEN, "index"), (DRIFTED_MODEL, "fraud-model")])
def test_an_exception_does_not_hide_that_a_refresh_has_written_and_not_verified(
    left_out: dict[str, Any], name: str
) -> None:
    writing = {"type": "InSync", "status": "False", "reason": "Refreshing"}
    summary = "refreshing, not verified yet"

    told = of(
        seen(left_out, component("b"), conditions=[writing], summary=summary),
        excepted=frozenset({name}),
    )

    assert (told.code, told.why) == (4, f"unknown: {summary}")


@pytest.mark.parametrize(
    ("since", "code"), [(NOW - 7200, 4), (NOW - 7199.5, 4), (NOW - 7199, 0), (NOW - 8000, 4)]
)
def test_since_is_compared_strictly(since: float, code: int) -> None:
    assert of(seen(component("a")), since=since).code == code


def test_since_says_from_when_on_it_is_sure() -> None:
    told = of(seen(component("a")), since=NOW - 9000)

    assert told.why == (
        "in sync now, but not without a gap since 11:30:00 UTC: only from 12:00:00 on (2 h)"
    )


def test_since_cannot_be_told_of_a_part() -> None:
    told = of(seen(DRIFTED_MODEL, component("b")), since=NOW, excepted=frozenset({"fraud-model"}))

    assert told.code == 4


def test_since_does_not_soften_drift() -> None:
    assert of(seen(DRIFTED_MODEL), since=NOW).code == 3


@pytest.mark.parametrize(
    ("codes", "code"), [([0, 0], 0), ([0, 3], 3), ([3, 4, 0], 4), ([4, 1], 1), ([], 4)]
)
def test_of_several_mirrors_the_worst_counts(codes: list[int], code: int) -> None:
    assert worst(codes) == code


def test_a_dead_operator_is_told_once() -> None:
    dead = Settled(NOW - 300, see="kubectl get pods")
    answers = [of(seen(component("a"), name=name), dead) for name in ("fraud", "ranking")]

    assert [each.plain for each in answer_lines(answers, namespaces=True)] == [
        "? no operator has settled a verdict for 5 min: nothing is known. See: kubectl get pods"
    ]


def test_with_all_namespaces_each_line_says_which() -> None:
    (line,) = answer_lines([of(seen(component("a")))], namespaces=True)

    assert line.plain == "✓ ml-staging/fraud: in sync (1 of 1)"


def test_json_has_the_code_the_verdict_and_exact_times() -> None:
    told = json.loads(answer_json([of(seen(DRIFTED_MODEL, component("b")))]))

    assert told["exitCode"] == 3
    assert told["mirrors"][0] | {"components": []} == {
        "namespace": "ml-staging",
        "name": "fraud",
        "sync": "Drifted",
        "doubt": None,
        "exitCode": 3,
        "why": "drifted (fraud-model)",
        "excepted": [],
        "components": [],
        "observedGeneration": 1,
        "seen": "2/2",
        "validUntil": "2026-11-22T14:02:10Z",
        "driftedSince": "2026-11-22T10:48:00Z",
    }
    assert told["mirrors"][0]["components"][0]["differences"][0]["fact"] == "contentHash"


def test_junit_fails_what_differs_and_errs_on_what_is_unknown() -> None:
    mirror = seen(DRIFTED_MODEL, component("b"), component("c"))

    root = ElementTree.fromstring(answer_junit([of(mirror, excepted=frozenset({"c"}))]))

    suite = root[0]
    assert suite.attrib == {
        "name": "ml-staging/fraud",
        "tests": "4",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
    }
    assert [(context.get("name"), [found.tag for found in context]) for context in suite] == [
        ("in sync", ["failure"]),
        ("fraud-model", ["failure"]),
        ("b", []),
        ("c", ["skipped"]),
    ]


def test_junit_claims_nothing_of_a_status_that_is_not_believed() -> None:
    doubted = of(seen(component("a"), validUntil=ago(1)))

    suite = ElementTree.fromstring(answer_junit([doubted]))[0]

    assert suite.get("errors") == "2"


def test_junit_can_be_read_whatever_a_message_contains() -> None:
    odd = seen(component("a", "Drifted", "bad \x00 \x1b[31m <tag> & more"))

    suite = ElementTree.fromstring(answer_junit([of(odd)]))[0]

    assert "<tag> & more" in (suite[1][0].get("message") or "")


def test_no_answer_is_believed_without_a_verdict() -> None:
    told = answer(seen(component("a")), Freshness("Unknown", "silent"), NOW)

    assert (told.code, told.why) == (4, "silent")


def verdicts_in_json(told: Answer) -> dict[str, str]:
    (mirror,) = json.loads(answer_json([told]))["mirrors"]
    return {each["name"]: each["verdict"] for each in mirror["components"]}


def errors_in_junit(told: Answer) -> set[str]:
    cases = ElementTree.fromstring(answer_junit([told])).iter("testcase")
    return {context.attrib["name"] for context in cases if context.find("error") is not None}


def test_what_is_doubted_is_unknown_in_every_part_of_every_report() -> None:
    told = of(seen(component("a"), DRIFTED_MODEL, validUntil=ago(180)))

    assert verdicts_in_json(told) == {"a": "Unknown", "fraud-model": "Unknown"}
    assert errors_in_junit(told) == {"in sync", "a", "fraud-model"}
    assert {each.message for each in told.components} == {told.why}


def test_what_is_believed_has_its_own_verdict_in_every_report() -> None:
    told = of(seen(component("a"), UNSEEN))

    assert verdicts_in_json(told) == {"a": "InSync", "index": "Unknown"}
    assert errors_in_junit(told) == {"in sync", "index"}
