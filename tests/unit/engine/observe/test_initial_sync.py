"""Waiting a moment for first answers: as long as it is worth it, and no longer."""

from typing import Any

import pytest

from stagingmirror.drift.facts import Observations, Seen, Unseen, Why
from stagingmirror.engine.observe.initial_sync import AFTER_EDIT, AGAIN, AT_START, InitialSync
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapSubject
from stagingmirror.view import Observed, Subject
from support.clock import NOW

UNSEEN = Unseen(Why("NotSeenYet", "…"), NOW)


def observations(reason: str | None) -> list[Observations]:
    seen = Seen({}, NOW)
    return [Observations(seen, seen if reason is None else Unseen(Why(reason, "…"), NOW))]


def nothing() -> list[Subject[Any]]:
    return []


def test_a_start_waits_for_first_answers_but_not_for_ever() -> None:
    first = InitialSync()

    assert (
        first.wait(observations("NotSeenYet"), nothing, is_current=True, mirrors=0, now=NOW)
        == AGAIN
    )
    assert first.wait(
        observations("NotSeenYet"), nothing, is_current=True, mirrors=0, now=NOW + AT_START - 1
    ) == pytest.approx(1)
    late = NOW + AT_START
    assert (
        first.wait(observations("NotSeenYet"), nothing, is_current=True, mirrors=0, now=late)
        is None
    )


def test_a_large_fleet_is_given_more_time_but_an_edit_is_not() -> None:
    first, edit = InitialSync(), InitialSync()
    pauses = [
        each.wait(observations("NotSeenYet"), nothing, is_current=is_current, mirrors=3000, now=NOW)
        for each, is_current in ((first, True), (edit, False))
    ]
    assert pauses == [AGAIN + 30, AFTER_EDIT], "nor is it checked for nothing meanwhile"

    late = NOW + AT_START + 29
    seen = observations("NotSeenYet")
    assert first.wait(seen, nothing, is_current=True, mirrors=3000, now=late) == pytest.approx(1)
    assert edit.wait(seen, nothing, is_current=False, mirrors=3000, now=late) is None


def test_an_edit_waits_a_moment_only() -> None:
    first = InitialSync()
    first.wait(observations(None), nothing, is_current=True, mirrors=0, now=NOW)

    assert first.wait(observations("NotPolledYet"), nothing, is_current=False, mirrors=0, now=NOW)
    late = NOW + AFTER_EDIT
    assert (
        first.wait(observations("NotPolledYet"), nothing, is_current=False, mirrors=0, now=late)
        is None
    )


def test_a_source_that_answers_with_an_error_is_reported_at_once() -> None:
    first = InitialSync()

    assert (
        first.wait(observations("Forbidden"), nothing, is_current=True, mirrors=0, now=NOW) is None
    )


def test_a_verdict_that_is_over_is_not_kept_for_a_first_answer_to_something_new() -> None:
    first = InitialSync()
    first.wait(observations(None), nothing, is_current=True, mirrors=0, now=NOW)

    assert (
        first.wait(observations("ReadingBytes"), nothing, is_current=True, mirrors=0, now=NOW + 1)
        is None
    )


def test_a_mirror_that_waits_is_checked_once_all_that_it_waits_for_has_come() -> None:
    first, other = InitialSync(), InitialSync()
    one, two = (ConfigMapSubject(OWN, "ml-prod", name) for name in ("one", "two"))

    pause = first.wait(
        observations("NotSeenYet"), lambda: [one, two], is_current=True, mirrors=0, now=NOW
    )

    assert first.still_waits(one, lambda _: UNSEEN)
    assert first.still_waits(two, lambda _: Observed(None, NOW))
    assert not first.still_waits(one, lambda _: Observed(None, NOW))
    assert not other.still_waits(one, lambda _: UNSEEN)
    assert pause == AGAIN


def test_a_mirror_is_reported_as_it_is_when_its_time_to_wait_is_over() -> None:
    first = InitialSync()
    waits = [ConfigMapSubject(OWN, "ml-prod", name) for name in ("one", "two")]

    pause = first.wait(
        observations("NotSeenYet"), lambda: waits, is_current=False, mirrors=0, now=NOW
    )
    late = NOW + AFTER_EDIT
    first.wait(observations("NotSeenYet"), lambda: waits, is_current=False, mirrors=0, now=late)

    assert pause == AFTER_EDIT
    assert not first.still_waits(waits[0], lambda _: UNSEEN)


def test_what_is_answered_while_a_pass_observes_brings_the_mirror_back() -> None:
    first, subject = InitialSync(), ConfigMapSubject(OWN, "ml-prod", "data")
    unseen = observations("NotSeenYet")
    first.wait(unseen, lambda: [subject], is_current=True, mirrors=0, now=NOW)
    assert first.still_waits(subject, lambda _: UNSEEN)

    first.observed_again()

    assert not first.still_waits(subject, lambda _: UNSEEN), "the pass may have read it before"
