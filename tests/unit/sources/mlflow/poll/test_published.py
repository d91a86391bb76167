"""What an alias is known to have named before: a number alone is no version."""

from dataclasses import replace
from typing import Any

from stagingmirror.sources.mlflow.client.wire_types import RegisteredModel
from stagingmirror.sources.mlflow.poll.published import Published
from stagingmirror.sources.mlflow.subjects import AliasHistory, ModelAlias, Renamed
from stagingmirror.view import Observed

KEY = ("fraud", "champion")
FRAUD = RegisteredModel("fraud", 1_000, {"champion": "1"}, {"1": 2_000})
RENAMED = replace(FRAUD, created=5_000)


def published() -> Published:
    return Published(lambda kind, key: None)


def named(known: Published) -> ModelAlias:
    answer: Any = known.aliases[KEY]
    assert isinstance(answer, Observed)
    found = answer.value
    assert isinstance(found, ModelAlias)
    return found


def test_an_alias_that_names_the_same_number_of_another_model_has_moved() -> None:
    known = published()
    known.set_alias(KEY, FRAUD, 100.0, answered=101.0)
    known.set_alias(KEY, RENAMED, 130.0, answered=131.0)
    known.set_alias(KEY, RENAMED, 160.0, answered=161.0)

    assert (named(known).unmoved, named(known).moved) == (100.0, 131.0)
    assert named(known).renamed == Renamed(100.0, 131.0)


def test_a_model_that_was_gone_for_a_while_is_compared_with_what_it_was() -> None:
    known = published()
    known.set_alias(KEY, FRAUD, 100.0, answered=101.0)
    known.set_alias(KEY, None, 130.0, answered=131.0)
    known.set_alias(KEY, RENAMED, 160.0, answered=161.0)

    assert named(known).renamed == Renamed(100.0, 161.0)


def test_an_alias_that_moves_within_its_model_does_not_rename_it() -> None:
    known = published()
    known.set_alias(KEY, FRAUD, 100.0, answered=101.0)
    known.set_alias(KEY, replace(FRAUD, aliases={"champion": "2"}), 130.0, answered=131.0)

    assert named(known).moved == 131.0
    assert named(known).renamed is None


def test_what_an_earlier_process_saw_of_another_model_is_no_version_of_this_one() -> None:
    known = published()
    known.adopt(KEY, AliasHistory("1", 50.0, 10.0, 5.0, model_created=1.0))
    known.set_alias(KEY, RENAMED, 160.0, answered=161.0)

    assert (named(known).unmoved, named(known).moved) == (50.0, 161.0)
    assert named(known).renamed == Renamed(50.0, 161.0)


def test_a_history_without_a_model_proves_no_move() -> None:
    known = published()
    known.adopt(KEY, AliasHistory("1", 50.0, 10.0, 5.0))
    known.set_alias(KEY, FRAUD, 160.0, answered=161.0)

    assert (named(known).unmoved, named(known).moved) == (5.0, 10.0)
    assert named(known).renamed is None
