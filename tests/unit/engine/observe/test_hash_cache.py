"""What of the registries outlives a restart, as it is kept in the operator's own namespace."""

import re
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from stagingmirror.engine.observe.hash_cache import SEEN_EVERY, HashCache
from stagingmirror.sources.mlflow.subjects import (
    AliasHistory,
    AliasSubject,
    Content,
    VersionSubject,
)
from support.kinds.builders import World, sources_of, version

ALIAS = AliasSubject("production", "fraud-detector", "champion")
VERSION = VersionSubject("production", "fraud-detector", "12")


class Namespace:
    """The ConfigMaps of a namespace, on the wire."""

    def __init__(self) -> None:
        self.bodies: dict[str, dict[str, Any]] = {}
        self.writes = 0

    async def request(self, method: str, path: str, **more: Any) -> object:
        assert re.fullmatch("PATCH|DELETE", method)
        self.writes += 1
        self.bodies[path] = more["body"]
        return {}

    async def pages(self, path: str, **more: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"items": list(self.bodies.values())}


def contents(namespace: Namespace, world: World) -> HashCache:
    return HashCache(
        cast("Any", namespace),
        sources_of(world),
        namespace="operator",
        wanted=lambda: [ALIAS, VERSION],
        leading=lambda: True,
    )


async def test_when_an_alias_moved_and_what_was_read_is_found_again_by_the_next_process() -> None:
    world, namespace = World().register("production", version("12")), Namespace()
    world.alias("production", "12", moved=90.0, unmoved=80.0)
    await contents(namespace, world).keep()

    found = await contents(namespace, World()).load()

    assert found[ALIAS] == AliasHistory("12", world.began, 90.0, 80.0)
    assert isinstance(found[VERSION], Content)


@pytest.mark.parametrize(("later", "writes"), [(60.0, 0), (SEEN_EVERY + 1, 1)])
async def test_an_alias_that_stays_is_written_now_and_then_only(later: float, writes: int) -> None:
    world, namespace = World().alias("production", "12"), Namespace()
    keeper = contents(namespace, world)
    await keeper.keep()
    before = namespace.writes

    world.began += later
    await keeper.keep()

    assert namespace.writes - before == writes


async def test_what_was_damaged_is_not_taken_up() -> None:
    world, namespace = World().alias("production", "12"), Namespace()
    await contents(namespace, world).keep()
    for body in namespace.bodies.values():
        body["data"]["content"] = body["data"]["content"].replace('"seen"', '"sin"')

    assert await contents(namespace, World()).load() == {}
