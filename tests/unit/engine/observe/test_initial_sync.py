"""Waiting a moment for first answers: as long as it is worth it, and no longer."""

from typing import Any

import pytest

from stagingmirror.drift.facts import Observations, Seen, Unseen, Why
from stagingmirror.engine.observe.initial_sync import AFTER_EDIT, AGAIN, AT_START, InitialSync
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.workqueue.queue import RequeueAfter
from stagingmirror.sources.kubernetes.subjects import ConfigMapSubject
from stagingmirror.view import Observed, Subject

KEY = MirrorKey("ml-staging", "fraud")
NOW = 1_000_000.0
UNSEEN = Unseen(Why("NotSeenYet", "…"), NOW)


def observations(reason: str | None) -> list[Observations]:
    seen = Seen({}, NOW)
    return [Observations(seen, seen if reason is None else Unseen(Why(reason, "…"), NOW))]


def nothing() -> list[Subject[Any]]:
    return []


def test_a_start_waits_for_first_answers_but_not_for_ever() -> None:
    first = InitialSync()

    with pytest.raises(RequeueAfter):
        first.wait(KEY, observations("NotSeenYet"), nothing, is_current=True, now=NOW)
    with pytest.raises(RequeueAfter):
        first.wait(
            KEY, observations("NotSeenYet"), nothing, is_current=True, now=NOW + AT_START - 1
        )
    first.wait(KEY, observations("NotSeenYet"), nothing, is_current=True, now=NOW + AT_START)


def test_an_edit_waits_a_moment_only() -> None:
    first = InitialSync()
    first.wait(KEY, observations(None), nothing, is_current=True, now=NOW)

    with pytest.raises(RequeueAfter):
        first.wait(KEY, observations("NotAskedYet"), nothing, is_current=False, now=NOW)
    first.wait(KEY, observations("NotAskedYet"), nothing, is_current=False, now=NOW + AFTER_EDIT)


def test_a_source_that_answers_with_an_error_is_told_at_once() -> None:
    InitialSync().wait(KEY, observations("Forbidden"), nothing, is_current=True, now=NOW)


def test_a_verdict_that_is_over_is_not_kept_for_a_first_answer_to_something_new() -> None:
    first = InitialSync()
    first.wait(KEY, observations(None), nothing, is_current=True, now=NOW)

    first.wait(KEY, observations("ReadingBytes"), nothing, is_current=True, now=NOW + 1)


def test_a_mirror_that_waits_is_looked_at_once_all_that_it_waits_for_has_come() -> None:
    first, other = InitialSync(), MirrorKey("ml-staging", "other")
    one, two = (ConfigMapSubject("ml-prod", name) for name in ("one", "two"))

    with pytest.raises(RequeueAfter) as waits:
        first.wait(KEY, observations("NotSeenYet"), lambda: [one, two], is_current=True, now=NOW)

    assert first.still_waits(KEY, one, lambda _: UNSEEN)
    assert first.still_waits(KEY, two, lambda _: Observed(None, NOW))
    assert not first.still_waits(KEY, one, lambda _: Observed(None, NOW))
    assert not first.still_waits(other, one, lambda _: UNSEEN)
    assert waits.value.again_in == AGAIN


def test_a_mirror_is_told_as_it_is_when_its_time_to_wait_is_over() -> None:
    first = InitialSync()
    waits = [ConfigMapSubject("ml-prod", name) for name in ("one", "two")]

    with pytest.raises(RequeueAfter) as moment:
        first.wait(KEY, observations("NotSeenYet"), lambda: waits, is_current=False, now=NOW)
    first.wait(
        KEY, observations("NotSeenYet"), lambda: waits, is_current=False, now=NOW + AFTER_EDIT
    )

    assert moment.value.again_in == AFTER_EDIT
    assert not first.still_waits(KEY, waits[0], lambda _: UNSEEN)
