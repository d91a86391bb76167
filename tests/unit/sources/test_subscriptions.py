"""The shortest period of what is wanted now."""

from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.sources.subscriptions import Subscriptions

LONGEST = 30.0


def test_where_nothing_is_wanted_the_default_counts() -> None:
    assert Subscriptions[str]().shortest(default=LONGEST) == LONGEST


def test_the_most_demanding_reader_sets_the_pace() -> None:
    wanted = Subscriptions[str]()

    wanted.want("features", 10.0)
    wanted.want("fraud-server", 20.0)

    assert wanted.shortest(default=LONGEST) == 10.0


def test_the_pace_slackens_when_that_reader_goes_or_wants_less() -> None:
    wanted = Subscriptions[str]()
    wanted.want("features", 10.0)
    wanted.want("fraud-server", 20.0)

    wanted.unwant("features")
    gone = wanted.shortest(default=LONGEST)
    wanted.want("fraud-server", 25.0)

    assert (gone, wanted.shortest(default=LONGEST)) == (20.0, 25.0)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.sampled_from([5.0, 9.0, 60.0])))
    )
)
def test_the_pace_is_the_shortest_of_what_is_wanted_now(
    wishes: list[tuple[str, float | None]],
) -> None:
    subscriptions, wanted = Subscriptions[str](), dict[str, float]()
    for name, period in wishes:
        if period is None:
            subscriptions.unwant(name)
            wanted.pop(name, None)
        else:
            subscriptions.want(name, period)
            wanted[name] = period

        assert set(subscriptions) == set(wanted)
        assert subscriptions.shortest(default=LONGEST) == min(wanted.values(), default=LONGEST)


class Counted(str):
    """A subject that counts how often one is compared with another."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, str(other))


def test_whether_one_subject_is_wanted_does_not_take_longer_among_thousands() -> None:
    subscriptions = Subscriptions[Counted]()
    for number in range(5000):
        subscriptions.want(Counted(number), 30)
    Counted.compared = 0

    assert Counted(4999) in subscriptions
    assert Counted(5000) not in subscriptions
    assert Counted.compared < 10
