"""Whose turn it is to refresh where only some may at a time."""

from collections.abc import Sequence

import pytest

from stagingmirror.engine.refresh.record.record import Phase
from stagingmirror.engine.refresh.start.concurrency import ABSENCE, IDLE, Slots, has_slot
from support.clock import NOW
from support.kinds.records import a_record, an_entry

STAGING = "staging"


def asks(
    turns: Slots,
    uid: str,
    *,
    free: int,
    at: float = 0.0,
    where: str = STAGING,
    of: str = "team",
    held: Sequence[str] = (),
) -> bool:
    return turns.may_start(where, uid, of, free=free, held=held, now=NOW + at)


def test_who_asked_first_starts_first_however_often_others_ask() -> None:
    turns = Slots()
    for at, uid in enumerate(("first", "second", "third")):
        assert not asks(turns, uid, free=0, at=at)

    assert not asks(turns, "third", free=1, at=3)
    assert not asks(turns, "second", free=1, at=3)
    assert asks(turns, "first", free=1, at=4)


def test_who_has_started_makes_way_for_the_next_and_asks_again_as_the_last() -> None:
    turns = Slots()
    assert asks(turns, "first", free=1)
    assert not asks(turns, "second", free=1, at=1)

    turns.leave("first")

    assert asks(turns, "second", free=1, at=2)
    assert not asks(turns, "first", free=1, at=3)


def test_as_many_start_as_there_are_places() -> None:
    turns = Slots()
    for uid in ("first", "second", "third"):
        asks(turns, uid, free=0)

    may = [uid for uid in ("first", "second", "third") if asks(turns, uid, free=2, at=1)]

    assert may == ["first", "second"]


def test_nobody_starts_where_more_run_than_are_allowed_now() -> None:
    assert not asks(Slots(), "first", free=-1)


def test_environments_do_not_wait_for_each_other() -> None:
    turns = Slots()
    asks(turns, "first", free=0)

    assert asks(turns, "second", free=1, where="another")


def test_one_that_does_not_ask_any_more_holds_nobody_up() -> None:
    turns = Slots()
    asks(turns, "gone", free=0)
    assert not asks(turns, "waiting", free=1, at=ABSENCE)

    assert asks(turns, "waiting", free=1, at=ABSENCE + 1)


def test_one_that_comes_back_after_an_absence_queues_anew() -> None:
    turns = Slots()
    asks(turns, "away", free=0)
    asks(turns, "waiting", free=0, at=1)
    asks(turns, "waiting", free=0, at=ABSENCE + 1)

    assert not asks(turns, "away", free=1, at=ABSENCE + 2)
    assert asks(turns, "waiting", free=1, at=ABSENCE + 2)


def test_who_has_left_does_not_queue() -> None:
    turns = Slots()
    asks(turns, "first", free=0)
    assert turns.is_waiting(STAGING, "first")

    turns.leave("first")

    assert not turns.is_waiting(STAGING, "first")


def test_who_has_not_asked_for_long_does_not_queue_so_its_deadline_counts_again() -> None:
    turns = Slots()
    asks(turns, "first", free=0)

    turns.forget_absent(STAGING, now=NOW + ABSENCE)
    assert turns.is_waiting(STAGING, "first")
    turns.forget_absent(STAGING, now=NOW + ABSENCE + 1)
    assert not turns.is_waiting(STAGING, "first")


def test_who_steps_aside_keeps_nobody_waiting_and_keeps_its_place() -> None:
    turns = Slots()
    assert asks(turns, "first", free=1)
    assert not asks(turns, "second", free=1, at=1)

    turns.yield_slot(STAGING, "first", "team", now=NOW + 2)

    assert turns.is_waiting(STAGING, "first")
    assert asks(turns, "second", free=1, at=3)
    turns.yield_slot(STAGING, "second", "team", now=NOW + 3)
    assert asks(turns, "first", free=1, at=4)
    assert not asks(turns, "second", free=1, at=5)


def test_who_stepped_aside_and_does_not_come_back_has_left() -> None:
    turns = Slots()
    turns.yield_slot(STAGING, "first", "team", now=NOW)

    turns.forget_absent(STAGING, now=NOW + ABSENCE + 1)

    assert not turns.is_waiting(STAGING, "first")


def test_a_free_slot_goes_to_the_namespace_that_has_the_fewest() -> None:
    turns = Slots()
    for at, uid in enumerate(("greedy-3", "greedy-4")):
        asks(turns, uid, free=0, at=at, of="greedy")
    asks(turns, "modest-1", free=0, at=2, of="modest")
    asks(turns, "modest-2", free=0, at=3, of="modest")

    held, names = ("greedy", "greedy"), ("greedy-3", "greedy-4", "modest-1", "modest-2")
    may = [uid for uid in names if asks(turns, uid, free=2, at=4, of=uid[:6], held=held)]

    assert may == ["modest-1", "modest-2"]


def test_namespaces_take_turns_at_the_only_slot_however_many_of_one_wait() -> None:
    turns = Slots()
    for number in range(9):
        asks(turns, f"greedy-{number}", free=0, of="greedy")
    asks(turns, "modest", free=0, at=1, of="modest")
    assert asks(turns, "greedy-0", free=1, at=2, of="greedy")

    turns.leave("greedy-0")
    turns.began(STAGING, "greedy", NOW + 2)

    assert not asks(turns, "greedy-1", free=1, at=3, of="greedy")
    assert asks(turns, "modest", free=1, at=3, of="modest")


def test_nobody_overtakes_one_that_was_let_start_and_is_about_to() -> None:
    turns = Slots()
    turns.began(STAGING, "team", NOW)
    assert asks(turns, "starting", free=1, at=1)

    assert not asks(turns, "other", free=1, at=2, of="other")

    turns.yield_slot(STAGING, "starting", "team", now=NOW + 3)
    assert asks(turns, "other", free=1, at=4, of="other")


@pytest.mark.parametrize(
    ("phase", "after", "expected"),
    [
        ("Forward", IDLE, True),
        ("Forward", IDLE + 1, False),
        ("Verify", 60.0, True),
        ("Verify", 61.0, False),
        ("RollBack", 61.0, False),
    ],
)
def test_a_refresh_in_which_nothing_moves_has_no_slot(
    phase: Phase, after: float, expected: bool
) -> None:
    record = a_record(an_entry("Taken"), phase=phase, rollout_timeout=60.0, timeout=1e9)

    assert has_slot(record, record.moved + after) is expected


@pytest.mark.parametrize("phase", ["Verify", "RollBack"])
def test_a_rollout_timeout_of_weeks_keeps_no_slot_for_weeks(phase: Phase) -> None:
    record = a_record(an_entry("Taken"), phase=phase, rollout_timeout=1e7, timeout=1e9)

    assert not has_slot(record, record.moved + IDLE + 1)
