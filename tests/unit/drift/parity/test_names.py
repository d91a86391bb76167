"""Names as they are shown."""

from stagingmirror.drift.parity.names import MAX_NAME, shown


def test_long_names_that_differ_only_at_their_end_stay_apart() -> None:
    one, other = (shown("x" * 5_000 + end) for end in "ab")

    assert one != other
    assert len(one) <= MAX_NAME


def test_what_is_not_seen_in_a_name_is_written_out() -> None:
    assert shown("age\u202e") == '"age\\u202e"'
