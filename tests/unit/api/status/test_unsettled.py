"""Which mirrors ``settled-at`` does not speak of, as the Lease names them."""

from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.api.status.unsettled import MOST, named, written

NAMES = st.text("abc-1", min_size=1, max_size=8)
MIRRORS = st.frozensets(st.tuples(NAMES, NAMES), max_size=30)


@given(MIRRORS, MIRRORS)
def test_exactly_the_mirrors_that_were_left_out_are_named(
    left_out: frozenset[tuple[str, str]], others: frozenset[tuple[str, str]]
) -> None:
    annotation = written(left_out)

    assert all(named(annotation, *each) for each in left_out)
    assert not any(named(annotation, *each) for each in others - left_out)


def test_many_mirrors_of_one_namespace_take_no_more_room_and_name_no_other_namespace() -> None:
    annotation = written(("noisy", f"m-{number}") for number in range(5 * MOST))

    assert annotation is not None
    assert len(annotation) < 20
    assert named(annotation, "noisy", "m-1")
    assert not named(annotation, "quiet", "m-1")


def test_where_not_even_the_namespaces_can_be_named_nothing_is() -> None:
    assert written((f"ns-{number}", "m") for number in range(MOST + 1)) is None


def test_without_the_annotation_nobody_is_left_out() -> None:
    assert not named(None, "ml", "fraud")
    assert not named("", "ml", "fraud")
