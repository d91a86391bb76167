"""Tokens, holds and first answers: when something that was asked for is answered."""

from typing import Any

import pytest

from stagingmirror.api.spec.mirror import Track
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.drift.facts import Observations, Seen, Why
from stagingmirror.drift.verdict import Held, InSync, Unknown, Verdict
from stagingmirror.engine.context import Judged
from stagingmirror.engine.holds.active import (
    in_force,
    read,
    requests,
)
from stagingmirror.engine.observe.check_requests import (
    CHECK_AT,
    PARITY_AT,
    REFRESH_AT,
    CheckRequest,
    PendingCheck,
    answered,
)
from stagingmirror.engine.refresh.start.triggers import refused_token
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import MirrorKey
from support.clock import NOW
from support.kinds.cases import a_mirror
from support.resources import resources

KEY = MirrorKey("ml-staging", "fraud")
STALE = 120.0
SEEN = MirrorStatus.read({"conditions": [{"type": "Ready"}]})


# Tokens


def test_a_token_is_remembered_from_its_first_sight() -> None:
    tokens = PendingCheck(CHECK_AT, "handled_check_at")
    tokens.request({CHECK_AT: "one"}, SEEN, NOW)

    assert tokens.request({CHECK_AT: "one"}, SEEN, NOW + 5) == CheckRequest("one", NOW)


def test_another_token_counts_from_when_it_was_seen() -> None:
    tokens = PendingCheck(CHECK_AT, "handled_check_at")
    tokens.request({CHECK_AT: "one"}, SEEN, NOW)

    assert tokens.request({CHECK_AT: "two"}, SEEN, NOW + 5) == CheckRequest("two", NOW + 5)


def test_a_token_that_was_echoed_is_not_asked_again() -> None:
    status = MirrorStatus(handled_check_at="one")

    assert (
        PendingCheck(CHECK_AT, "handled_check_at").request({CHECK_AT: "one"}, status, NOW) is None
    )


def judged(
    production: float,
    staging: float = NOW + 1,
    *,
    verdict: Verdict | None = None,
    trouble: Why | None = None,
) -> Judged:
    """A component whose looks began then; in sync unless said otherwise."""
    track = Track.model_validate(resources.setting())
    both = Observations(Seen({}, production, trouble=trouble), Seen({}, staging))
    return Judged(track, both, verdict or InSync(1))


SILENT = Why("NotAnswered", "MLflow timed out.")
UNKNOWN = Unknown(SILENT, "production")


@pytest.mark.parametrize(
    ("component", "is_answered"),
    [
        (judged(NOW + 1, NOW + 2), True),
        (judged(NOW + 1, NOW - 1), False),
        (judged(NOW, NOW + 1), False),
        (judged(NOW - 1, verdict=UNKNOWN), True),
        (judged(NOW - 1, verdict=Held("ci", "candidate 14", unseen=SILENT)), True),
        (judged(NOW - 1, verdict=Held("ci", "candidate 14")), False),
    ],
)
def test_every_look_must_have_begun_after_the_token_or_be_told_as_unknown(
    component: Judged, is_answered: bool
) -> None:
    asked = CheckRequest("one", NOW, proven=NOW + 2)

    assert answered(asked, [component], stale_after=STALE, now=NOW + 3) is is_answered


def test_an_older_answer_stands_in_for_a_failed_one_but_does_not_answer_a_token() -> None:
    listing_failed = judged(NOW + 1, trouble=SILENT)
    asked = CheckRequest("one", NOW, proven=NOW + 2)

    assert not answered(asked, [listing_failed], stale_after=STALE, now=NOW + 3)


def test_looks_that_began_after_the_token_do_not_answer_it_before_all_their_parts_were_asked() -> (
    None
):
    fresh = [judged(NOW + 1)]

    assert not answered(CheckRequest("one", NOW), fresh, stale_after=STALE, now=NOW + 3)
    asked_meanwhile = CheckRequest("one", NOW, proven=NOW + 4)
    assert not answered(asked_meanwhile, fresh, stale_after=STALE, now=NOW + 3)


def test_a_token_on_a_mirror_that_is_seen_for_the_first_time_asks_nothing() -> None:
    new = MirrorStatus(observed_generation=-1)
    asked = PendingCheck(CHECK_AT, "handled_check_at").request({CHECK_AT: "bytes:old"}, new, NOW)

    assert asked is not None
    assert answered(asked, [judged(NOW - 60)], stale_after=STALE, now=NOW)


