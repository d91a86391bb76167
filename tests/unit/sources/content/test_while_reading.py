"""What is known of folders while bytes are read, which may be slow."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from stagingmirror.errors import NotAnswered
from stagingmirror.sources.content.content_poller import ContentPoller
from stagingmirror.sources.content.files import Opened, StoredFile
from stagingmirror.sources.content.folder import Folder
from stagingmirror.sources.content.subjects import Content
from support.mlflow.registries import eventually


@dataclass
class Held:
    """A folder whose bytes come while it is ``free``."""

    stamp: str = "1"
    free: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False
    opened: int = 0

    def shows_writes(self, listing: tuple[StoredFile, ...]) -> bool:
        return True

    async def listing(self) -> tuple[StoredFile, ...]:
        if self.fails:
            raise NotAnswered("Throttled", "slow down")
        return (StoredFile("w", 1, self.stamp),)

    async def stamps(self, listing: tuple[StoredFile, ...]) -> Mapping[str, str]:
        return {each.path: each.stamp for each in listing}

    @asynccontextmanager
    async def open(self, file: StoredFile) -> AsyncIterator[Opened]:
        self.opened += 1
        yield Opened(file.stamp, self._blocks())

    async def _blocks(self) -> AsyncIterator[list[bytes]]:
        await self.free.wait()
        yield [b"w"]


@asynccontextmanager
async def poller_of(folders: Mapping[str, Held]) -> AsyncIterator[ContentPoller]:
    poller = ContentPoller(
        folders.__getitem__,
        clock=time.time,
        store_interval=0.05,
        changed=lambda root: None,
        store_of=lambda root: root.partition("/")[0],
    )
    poller.bound(content_interval=3600.0, max_bytes=100, least_interval=0.0)
    yield poller
    await poller.close()


async def known(folder: Folder) -> Content:
    return await eventually(lambda: folder.content)


async def test_a_folder_whose_bytes_are_read_again_is_looked_at_meanwhile() -> None:
    """One who requests its bytes makes nobody's look at it stale."""
    held = Held()
    async with poller_of({"a/1": held}) as poller:
        poller.tend({"a/1": None})
        held.free.set()
        folder = poller.folder("a/1")
        first = await known(folder)
        held.free.clear()
        asked = time.time()
        request = asyncio.create_task(poller.prove(["a/1"], since=asked, bytes_too=True))
        await eventually(lambda: held.opened == 2 or None)
        began = time.time()

        await eventually(lambda: folder.listed > began or None)
        held.fails = True
        await asyncio.sleep(0.2)
        held.fails = False

        assert (folder.content, request.done()) == (first, False)
        held.free.set()
        await request
        assert (await known(folder)).read >= asked


async def test_a_folder_that_changes_while_it_is_read_is_not_read_to_its_end() -> None:
    held = Held()
    async with poller_of({"a/1": held}) as poller:
        poller.tend({"a/1": None})
        await eventually(lambda: held.opened or None)
        held.stamp = "2"

        why = await eventually(lambda: poller.folder("a/1").trouble)
        assert why.reason == "HalfRead"


async def test_a_store_that_trickles_holds_up_none_of_another() -> None:
    slow = {f"slow/{number}": Held() for number in range(8)}
    other = Held()
    other.free.set()
    async with poller_of({**slow, "other/1": other}) as poller:
        poller.tend(dict.fromkeys(slow))
        await eventually(lambda: sum(each.opened for each in slow.values()) >= 2 or None)
        poller.tend(dict.fromkeys([*slow, "other/1"]))

        assert (await known(poller.folder("other/1"))).files
