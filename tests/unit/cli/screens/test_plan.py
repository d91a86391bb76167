"""What plan shows."""

import inspect
import re
from typing import Any

import pytest

from stagingmirror.cli.screens.plan import DO_NOT_BLOCK, plan_screen, would_not_start
from stagingmirror.components.model_alias import rules
from stagingmirror.reading import offers, places
from stagingmirror.reasons import Reason
from support.resources.screens import NOT_PUT_BACK, believed, golden, plain
from support.resources.statuses import DRIFTED_MODEL, UNSEEN, component, seen

REFRESHED = {"refresh": {"schedule": "0 6 * * 1"}}


def step(**more: str) -> dict[str, str]:
    return {"phase": "switch", "component": "fraud-model"} | more


def test_plan_shows_steps_in_their_order_and_what_is_left_alone() -> None:
    plan = {
        "steps": [
            step(phase="prepare", text="copy version 12 of fraud (4 files, 90 MB)"),
            step(text="alias champion of fraud → the copy"),
            step(component="fraud-model, features", text="Deployment server: MODEL_VERSION → 8"),
        ],
        "left": [{"component": "embedding", "why": "only reported (mode Report)"}],
    }
    mirror = seen(DRIFTED_MODEL, spec=REFRESHED, plan=plan)

    assert plain(plan_screen(mirror, believed(mirror))) == golden("""
        A refresh now would change staging like this; production is only read.
          prepare   fraud-model             copy version 12 of fraud (4 files, 90 MB)
          switch    fraud-model             alias champion of fraud → the copy
          switch    fraud-model, features   Deployment server: MODEL_VERSION → 8
          leave     embedding               only reported (mode Report)
        """)


def test_plan_says_in_which_cluster_production_is() -> None:
    plan = {"steps": [step(text="alias champion of fraud → the copy")]}
    mirror = seen(DRIFTED_MODEL, spec=REFRESHED, plan=plan, productionCluster="prod-eu")

    assert plain(plan_screen(mirror, believed(mirror))) == golden("""
        A refresh now would change staging like this; production is only read.
        Production is in another cluster, that of environment prod-eu.
          switch   fraud-model   alias champion of fraud → the copy
        """)


def test_plan_says_that_a_refresh_would_wait_for_what_is_not_known() -> None:
    left = [{"component": "features", "why": "not known in staging: it is rolling out."}]
    mirror = seen(DRIFTED_MODEL, spec=REFRESHED, plan={"steps": [], "left": left})

    assert plain(plan_screen(mirror, believed(mirror))) == golden("""
        A refresh now would wait for what is not known; so far there is nothing to change.
          leave   features   not known in staging: it is rolling out.
        """)


def test_plan_shows_digests_by_their_beginning() -> None:
    digest = f"sha256:{'a99e1902' * 8}"
    long = step(text=f"Deployment features: image of app → 127.0.0.1:5000/features@{digest}")
    mirror = seen(DRIFTED_MODEL, plan={"steps": [long], "left": []})

    told = plain(plan_screen(mirror, believed(mirror)))

    assert told.endswith("image of app → 127.0.0.1:5000/features@sha256:a99e1902")


def test_plan_shows_that_there_are_more_steps_than_a_status_holds() -> None:
    mirror = seen(DRIFTED_MODEL, plan={"steps": [{"text": "and 3 more steps"}], "left": []})

    assert plain(plan_screen(mirror, believed(mirror))).endswith("and 3 more steps")


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
    mirror = seen(component("a"), spec=REFRESHED, **more)

    assert plain(plan_screen(mirror, believed(mirror))) == words


def stalled(reason: str, message: str) -> dict[str, str]:
    return {"type": "Stalled", "status": "True", "reason": reason, "message": message}


@pytest.mark.parametrize(
    ("spec", "more", "why"),
    [
        ({"refresh": None}, {}, "spec.refresh is not set"),
        ({"refresh": {"schedule": "0 6 * * 1", "suspend": True}}, {}, "suspended"),
        ({}, {"activity": "Frozen"}, "a hold has staging left alone"),
        ({}, {"waiting": "index was not seen yet"}, "it waits: index was not seen yet"),
        ({}, {"conditions": [stalled("Overlap", "other writes it too")]}, "other writes it too"),
    ],
)
def test_plan_says_first_why_a_refresh_would_not_start(
    spec: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    plan = {"steps": [step(text="alias champion of fraud → the copy")], "left": []}
    given = REFRESHED | spec
    mirror = seen(DRIFTED_MODEL, spec=given, plan=plan, **more)

    first, second, *_ = plain(plan_screen(mirror, believed(mirror))).splitlines()

    assert first.startswith("A refresh now would not start: ")
    assert why in first
    assert second.startswith("Once it does, it would change staging like this")


def test_every_reason_of_a_single_entry_is_known_as_one_beside_which_others_are_refreshed() -> None:
    sources = "\n".join(map(inspect.getsource, (places, offers, rules)))
    found = set(re.findall(r"\bWhy\(\s*Reason\.(\w+)", sources))

    assert len(found) == 7
    assert {Reason[each] for each in found} <= DO_NOT_BLOCK


@pytest.mark.parametrize("stall", [NOT_PUT_BACK, stalled("NotReadable", "track[a]: list it")])
def test_what_could_not_be_put_back_or_is_not_readable_keeps_no_refresh_from_starting(
    stall: dict[str, str],
) -> None:
    mirror = seen(DRIFTED_MODEL, spec=REFRESHED, conditions=[stall])

    assert would_not_start(mirror) is None


def test_an_entry_that_no_refresh_follows_is_no_reason_for_having_no_plan() -> None:
    stall = stalled("NotReadable", "track[a]: list it")
    mirror = seen(component("a"), spec=REFRESHED, conditions=[stall])

    assert plain(plan_screen(mirror, believed(mirror))) == "A refresh now would change nothing."


def test_where_nothing_was_seen_there_is_no_plan() -> None:
    mirror = seen(UNSEEN, spec=REFRESHED, summary="1 of 1 not seen", plan=None)

    assert plain(plan_screen(mirror, believed(mirror))) == (
        "? fraud: there is no plan: 1 of 1 not seen"
    )
