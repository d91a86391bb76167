"""What status shows, of one mirror and of several."""

from typing import Any

import pytest

from stagingmirror.cli.read.freshness import Settled, belief
from stagingmirror.cli.read.holds import Hold, holding, read_holds
from stagingmirror.cli.screens.status import status_screen, status_table
from support.resources.resources import hold, setting
from support.resources.screens import NOT_PUT_BACK, believed, golden, plain
from support.resources.statuses import (
    DRIFTED_MODEL,
    HELD_ENCODER,
    NOW,
    UNSEEN,
    ago,
    component,
    seen,
)

SCHEDULED = {"refresh": {"schedule": "0 6 * * 1-5", "timeZone": "Europe/Berlin"}}


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

        Next refresh Mon 2026-11-23 06:00 Europe/Berlin (in 15 h). What it would do: kubectl stagingmirror plan fraud -n ml-staging
        """)  # noqa: E501 - a screen as it is


def test_status_of_a_mirror_in_sync_says_since_when() -> None:
    mirror = seen(component("a"))

    assert plain(status_screen(mirror, believed(mirror), NOW)) == golden("""
        fraud is in sync with production, for 2 h   seen 12 s ago

          ✓  a  pipelineImage  sha256:82cb1fbc

        No refresh: spec.refresh is not set, so this mirror only watches and reports.
        """)


def test_status_says_in_which_cluster_production_is() -> None:
    mirror = seen(component("a"), productionCluster="prod-eu")

    assert plain(status_screen(mirror, believed(mirror), NOW)).startswith(
        golden("""
        fraud is in sync with production, for 2 h   seen 12 s ago
        Production is in another cluster, that of environment prod-eu.

          ✓  a  pipelineImage  sha256:82cb1fbc
        """).rstrip()
    )


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

    assert "No refresh: spec.refresh is not set" in told
    assert told.splitlines()[:2] == [
        "fraud is unknown: Stalled (InvalidSchedule): spec.refresh.schedule has 6 fields; use 5",
        "",
    ]


def test_status_says_what_is_not_seen_before_it_says_that_a_human_is_needed() -> None:
    mirror = seen(UNSEEN, summary="1 of 1 not seen: index", conditions=[NOT_PUT_BACK])

    told = plain(status_screen(mirror, believed(mirror), NOW)).splitlines()

    assert told[:2] == [
        "fraud is unknown: 1 of 1 not seen: index   seen 12 s ago",
        "Stalled (RollbackIncomplete): could not be rolled back: alias champion",
    ]


BAD_CRON = {
    "type": "Stalled",
    "status": "True",
    "reason": "InvalidSchedule",
    "message": 'spec.refresh.schedule "0 6 * * 1-5 *" has 6 fields; use 5',
}


def test_status_of_a_bad_schedule_says_that_no_refresh_starts() -> None:
    mirror = seen(component("a"), spec=SCHEDULED, conditions=[BAD_CRON])

    told = plain(status_screen(mirror, believed(mirror), NOW)).splitlines()

    assert told[1] == f"Stalled (InvalidSchedule): {BAD_CRON['message']}"
    assert told[-1] == "No refresh starts before that is mended: Stalled (InvalidSchedule)."


def test_a_stall_beside_which_others_are_refreshed_hides_no_next_refresh() -> None:
    one = BAD_CRON | {"reason": "NotOffered", "message": "track[a]: ask its owner to list it"}
    mirror = seen(
        component("a"), spec=SCHEDULED, conditions=[one], nextRefreshTime="2026-11-23T05:00:00Z"
    )

    told = plain(status_screen(mirror, believed(mirror), NOW)).splitlines()

    assert told[1].startswith("Stalled (NotOffered): track[a]")
    assert told[-1] == "Next refresh Mon 2026-11-23 06:00 Europe/Berlin (in 15 h)."


def held_by(**spec: Any) -> list[Hold]:
    body = hold("fraud-ana", **({"until": ago(-7200)} | spec))
    body["metadata"]["generation"] = 1
    body["status"] = {"observedGeneration": 1, "effectiveSince": ago(60)}
    return read_holds([body])


@pytest.mark.parametrize(
    ("spec", "effect"),
    [
        ({}, "Nothing of this mirror is refreshed; differences count as always."),
        (
            {"mirrors": ["fraud"], "components": ["a"]},
            "a is not refreshed, and differences of it do not count.",
        ),
    ],
)
def test_status_names_the_hold_until_when_why_and_how_to_end_it(
    spec: dict[str, Any], effect: str
) -> None:
    mirror = seen(component("a"), spec=SCHEDULED | {"track": [setting("a")]}, activity="Frozen")
    holds = holding(mirror, held_by(**spec), NOW)

    told = plain(status_screen(mirror, believed(mirror), NOW, holds))

    assert (
        "Hold fraud-ana, until 16:00:00 UTC (in 2 h): candidate 14\n"
        f"  {effect} End it: kubectl stagingmirror release --name fraud-ana -n ml-staging"
    ) in told


def test_a_hold_that_is_not_in_effect_says_why() -> None:
    body = hold("ci", until=ago(-60)) | {"status": {}}
    mirror = seen(component("a"))

    told = plain(status_screen(mirror, believed(mirror), NOW, read_holds([body])))

    assert "Not in effect yet: it was not checked yet." in told


@pytest.mark.parametrize(
    "spec",
    [
        {"mirrors": ["other"]},
        {"components": ["elsewhere"]},
        {"until": ago(1)},
        {"until": "soon"},
    ],
)
def test_a_hold_of_something_else_is_not_shown(spec: dict[str, Any]) -> None:
    mirror = seen(component("a"), spec={"track": [setting("a")]})

    assert holding(mirror, held_by(**spec), NOW) == []


def test_who_may_not_list_holds_is_told_that_there_is_one() -> None:
    mirror = seen(component("a"), spec=SCHEDULED, activity="Frozen")

    assert "you may not list MirrorHolds" in plain(
        status_screen(mirror, believed(mirror), NOW, None)
    )


def test_a_stalled_mirror_in_a_table_keeps_its_verdict() -> None:
    mirror = seen(DRIFTED_MODEL, summary="1 of 1 drifted: m" + "x" * 80, conditions=[NOT_PUT_BACK])

    row = plain(status_table([(mirror, believed(mirror))], NOW, namespaces=False)[1:])

    assert "Drifted   1 of 1 drifted: mx" in row
    assert "x…; stalled: RollbackIncomplete   1/1" in row


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


def test_a_dead_operator_is_in_the_headline() -> None:
    mirror = seen(UNSEEN)

    told = status_screen(mirror, belief(mirror, Settled(NOW - 300, see="x"), NOW), NOW)

    assert told[0].plain.startswith("fraud is unknown: no operator has settled a verdict for 5 min")
