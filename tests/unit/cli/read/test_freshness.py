from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.api.status.unsettled import written
from stagingmirror.cli.read.freshness import Freshness, Settled, belief
from stagingmirror.cli.read.mirror import read
from support.resources.resources import mirror
from support.resources.statuses import NOW, SETTLED, ago, component, seen


def test_a_fresh_status_behind_a_fresh_lease_is_believed() -> None:
    assert belief(seen(component("a")), SETTLED, NOW) == Freshness("InSync")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"validUntil": ago(1)}, "valid until 1 s ago and was not renewed"),
        ({"validUntil": None}, "has no readable validUntil"),
        ({"validUntil": "soon"}, "has no readable validUntil"),
        ({"observedGeneration": 0}, "spec changed and has not been checked since"),
        ({"observedGeneration": -1}, "not checked yet"),
        ({"components": "garbage"}, "not checked yet"),
    ],
)
def test_a_status_that_may_be_old_is_unknown_with_its_reason(
    more: dict[str, Any], words: str
) -> None:
    told = belief(seen(component("a"), **more), SETTLED, NOW)

    assert told.sync == "Unknown"
    assert words in (told.doubt or "")
    assert not told.everybody


def test_a_mirror_without_status_is_unknown() -> None:
    fresh = mirror()
    fresh["status"] = {"observedGeneration": -1}

    assert belief(read(fresh), SETTLED, NOW) == Freshness("Unknown", "not checked yet")


def test_nothing_is_known_while_no_operator_settles() -> None:
    stopped = Settled(at=NOW - 121, see="kubectl -n stagingmirror-system get pods")

    told = belief(seen(component("a")), stopped, NOW)

    assert told.sync == "Unknown"
    assert told.everybody
    assert told.doubt == (
        "no operator has settled a verdict for 2 min: nothing is known."
        " See: kubectl -n stagingmirror-system get pods"
    )


def test_settling_is_old_by_the_mirrors_own_measure() -> None:
    settled = Settled(at=NOW - 30)
    strict = seen(component("a"), spec={"checkInterval": "5s", "staleAfter": "20s"})

    assert belief(strict, settled, NOW).everybody
    assert belief(seen(component("a")), settled, NOW).sync == "InSync"


def test_a_missing_lease_is_said_with_its_reason_and_where_to_look() -> None:
    told = belief(seen(component("a")), Settled(None, "there is no operator", "kubectl x"), NOW)

    assert told == Freshness(
        "Unknown", "there is no operator: nothing is known. See: kubectl x", everybody=True
    )


def test_a_stalled_mirror_needs_no_end_to_be_believed_unknown() -> None:
    stalled = seen(sync="Unknown", validUntil=None)

    assert belief(stalled, SETTLED, NOW) == Freshness("Unknown")


@pytest.mark.parametrize(("ahead", "sync"), [(4, "InSync"), (6, "Unknown"), (7200, "Unknown")])
def test_behind_the_clock_of_the_cluster_nothing_looks_fresh(ahead: float, sync: str) -> None:
    told = belief(seen(component("a")), Settled(NOW + ahead), NOW)

    assert told.sync == sync
    if sync == "Unknown":
        assert told.everybody
        assert "the operator's clock is ahead of the API server's by" in (told.doubt or "")


def test_a_mirror_whose_status_cannot_be_written_is_unknown_and_others_are_not() -> None:
    mirror_ = seen(component("a"))
    left_out = written([(mirror_.namespace, mirror_.name)]) or ""

    told = belief(mirror_, replace(SETTLED, unsettled=left_out), NOW)

    assert told.sync == "Unknown"
    assert not told.everybody
    assert "cannot write this mirror's status" in (told.doubt or "")
    other = replace(SETTLED, unsettled=written([("other", "mirror")]) or "")
    assert belief(mirror_, other, NOW) == Freshness("InSync")
