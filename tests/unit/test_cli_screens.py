"""Every screen against a golden text: what people read is decided here."""

from textwrap import dedent
from typing import Any

import pytest

from stagingmirror.cli.ages import clock, span, tick
from stagingmirror.cli.belief import Belief, Settled, belief
from stagingmirror.cli.diff_screen import diff_screen
from stagingmirror.cli.history_screen import history_screen
from stagingmirror.cli.mirror import Mirror
from stagingmirror.cli.plan_screen import plan_screen
from stagingmirror.cli.status_screen import status_screen, status_table
from stagingmirror.drift.serial import to_dict
from stagingmirror.drift.steps import MoveAlias
from support.statuses import (
    DRIFTED_MODEL,
    HELD_ENCODER,
    NOW,
    SETTLED,
    UNSEEN,
    ago,
    component,
    seen,
)

SCHEDULED = {"refresh": {"schedule": "0 6 * * 1-5", "timeZone": "Europe/Berlin"}}

NOT_PUT_BACK = {
    "type": "Stalled",
    "status": "True",
    "reason": "PutBackIncomplete",
    "message": "could not be put back: alias champion",
}


def believed(mirror: Mirror) -> Belief:
    return belief(mirror, SETTLED, NOW)


def plain(lines: list[Any]) -> str:
    return "\n".join(line.plain for line in lines)


def golden(text: str) -> str:
    return dedent(text).strip("\n")


def test_status_says_the_answer_first_then_where_then_what_happens_next() -> None:
    mirror = seen(
        DRIFTED_MODEL,
        component("feature-pipeline"),
        HELD_ENCODER,
        spec=SCHEDULED,
        summary="1 of 3 drifted: fraud-model; held: encoder (candidate 14)",
        nextRefreshTime="2026-11-23T05:00:00Z",
        plan={"steps": [{"text": "alias champion → version 8"}]},
    )

    assert plain(status_screen(mirror, believed(mirror), NOW)) == golden("""
        fraud is NOT in sync with production, for 3h 12m: 1 of 3 drifted: fraud-model; held: encoder (candidate 14)   seen 12 s ago

          ✗  fraud-model       modelAlias     production runs version 12, staging runs version 11
                                              contentHash and dataSnapshot differ
          ✓  feature-pipeline  pipelineImage  sha256:82cb1fbc
          ~  encoder           modelAlias     held by vision-ci: candidate 14

        Next refresh Mon 2026-11-23 06:00 Europe/Berlin (in 15 h). What it would do: kubectl stagingmirror plan fraud
        """)  # noqa: E501 - a screen as it is


def test_status_of_a_mirror_in_sync_says_since_when() -> None:
    mirror = seen(component("a"))

    assert plain(status_screen(mirror, believed(mirror), NOW)) == golden("""
        fraud is in sync with production, for 2 h   seen 12 s ago

          ✓  a  pipelineImage  sha256:82cb1fbc

        No refresh: spec.refresh is not set, so this mirror only watches and tells.
        """)


def test_status_that_may_be_old_shows_no_verdict_as_if_it_were_one() -> None:
    mirror = seen(component("a"), validUntil=ago(180))

    told = plain(status_screen(mirror, believed(mirror), NOW))

    assert told.startswith(
        golden("""
        fraud is unknown: its status was valid until 3 min ago and was not renewed
        What was seen 12 s ago, and may be wrong now:

          ·  a  pipelineImage  sha256:82cb1fbc
        """)
    )
    assert "✓" not in told


def test_status_of_a_stalled_mirror_says_what_to_do() -> None:
    stalled = {
        "type": "Stalled",
        "status": "True",
        "reason": "InvalidSchedule",
        "message": "spec.refresh.schedule has 6 fields; use 5",
    }
    mirror = seen(sync="Unknown", validUntil=None, conditions=[stalled])

    told = plain(status_screen(mirror, believed(mirror), NOW))

    assert told.splitlines()[:2] == [
        "fraud is unknown: InvalidSchedule: spec.refresh.schedule has 6 fields; use 5",
        "",
    ]


def test_status_says_what_is_not_seen_before_it_says_that_a_human_is_needed() -> None:
    mirror = seen(UNSEEN, summary="1 of 1 not seen: index", conditions=[NOT_PUT_BACK])

    told = plain(status_screen(mirror, believed(mirror), NOW)).splitlines()

    assert told[:2] == [
        "fraud is unknown: 1 of 1 not seen: index   seen 12 s ago",
        "PutBackIncomplete: could not be put back: alias champion",
    ]


def test_a_stalled_mirror_in_a_table_keeps_its_verdict() -> None:
    mirror = seen(DRIFTED_MODEL, summary="1 of 1 drifted: m" + "x" * 80, conditions=[NOT_PUT_BACK])

    row = plain(status_table([(mirror, believed(mirror))], NOW, namespaces=False)[1:])

    assert "Drifted   1 of 1 drifted: mx" in row
    assert "x…; stalled: PutBackIncomplete   1/1" in row


