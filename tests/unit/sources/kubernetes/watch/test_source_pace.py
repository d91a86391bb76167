from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.sources.kubernetes.subjects import WorkloadSubject
from stagingmirror.sources.kubernetes.watch.source import Pace
from stagingmirror.view import Subject

LONGEST = 30.0


def named(name: str) -> Subject[Any]:
    return WorkloadSubject("Deployment", "ml-staging", name)


def test_nobody_wants_more_than_the_longest_interval() -> None:
    assert Pace(LONGEST).seconds() == LONGEST


def test_the_most_demanding_reader_sets_the_pace() -> None:
    pace = Pace(LONGEST)

    assert pace.want(named("features"), 10.0)
    assert not pace.want(named("fraud-server"), 20.0)
    assert pace.seconds() == 10.0


def test_the_pace_slackens_when_that_reader_goes_or_asks_for_less() -> None:
    pace = Pace(LONGEST)
    pace.want(named("features"), 10.0)
    pace.want(named("fraud-server"), 20.0)

    pace.unwant(named("features"))
    gone = pace.seconds()
    pace.want(named("fraud-server"), 25.0)

    assert (gone, pace.seconds()) == (20.0, 25.0)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.sampled_from([5.0, 9.0, 60.0])))
    )
)
def test_the_pace_is_the_shortest_of_what_is_wanted_now(
    wishes: list[tuple[str, float | None]],
) -> None:
    pace, wanted = Pace(LONGEST), dict[str, float]()
    for name, interval in wishes:
        before = pace.seconds()
        if interval is None:
            pace.unwant(named(name))
            wanted.pop(name, None)
        else:
            wanted[name] = interval
            assert pace.want(named(name), interval) == (min(wanted.values()) < before)

        assert pace.seconds() == min([LONGEST, *wanted.values()])
