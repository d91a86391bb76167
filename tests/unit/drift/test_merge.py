"""Which components may not be refreshed together."""

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.drift.merge import conflicts

KEY = SetConfigMapKey("key", ("c",), "ml-staging", "training-data", "snapshot", "2")


@pytest.mark.parametrize(("new", "left"), [(True, {"b"}), (False, set())])
def test_of_two_spellings_that_may_be_one_the_second_waits_until_the_first_is_there(
    new: bool, left: set[str]
) -> None:
    upper = MoveAlias("a", ("a",), "staging", "fraud", "Champion", "7", new)
    lower = MoveAlias("b", ("b",), "staging", "fraud", "champion", "8", new)

    found = conflicts({"a": (upper,), "b": (lower,), "c": (KEY,)})

    assert found.keys() == left
    assert all("may be one in their store" in why for why in found.values())
