"""A change of an environment, of which thousands of mirrors' claims are derived anew."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from stagingmirror.engine.ownership.claim_updates import ClaimUpdates
from stagingmirror.engine.resources.cache import Body
from stagingmirror.engine.resources.mirror import MirrorKey, key_of
from stagingmirror.engine.workqueue import slices
from stagingmirror.sources.mlflow.subjects import RegistryAlias
from support.resources import resources
from support.resources.fleet import MODEL, World, environment, key, mirror

NAMES = [f"fraud-{number}" for number in range(20)]
CHAMPION = RegistryAlias("production", MODEL, "champion")


@pytest.fixture(autouse=True)
def each_piece_is_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE", -1.0)


class Fleet(World):
    """Mirrors of one environment; counts whose claims are derived, in which turn of the loop."""

    def __init__(self, names: Iterable[str] = NAMES) -> None:
        super().__init__()
        self.concerned: list[MirrorKey] = []
        self.updates = ClaimUpdates(self.cache, self.claims, self.concerned.append)
        self.derived: list[tuple[int, MirrorKey]] = []
        self.turn = 0
        for number, name in enumerate(names):
            self.put(mirror(name, number, track=[resources.model_alias()]))
        self.claims.update = self._counted(self.claims.update)  # type: ignore[method-assign, assignment]

    def _counted(self, update: Callable[[Body], Any]) -> Callable[[Body], Any]:
        def counted(body: Body) -> Any:
            self.derived.append((self.turn, key_of(body)))
            return update(body)

        return counted

    def change_production(self, version: int, **spec: Any) -> None:
        """Another spec of the environment, as its event brings it."""
        changed = environment("production", "Production", "ml-prod", version, **spec)
        self.cache.put("mirrorenvironments", changed)
        self.updates.put_off(key_of(body) for body in self.cache.all("stagingmirrors"))

    async def count_turns(self) -> None:
        while True:
            self.turn += 1
            await asyncio.sleep(0)


async def test_others_run_between_two_mirrors_and_all_who_wait_share_the_work() -> None:
    fleet = Fleet()
    turns = asyncio.create_task(fleet.count_turns())
    fleet.change_production(2)
    assert fleet.derived == [], "an event is taken up at once, whoever names the environment"

    await asyncio.gather(fleet.updates.done(), fleet.updates.done())
    turns.cancel()

    assert sorted(each for _, each in fleet.derived) == sorted(map(key, NAMES))
    by_turn = [turn for turn, _ in fleet.derived]
    assert max(map(by_turn.count, by_turn)) <= 2, "one for each of the two who wait"


async def test_nobody_goes_on_before_the_claims_of_all_mirrors_are_of_the_new_environment() -> None:
    fleet = Fleet()
    usable: dict[str, Any] = {"usableFrom": ["another"]}
    fleet.change_production(2, **usable)
    seen = []

    async def one_pass() -> None:
        await fleet.updates.done()
        seen.append(len(fleet.derived))

    await asyncio.gather(*(one_pass() for _ in range(5)))

    assert seen == [len(NAMES)] * 5


async def test_a_change_that_comes_meanwhile_is_waited_for_too() -> None:
    fleet = Fleet()
    fleet.change_production(2)
    waiting = asyncio.create_task(fleet.updates.done())
    while len(fleet.derived) < 5:  # noqa: ASYNC110 - turns are counted
        await asyncio.sleep(0)

    fleet.change_production(3)
    await waiting

    assert len(fleet.derived) == 5 + len(NAMES)


async def test_protection_that_an_environment_brings_holds_for_the_next_write() -> None:
    fleet = Fleet([])
    fleet.change_production(2, readable={}, comparable={})
    fleet.put(mirror("fraud", 1, track=[resources.model_alias()]))
    assert not await fleet.updates.is_production(CHAMPION)

    fleet.change_production(3)

    assert await fleet.updates.is_production(CHAMPION)


async def test_protection_that_an_environment_ends_holds_while_claims_are_derived_and_after() -> (
    None
):
    fleet = Fleet()
    assert fleet.claims.is_production(CHAMPION)

    fleet.change_production(2, readable={}, comparable={})
    waiting = asyncio.create_task(fleet.updates.done())
    while not waiting.done():
        assert fleet.claims.is_production(CHAMPION)
        await asyncio.sleep(0)

    assert fleet.claims.is_production(CHAMPION)


async def test_a_mirror_that_is_gone_meanwhile_claims_nothing_more() -> None:
    fleet = Fleet(["fraud"])
    fleet.change_production(2)
    (body,) = fleet.cache.all("stagingmirrors")
    fleet.cache.remove(
        "stagingmirrors", {**body, "metadata": {**body["metadata"], "resourceVersion": "9"}}
    )
    fleet.claims.drop(key("fraud"))

    assert not await fleet.updates.is_production(CHAMPION)


async def test_who_waited_for_a_field_hears_that_an_environment_freed_it() -> None:
    fleet = Fleet(["older"])
    staging = environment("staging-2", "Staging", "ml-staging")
    fleet.cache.put("mirrorenvironments", staging)
    fleet.put(
        mirror("newer", 30, staging={"environment": "staging-2"}, track=[resources.model_alias()])
    )
    fleet.cache.put(
        "mirrorenvironments",
        environment("staging", "Staging", "ml-staging", 2, usableFrom=["another"]),
    )

    fleet.updates.put_off([key("older")])
    await fleet.updates.done()

    assert fleet.concerned == [key("newer")]
