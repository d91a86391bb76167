"""The data of ConfigMaps: as of when they are true, and what is known of them but not read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from stagingmirror.sources.kubernetes.objects.entries import Versioned
from stagingmirror.sources.kubernetes.objects.store import Store
from stagingmirror.sources.kubernetes.watch.config_maps import GIVE_UP, ConfigMaps, Key, Read
from support.kubernetes.api_server import an_api_server, refused
from support.operators.waiting import holds

KEY: Key = ("ml", "data")


class Scene:
    """One ConfigMap that somebody reads: what its metadata tell, and what a GET answers."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.proven = 990.0
        self.data: dict[str, Any] | None = {"snapshot": "1"}
        """None: a GET is refused."""
        self.version = "1"
        self.told: list[float | None] = []
        self.store = Store[Versioned]()
        self.maps: ConfigMaps

    def respond(self, method: str, path: str, body: object) -> tuple[int, dict[str, Any]]:
        if self.data is None:
            return refused(500, "InternalError")
        metadata = {"namespace": "ml", "name": "data", "resourceVersion": self.version}
        return 200, {"kind": "ConfigMap", "metadata": metadata, "data": self.data}

    def hear(self, version: str, *, anyway: bool = False) -> None:
        """The watch tells of this version."""
        entry = Versioned("uid", "ml", "data", version, owner="", version=version)
        if self.store.put(entry, anyway=anyway):
            self.maps.metadata_changed(KEY)

    def read(self) -> Read | None:
        read = self.maps.read(KEY)
        return read if isinstance(read, Read) else None

    def reads(self, **data: str) -> bool:
        read = self.read()
        return read is not None and read.config_map.data == data


@asynccontextmanager
async def a_config_map_that_was_read() -> AsyncIterator[Scene]:
    scene = Scene()
    async with an_api_server(scene.respond) as client:
        scene.maps = ConfigMaps(
            client,
            scene.store,
            clock=lambda: scene.now,
            proven=lambda _: scene.proven,
            changed=lambda _, since: scene.told.append(since),
        )
        scene.hear("1")
        scene.maps.want(KEY)
        task = asyncio.create_task(scene.maps.run())
        await holds(lambda: scene.reads(snapshot="1"))
        yield scene
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_data_that_are_known_to_be_old_are_as_old_as_their_last_proof() -> None:
    async with a_config_map_that_was_read() as scene:
        scene.now, scene.proven, scene.data = 1100.0, 1090.0, None

        scene.now = 1120.0
        scene.hear("2")
        scene.proven = 1121.0  # of the metadata, which tell of the news

        read = scene.read()
        assert read is not None
        assert read.good_until == 1090.0


async def test_data_that_were_old_when_they_came_are_as_old_as_their_asking() -> None:
    async with a_config_map_that_was_read() as scene:
        scene.now, scene.version, scene.data = 1100.0, "2", {"snapshot": "2"}

        scene.hear("3")
        await holds(lambda: scene.reads(snapshot="2"))

        read = scene.read()
        assert read is not None
        assert read.good_until == 1100.0
        assert scene.maps.oldest_unread() == 1100.0


async def test_news_are_unread_until_the_readers_are_told_since_when() -> None:
    async with a_config_map_that_was_read() as scene:
        assert scene.maps.oldest_unread() is None
        scene.now, scene.data = 1100.0, None
        scene.hear("2")
        scene.now = 1105.0
        assert scene.maps.oldest_unread() == 1100.0

        scene.version, scene.data = "2", {"snapshot": "2"}
        await holds(lambda: scene.reads(snapshot="2"))

        assert scene.told[-1] == 1100.0
        assert scene.maps.oldest_unread() is None


async def test_what_is_known_to_be_old_and_cannot_be_read_is_no_answer_any_more() -> None:
    async with a_config_map_that_was_read() as scene:
        scene.now, scene.data = 1100.0, None
        scene.hear("2")
        await holds(lambda: scene.maps.trouble(KEY) is not None)
        assert scene.reads(snapshot="1")

        scene.now += GIVE_UP + 1
        await holds(lambda: scene.read() is None)

        assert scene.told[-1] == 1100.0
        assert scene.maps.oldest_unread() is None
        assert scene.maps.read(KEY) == scene.maps.trouble(KEY)


async def test_a_config_map_that_changes_faster_than_it_is_read_holds_back_nobody_for_long() -> (
    None
):
    async with a_config_map_that_was_read() as scene:
        scene.now, scene.version, scene.data = 1100.0, "2", {"snapshot": "2"}
        scene.hear("9")
        await holds(lambda: scene.reads(snapshot="2"))
        assert scene.maps.oldest_unread() == 1100.0

        scene.now += GIVE_UP + 1
        await holds(lambda: (scene.maps.oldest_unread() or 2000.0) > 1100.0)

        assert 1100.0 in scene.told


async def test_a_config_map_that_goes_while_its_news_are_unread_is_told_since_those() -> None:
    async with a_config_map_that_was_read() as scene:
        scene.now, scene.data = 1100.0, None
        scene.hear("2")
        scene.now = 1105.0

        scene.store.drop("ml", "uid")
        scene.maps.metadata_changed(KEY)

        assert scene.told[-1] == 1100.0
        assert scene.maps.oldest_unread() is None


async def test_data_are_read_again_where_the_cluster_was_set_back() -> None:
    async with a_config_map_that_was_read() as scene:
        scene.version, scene.data = "7", {"snapshot": "7"}
        scene.hear("7")
        await holds(lambda: scene.reads(snapshot="7"))

        scene.version, scene.data = "5", {"snapshot": "5"}
        scene.hear("5", anyway=True)
        scene.maps.versions_went_back()

        await holds(lambda: scene.reads(snapshot="5"))