@pytest.mark.parametrize(
    ("spec", "more", "words"),
    [
        ({"refresh": {"schedule": "@daily", "suspend": True}}, {}, "Refreshes are suspended"),
        (SCHEDULED, {"waiting": "production is not calm yet"}, "waits: production is not calm"),
        (SCHEDULED, {"nextRefreshTime": ago(5)}, "(now)"),
        (
            {"refresh": {"schedule": "@daily", "timeZone": "Mars"}},
            {"nextRefreshTime": ago(-60)},
            "14:01 UTC (in 1 min)",
        ),
    ],
)
def test_status_says_what_happens_next(
    spec: dict[str, Any], more: dict[str, Any], words: str
) -> None:
    mirror = seen(component("a"), spec=spec, **more)

    assert words in plain(status_screen(mirror, believed(mirror), NOW))


def test_several_mirrors_are_a_table_with_one_line_each() -> None:
    mirrors = [
        seen(DRIFTED_MODEL, summary="1 of 1 drifted: fraud-model"),
        seen(component("a"), name="ranking", summary="1 of 1 in sync"),
        seen(component("a"), name="old", validUntil=ago(61)),
    ]

    told = status_table([(each, believed(each)) for each in mirrors], NOW, namespaces=True)

    assert plain(told) == golden("""
        NAMESPACE    NAME      SYNC      SUMMARY                                                    SEEN   CHECKED
        ml-staging   fraud     Drifted   1 of 1 drifted: fraud-model                                1/1    12 s
        ml-staging   ranking   InSync    1 of 1 in sync                                             1/1    12 s
        ml-staging   old       Unknown   its status was valid until 1 min ago and was not renewed   1/1    12 s
        """)  # noqa: E501 - a screen as it is


def test_diff_shows_each_fact_with_its_details_and_what_does_not_count() -> None:
    mirror = seen(
        DRIFTED_MODEL,
        component("b"),
        spec={"accept": [{"component": "fraud-model", "fact": "dataSnapshot", "reason": "masked"}]},
    )

    assert plain(diff_screen(mirror, believed(mirror), NOW)) == golden("""
        ✗ fraud-model · modelAlias · drifted since 10:48:00 UTC (3h 12m)
          fact            production        staging
          contentHash     sha256:9f0c2b71   sha256:41d7aa03
            model.skops   sha256:c41d0000   (none)
          dataSnapshot    2026-11-20        2026-11-13        accepted: masked
          version         12                11                not compared
          production runs version 12, staging runs version 11
          contentHash and dataSnapshot differ
        """)


def test_diff_names_what_staging_should_have_where_that_is_another_value() -> None:
    masked = {
        "fact": "value",
        "production": "2026-11-22",
        "staging": "masked/2026-11-20",
        "expected": "masked/2026-11-22",
    }
    mirror = seen(component("data", "Drifted", "value differs", differences=[masked]))

    assert "staging should have masked/2026-11-22" in plain(
        diff_screen(mirror, believed(mirror), NOW)
    )


def test_diff_never_shows_two_values_that_differ_as_the_same() -> None:
    url = "https://embeddings.example/v1/models/all-minilm/revisions"
    differing = {"fact": "value", "production": f"{url}/12", "staging": f"{url}/7"}
    mirror = seen(component("endpoint", "Drifted", "value differs", differences=[differing]))

    row = plain(diff_screen(mirror, believed(mirror), NOW)).splitlines()[2].split()

    assert row == ["value", "…visions/12", "…visions/7"]


def test_diff_of_nothing_says_so_and_of_a_named_component_shows_it() -> None:
    mirror = seen(component("a"))

    assert plain(diff_screen(mirror, believed(mirror), NOW)) == "✓ fraud: nothing differs"
    assert "✓ a · pipelineImage · in sync" in plain(
        diff_screen(mirror, believed(mirror), NOW, ["a"])
    )


def test_diff_of_an_old_status_begins_with_the_doubt() -> None:
    mirror = seen(component("a"), validUntil=ago(61))

    told = plain(diff_screen(mirror, believed(mirror), NOW))

    assert told.startswith("? its status was valid until 1 min ago")
    assert "nothing differs" not in told


def step(**more: str) -> dict[str, str]:
    return {"step": "MoveAlias", "phase": "switch", "component": "fraud-model"} | more


def test_plan_shows_steps_in_their_order_and_what_is_left_alone() -> None:
    plan = {
        "steps": [
            step(phase="prepare", text="copy version 12 of fraud (4 files, 90 MB)"),
            step(text="alias champion of fraud → the copy"),
            step(component="fraud-model, features", text="Deployment server: MODEL_VERSION → 8"),
        ],
        "left": [{"component": "embedding", "why": "only reported (mode Report)"}],
    }
    mirror = seen(DRIFTED_MODEL, plan=plan)

    assert plain(plan_screen(mirror, believed(mirror))) == golden("""
        A refresh now would change staging like this; production is only read.
          prepare   fraud-model             copy version 12 of fraud (4 files, 90 MB)
          switch    fraud-model             alias champion of fraud → the copy
          switch    fraud-model, features   Deployment server: MODEL_VERSION → 8
          leave     embedding               only reported (mode Report)
        """)


