"""A registry may hold names to be one that are two to us: that is said, and nothing is moved."""

from typing import Any

import pytest

from stagingmirror.drift.facts import Unseen
from stagingmirror.errors import Refused
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.copy.aliases import delete_alias, get_alias, set_alias
from stagingmirror.sources.mlflow.subjects import AliasSubject, VersionSubject
from stagingmirror.view import Observed, Subject
from support.mlflow.folding_mlflow import FoldingMlflow
from support.mlflow.registries import Watched, connected, eventually, serving, watching

MODEL = "fraud"


@pytest.mark.parametrize(
    "subject",
    [
        AliasSubject("production", MODEL, "Champion"),
        AliasSubject("production", "Fraud", "champion"),
        VersionSubject("production", "FRAUD", "3"),
    ],
)
async def test_what_the_database_holds_under_another_spelling_is_unknown_and_says_how_it_is_spelled(
    subject: AliasSubject | VersionSubject,
) -> None:
    async with (
        serving(FoldingMlflow(MODEL, {"champion": "3"}).answer) as url,
        watching({"production": RegistryAddress(url)}) as watched,
    ):
        watched.source.want(subject, 0.2)
        why = await eventually(lambda: _unseen(watched, subject))

    assert why.why.reason == "SpelledOtherwise"
    assert "'champion'" in why.why.message or "'fraud'" in why.why.message


async def test_a_database_that_distinguishes_case_has_no_such_alias() -> None:
    absent = AliasSubject("production", MODEL, "Champion")
    async with (
        serving(FoldingMlflow(MODEL, {"champion": "3"}, folds=False).answer) as url,
        watching({"production": RegistryAddress(url)}) as watched,
    ):
        watched.source.want(absent, 0.2)
        await eventually(lambda: isinstance(watched.source.get(absent), Observed))
        answer = watched.source.get(absent)

    assert isinstance(answer, Observed)
    assert answer.value is None


async def test_an_alias_of_another_spelling_is_neither_moved_nor_deleted() -> None:
    registry = FoldingMlflow(MODEL, {"champion": "3"})
    async with serving(registry.answer) as url, connected(url) as server:
        with pytest.raises(Refused, match="'champion'"):
            await get_alias(server, MODEL, "Champion")
        with pytest.raises(Refused, match="'champion'"):
            await delete_alias(server, MODEL, "Champion")
        with pytest.raises(Refused, match="'champion'"):
            await set_alias(server, MODEL, "Champion", "4")

    assert registry.aliases == {"champion": "3"}


async def test_an_alias_that_is_spelled_as_the_registry_has_it_is_moved() -> None:
    registry = FoldingMlflow(MODEL, {"champion": "3", "latest-good": "2"})
    async with serving(registry.answer) as url, connected(url) as server:
        await set_alias(server, MODEL, "champion", "4")

    assert registry.aliases == {"champion": "4", "latest-good": "2"}


def _unseen(watched: Watched, subject: Subject[Any]) -> Unseen | None:
    answer = watched.source.get(subject)
    assert isinstance(answer, Unseen)
    return answer if answer.why.reason != "NotPolledYet" else None