def test_what_never_answers_is_stale_and_then_the_token_is_answered_as_well() -> None:
    asked, old = CheckRequest("one", NOW), [judged(NOW - 1)]

    assert not answered(asked, old, stale_after=STALE, now=NOW + STALE)
    assert answered(asked, old, stale_after=STALE, now=NOW + STALE + 1)


def test_a_token_for_bytes_waits_until_they_were_read() -> None:
    unread = CheckRequest("bytes:1", NOW, deep="bytes")
    read_ = CheckRequest("bytes:1", NOW, deep="bytes", proven=NOW + 1)
    fresh = [judged(NOW + 1)]

    assert not answered(unread, fresh, stale_after=STALE, now=NOW + 10 * STALE)
    assert answered(read_, fresh, stale_after=STALE, now=NOW + 2)


def test_a_token_for_bytes_that_cannot_be_read_is_answered_once_that_is_unknown() -> None:
    tried = CheckRequest("bytes:1", NOW, deep="bytes", proven=NOW + 1)

    unread = judged(NOW - 1, trouble=SILENT)
    assert not answered(tried, [unread], stale_after=STALE, now=NOW + 2)
    unread = judged(NOW - 1, trouble=SILENT, verdict=UNKNOWN)
    assert answered(tried, [unread], stale_after=STALE, now=NOW + 2)


def test_a_proof_for_a_former_token_proves_nothing_for_the_new_one() -> None:
    tokens = PendingCheck(CHECK_AT, "handled_check_at")
    tokens.request({CHECK_AT: "bytes:2"}, SEEN, NOW)

    tokens.proven(CheckRequest("bytes:1", NOW, deep="bytes"), NOW)

    asked = tokens.request({CHECK_AT: "bytes:2"}, SEEN, NOW)
    assert asked is not None
    assert asked.proven > NOW


def test_a_check_proves_no_samples_that_are_requested_by_the_same_token() -> None:
    check = PendingCheck(CHECK_AT, "handled_check_at")
    parity = PendingCheck(PARITY_AT, "handled_parity_at")
    annotations = {CHECK_AT: "t", PARITY_AT: "t"}
    checked, probed = (each.request(annotations, SEEN, NOW) for each in (check, parity))
    assert checked is not None
    assert probed is not None

    parity.proven(checked, NOW)
    unsent = parity.request(annotations, SEEN, NOW)
    parity.proven(probed, NOW)
    sent = parity.request(annotations, SEEN, NOW)

    assert unsent is not None
    assert unsent.proven > NOW
    assert sent is not None
    assert sent.proven == NOW


def test_a_refused_refresh_token_is_echoed_with_the_reason() -> None:
    progress = refused_token(
        a_mirror({REFRESH_AT: "r"}, SEEN.dump()), Why("NoRefresh", "why."), now=NOW
    )

    assert progress.handled_refresh_at == "r"
    assert progress.finished is not None
    assert progress.finished.message == "why."


def test_a_refresh_token_from_before_the_first_sight_is_only_echoed() -> None:
    progress = refused_token(a_mirror({REFRESH_AT: "r"}), Why("NoRefresh", "why."), now=NOW)

    assert (progress.handled_refresh_at, progress.finished) == ("r", None)


# Holds


def hold(name: str = "ci", **spec: Any) -> dict[str, Any]:
    whole = {"reason": "candidate 14", "until": "2001-09-09T01:46:40Z"} | spec
    metadata = {
        "name": name,
        "namespace": "ml-staging",
        "uid": f"uid-{name}",
        "resourceVersion": "1",
    }
    return {"metadata": metadata, "spec": whole}


UNTIL = 1_000_000_000.0


@pytest.mark.parametrize(
    ("spec", "now", "stops"),
    [
        ({}, UNTIL - 1, True),
        ({}, UNTIL, False),
        ({"mirrors": ["fraud"]}, UNTIL - 1, True),
        ({"mirrors": ["another"]}, UNTIL - 1, False),
    ],
)
def test_a_hold_stops_the_mirrors_it_names_until_it_expires(
    spec: dict[str, Any], now: float, stops: bool
) -> None:
    cache = ResourceCache()
    cache.put("mirrorholds", hold(**spec))

    assert bool(in_force(requests(cache, KEY), KEY, now)) is stops


def test_a_hold_of_another_namespace_stops_nothing() -> None:
    cache = ResourceCache()
    cache.put("mirrorholds", hold())

    assert requests(cache, MirrorKey("elsewhere", "fraud")) == ()


def test_a_hold_on_its_way_out_or_unreadable_is_none() -> None:
    going = hold()
    going["metadata"]["deletionTimestamp"] = "2001-09-09T01:00:00Z"

    assert read(going) is None
    assert read(hold(until="tomorrow")) is None
