from stagingmirror.sources.skew import Skew


def test_one_late_date_changes_what_counts_once_and_not_with_every_answer() -> None:
    skew = Skew()
    answers = [(0.0, 0.0), (10.0, 1.0), (0.0, 2.0), (10.0, 3.0), (0.0, 500.0)]

    counts = [skew.seen(seconds, now) for seconds, now in answers]

    assert counts == [0.0, 10.0, 10.0, 10.0, 10.0]


def test_a_clock_that_is_right_again_is_believed_after_a_while() -> None:
    skew = Skew()
    skew.seen(7200.0, 0.0)

    assert skew.seen(10.0, 600.0) == 7200.0
    assert skew.seen(10.0, 601.0) == 10.0
