"""Files from one store to another, without a copy on disk."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from stagingmirror.errors import StagingMirrorError
from stagingmirror.sources.content.files import Files, StoredFile, WritableFiles
from stagingmirror.sources.content.hashing import Digest, exactly, read_bytes, tree_hash
from stagingmirror.sources.content.subjects import FileHash

Progress = Callable[[int], None]


class SourceFailed(Exception):
    """The side that is read went wrong in the middle of an upload; ``error`` is why."""

    def __init__(self, error: StagingMirrorError) -> None:
        super().__init__(error.reason)
        self.error = error


@dataclass(frozen=True, slots=True)
class Transfer:
    """From a folder here to a folder there. ``may_write`` is called before each upload, and raises
    where it may not be any more.
    """

    source: Files
    destination: WritableFiles
    may_write: Callable[[], None]

    async def send(
        self, files: Iterable[StoredFile], progress: Progress, *, again: bool
    ) -> Mapping[str, FileHash]:
        """Upload the files, and return what was read of them. Those that are there already, with
        the same size, are left out, unless ``again``.

        Raises SourceFailed, or what the destination answered.
        """
        listed = () if again else await self.destination.listing()
        there = {(each.path, each.size) for each in listed}
        read = {}
        for file in files:
            if (file.path, file.size) in there:
                progress(file.size)
            else:
                read[file.path] = await self._send(file, progress)
        return read

    async def _send(self, file: StoredFile, progress: Progress) -> FileHash:
        self.may_write()
        digest = Digest()
        failed: list[StagingMirrorError] = []

        async def chunks() -> AsyncGenerator[bytes, None]:
            try:
                async with self.source.open(file) as opened:
                    async for block in exactly(opened.blocks, file):
                        await digest.add(block)
                        progress(sum(map(len, block)))
                        for chunk in block:
                            yield chunk
            except StagingMirrorError as error:
                failed.append(error)
                raise

        try:
            await self.destination.put(file, chunks())
        except StagingMirrorError as error:
            # aiohttp reports what its body raised as a broken connection.
            raise (SourceFailed(failed[0]) if failed else error) from None
        return await digest.result()


async def bring(
    transfer: Transfer, files: tuple[StoredFile, ...], wanted: str, progress: Progress
) -> Literal["arrived", "source differs", "destination differs"]:
    """All files, read back from the destination: whether they have the tree hash ``wanted``. What a
    former attempt left is used. Raises as ``Transfer.send``.
    """
    sent = await transfer.send(files, progress, again=False)
    if await hash_of(transfer.destination) == wanted:
        return "arrived"
    if len(sent) < len(files):
        sent = await transfer.send(files, progress, again=True)
    if tree_hash(sent) != wanted:
        return "source differs"
    return "arrived" if await hash_of(transfer.destination) == wanted else "destination differs"


async def hash_of(files: Files) -> str:
    """The tree hash of what is there now, all bytes read."""
    return (await read_bytes(files, await files.listing())).tree_hash
