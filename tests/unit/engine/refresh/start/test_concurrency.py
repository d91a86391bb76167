"""Whose turn it is to refresh where only some may at a time."""

from stagingmirror.engine.refresh.start.concurrency import ABSENCE, Slots
from support.clock import NOW

STAGING = "staging"


def asks(turns: Slots, uid: str, *, free: int, at: float = 0.0, where: str = STAGING) -> bool:
    return turns.may_start(where, uid, free=free, now=NOW + at)


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

    turns.yield_slot(STAGING, "first", now=NOW + 2)

    assert turns.is_waiting(STAGING, "first")
    assert asks(turns, "second", free=1, at=3)
    assert asks(turns, "first", free=1, at=4)
    assert not asks(turns, "second", free=1, at=5)


def test_who_stepped_aside_and_does_not_come_back_has_left() -> None:
    turns = Slots()
    turns.yield_slot(STAGING, "first", now=NOW)

    turns.forget_absent(STAGING, now=NOW + ABSENCE + 1)

    assert not turns.is_waiting(STAGING, "first")
