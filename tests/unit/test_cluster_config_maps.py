"""Data of ConfigMaps behind their metadata: no younger than they are, and never settled."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from stagingmirror.cluster import objects
from stagingmirror.cluster.config_maps import LONGEST_BEHIND, ConfigMaps, Read
from stagingmirror.cluster.store import Store
from support.api_server import Answer, an_api_server
from support.waiting import holds

KEY = ("ml", "data")
PROVEN = 900.0


@dataclass
class World:
    """One ConfigMap, and what metadata told of it. ``broken``: its data are not given."""

    value: str = "old"
    version: int = 1
    broken: bool = False
    now: float = 1000.0
    store: Store[objects.Versioned] = field(default_factory=Store)

    def respond(self, method: str, path: str, body: Any) -> Answer:
        if self.broken:
            return 500, {"kind": "Status"}
        return 200, {"kind": "ConfigMap", "metadata": self.metadata, "data": {"key": self.value}}

    @property
    def metadata(self) -> dict[str, Any]:
        return {"name": "data", "namespace": "ml", "uid": "u", "resourceVersion": str(self.version)}

    def hear(self) -> None:
        self.store.put(objects.metadata_of({"metadata": self.metadata}))


async def test_old_data_are_as_old_as_the_proof_before_the_news_and_nothing_is_settled() -> None:
    world = World()
    world.hear()
    async with an_api_server(world.respond) as client:
        maps = ConfigMaps(
            client,
            world.store,
            clock=lambda: world.now,
            proven=lambda namespace: PROVEN,
            changed=lambda key: None,
        )
        running = started(maps)
        try:
            maps.want(KEY)
            await holds(lambda: isinstance(maps.read(KEY), Read))
            assert maps.behind_since() is None

            world.value, world.version, world.broken, world.now = "new", 2, True, 1005.0
            world.hear()
            maps.told(KEY)
            await holds(lambda: maps.trouble(KEY) is not None)

            read = maps.read(KEY)
            assert isinstance(read, Read)
            assert (read.config_map.data["key"], read.good_until) == ("old", PROVEN)
            assert maps.behind_since() == 1005.0
            world.now += LONGEST_BEHIND + 1
            assert maps.behind_since() is None, "by now its look is too old to be believed"

            world.broken = False
            await holds(lambda: maps.current(KEY))
            read = maps.read(KEY)
            assert isinstance(read, Read)
            assert (read.config_map.data["key"], read.good_until) == ("new", None)
        finally:
            running.cancel()


def started(maps: ConfigMaps) -> asyncio.Task[None]:
    return asyncio.create_task(maps.run())
