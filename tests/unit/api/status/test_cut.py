"""What survives where there is no room for everything."""

import re
from typing import Any

import pytest

from stagingmirror.api.status.report import ComponentReport
from stagingmirror.api.status.truncation import ended
from support.kinds.judged import condition, status
from support.kinds.observations import NOW, drifted, held, report, unknown


def summary(*components: ComponentReport) -> str:
    return str(status(report(*components), now=NOW, previous=None)["summary"])


@pytest.mark.parametrize("length", [1, 30, 56])
@pytest.mark.parametrize("sort", [drifted, unknown, held])
def test_a_summary_that_has_no_room_for_all_names_keeps_the_first_one_whole(
    length: int, sort: Any
) -> None:
    names = [f"first{'x' * length}", f"second{'x' * length}", f"third{'x' * length}"]

    told = summary(sort(names[0]), drifted("z" * 63), unknown("y" * 63))
    first = summary(*map(sort, names[:2]))

    assert len(told) <= 90
    assert names[0] in first or length == 56
    assert re.findall(r"first\w*", first) in ([names[0]], []), "no name is cut"
    if sort is drifted and length < 56:
        assert names[0] in told


@pytest.mark.parametrize("count", [1, 5, 12, 64])
def test_the_message_of_many_components_keeps_their_names_and_counts_the_rest(count: int) -> None:
    names = [f"{n:02}-{'x' * 60}" for n in range(count)]
    of = [unknown(name) for name in names]

    told = condition(status(report(*of), now=NOW, previous=None), "InSync")

    assert told is not None
    text = told["message"]
    assert len(text) <= 1024
    shown = re.findall(r"\d\d-x+(?=: )", text)
    assert shown == names[: len(shown)]
    assert len(shown) == count or text.endswith(f"; and {count - len(shown)} more")


def test_a_sentence_that_is_cut_ends_with_a_whole_word() -> None:
    assert ended("production does not have Deployment features", 38) == (
        "production does not have Deployment…"
    )
    assert ended("x" * 50, 10) == "xxxxxxxxx…"