def test_plan_shows_digests_by_their_beginning() -> None:
    digest = f"sha256:{'a99e1902' * 8}"
    long = step(text=f"Deployment features: image of app → 127.0.0.1:5000/features@{digest}")
    mirror = seen(DRIFTED_MODEL, plan={"steps": [long], "left": []})

    told = plain(plan_screen(mirror, believed(mirror)))

    assert told.endswith("image of app → 127.0.0.1:5000/features@sha256:a99e1902")


def test_plan_words_a_step_itself_where_the_operator_did_not() -> None:
    move = MoveAlias("m", "fraud-model", "staging", "fraud", "champion", "8")
    mirror = seen(DRIFTED_MODEL, plan={"steps": [to_dict(move)], "left": []})

    assert "switch   fraud-model   alias champion of fraud → version 8" in plain(
        plan_screen(mirror, believed(mirror))
    )


def test_plan_does_not_hide_a_step_that_it_does_not_know() -> None:
    newer = {"step": "RestoreIndex", "component": "index"}
    mirror = seen(DRIFTED_MODEL, plan={"steps": [newer], "left": []})

    assert "index   a step that this version of the command does not know" in plain(
        plan_screen(mirror, believed(mirror))
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "A refresh now would change nothing."),
        ({"observedGeneration": -1}, "? not checked yet; this plan may be old."),
        (
            {"conditions": [{"type": "Stalled", "status": "True", "message": "no environment"}]},
            "? fraud: there is no plan: no environment",
        ),
    ],
)
def test_plan_of_nothing_says_why(more: dict[str, Any], words: str) -> None:
    mirror = seen(component("a"), **more)

    assert plain(plan_screen(mirror, believed(mirror))) == words


def test_history_shows_refreshes_and_deploys_newest_first() -> None:
    mirror = seen(
        component("a"),
        refreshes=[
            {
                "id": "r1",
                "trigger": "Manual",
                "result": "Succeeded",
                "message": "2 of 2 applied and verified",
                "started": ago(659),
                "finished": ago(600),
            },
            {"id": "r0", "trigger": "Schedule", "result": "Skipped", "finished": ago(2 * 86400)},
        ],
        deploys=[
            deploy("fraud-model", at=ago(100_000), mismatch=list("abcde")),
            deploy("fraud-model", side="staging", at=ago(610)),
            deploy("features", side="staging", at=ago(611), verified=False),
            {"component": "a", "side": "staging", "at": ago(620), "message": "newer", "x": 1},
        ],
    )

    assert plain(history_screen(mirror, NOW)) == golden("""
        refreshed                by         result      took
        13:50:00 (10 min ago)    Manual     Succeeded   59 s   2 of 2 applied and verified
        Nov 20 14:00 (2 d ago)   Schedule   Skipped

        deployed                     side         component     workload            what
        13:49:50 (10 min ago)        staging      fraud-model   Deployment server   version 12, contentHash sha256:82cb1fbc   ✓ verified: as production
        13:49:49 (10 min ago)        staging      features      Deployment server   version 12, contentHash sha256:82cb1fbc   ? not verified
        13:49:40 (10 min ago)        staging      a                                 newer
        Nov 21 10:13 (27h 46m ago)   production   fraud-model   Deployment server   version 12, contentHash sha256:82cb1fbc   ✗ mismatch with staging: a, b, c and 2 more
        """)  # noqa: E501 - a screen as it is


def deploy(component: str, *, at: str, **more: Any) -> dict[str, Any]:
    told = {
        "component": component,
        "side": "production",
        "at": at,
        "workloads": ["Deployment server"],
        "revisions": {"Deployment server": "1"},
        "provenance": {
            "version": "12",
            "contentHash": f"sha256:{'82cb1fbc' * 8}",
            "signature": '{"inputs": []}',
        },
        "verified": True,
        "message": "a long sentence",
    }
    return told | more


def test_history_of_nothing_says_so() -> None:
    assert plain(history_screen(seen(component("a")), NOW)) == (
        "fraud: no refresh and no deploy was seen yet"
    )


def test_a_dead_operator_is_in_the_headline() -> None:
    mirror = seen(UNSEEN)

    told = status_screen(mirror, belief(mirror, Settled(NOW - 300, see="x"), NOW), NOW)

    assert told[0].plain.startswith("fraud is unknown: no operator has settled a verdict for 5 min")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (12.9, "12 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (11520, "3h 12m"),
        (172799, "47h 59m"),
        (41 * 86400, "41 d"),
    ],
)
def test_spans_are_rounded_down(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_moment_of_another_day_has_its_date() -> None:
    assert clock(NOW - 60, NOW) == "13:59:00"
    assert clock(NOW - 100_000, NOW) == "Nov 21 10:13"


def test_a_tick_is_told_in_the_zone_of_its_schedule() -> None:
    assert tick(NOW, "Asia/Tokyo") == "Sun 2026-11-22 23:00 Asia/Tokyo"
    assert tick(NOW, "../etc/passwd") == "Sun 2026-11-22 14:00 UTC"
