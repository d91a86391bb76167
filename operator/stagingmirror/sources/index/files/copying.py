"""Copies one build, file by file, and reads each back."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from stagingmirror.errors import (
    ChangedUnderneath,
    Refused,
    StepFailed,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import Files, StoredFile
from stagingmirror.sources.content.hashing import Digest, exactly, read_bytes
from stagingmirror.sources.index.files import manifest as manifests
from stagingmirror.sources.index.files.manifest import Manifest
from stagingmirror.sources.index.files.place import Place
from stagingmirror.sources.index.files.reader import MARK, FilesReader, missing_in, snapshot_id
from stagingmirror.sources.index.store import Progressing, Snapshot

_NOT_COPIED = (manifests.NAME, MARK)


@dataclass
class Copy:
    """From a build of production's to a folder of staging's. A file that is there with the bytes
    that the manifest names is left; the manifest is written last.
    """

    source: FilesReader
    place: Place
    snapshot: Snapshot
    target: str
    new: str
    done: Progressing
    _moved: int = field(default=0, init=False)
    _total: int = field(default=0, init=False)

    async def run(self) -> None:
        """Raises ChangedUnderneath where production's build is not the snapshot any more, Refused
        where a copy is not whole.
        """
        files, listing, data = await self._of_source()
        manifest = manifests.parse(data, self.target)
        wanted = tuple(each for each in listing if each.path not in _NOT_COPIED)
        self._total = sum(each.size for each in wanted)
        there = await self._there(wanted, data)
        for file in wanted:
            self.done(self._moved, self._total)
            await self._bring(files, file, manifest, there.get(file.path))
        if manifests.NAME not in there:
            await self.place.put(f"{self.new}/{manifests.NAME}", data, None)
        self.done(self._total, self._total)

    async def _of_source(self) -> tuple[Files, tuple[StoredFile, ...], bytes]:
        files, listing = await self.source.listed(self.target)
        data = await self.source.manifest_bytes(self.target)
        if snapshot_id(self.target, data, listing) != self.snapshot.id:
            raise ChangedUnderneath(
                Reason.CHANGED_UNDERNEATH,
                f"production's build {self.target} has another manifest than was chosen; the next "
                "refresh sees what is there then",
            )
        if missing := missing_in(
            manifests.parse(data, self.target), {each.path: each.size for each in listing}
        ):
            raise Refused(
                Reason.INDEX_DAMAGED,
                f"the manifest of {self.target} names {missing[0]!a:.200}, which is not there, or "
                "has another size",
            )
        return files, listing, data

    async def _there(self, wanted: tuple[StoredFile, ...], data: bytes) -> dict[str, StoredFile]:
        """What an earlier attempt left. Raises Refused where it is somebody else's."""
        there = {each.path: each for each in await self.place.files(self.new).listing()}
        foreign = there.keys() - {each.path for each in wanted} - set(_NOT_COPIED)
        if manifests.NAME in there:
            path = f"{self.new}/{manifests.NAME}"
            if (await self.place.read(path, manifests.LARGEST)).data != data:
                foreign.add(manifests.NAME)
        if foreign:
            raise Refused(
                Reason.NAME_TAKEN,
                f"{self.new} has files that are not of {self.target}, e.g. {min(foreign)!a:.200}; "
                "remove them",
            )
        return there

    async def _bring(
        self, files: Files, file: StoredFile, manifest: Manifest, there: StoredFile | None
    ) -> None:
        named = manifest.files.get(file.path)
        promised = None if named is None else named.sha256
        is_there = promised is not None and there is not None and there.size == file.size
        if is_there and await self._read_back(file) == promised:
            self._moved += file.size
            return
        sent = await self._send(files, file)
        if promised not in (None, sent):
            raise Refused(
                Reason.INDEX_DAMAGED,
                f"production's {self.target}/{file.path} has not the bytes that its manifest names",
            )
        if await self._read_back(file) != sent:
            raise StepFailed(
                Reason.COPY_DIFFERS,
                f"staging's {self.new}/{file.path} has other bytes than were uploaded to it; does "
                "something else write there?",
            )

    async def _send(self, files: Files, file: StoredFile) -> str:
        digest = Digest()

        async def chunks() -> AsyncGenerator[bytes, None]:
            async with files.open(file) as opened:
                async for block in exactly(opened.blocks, file):
                    await digest.add(block)
                    self._moved += sum(map(len, block))
                    self.done(min(self._moved, self._total), self._total)
                    for chunk in block:
                        yield chunk

        await self.place.files(self.new).put(file, chunks())
        return (await digest.result()).sha256

    async def _read_back(self, file: StoredFile) -> str:
        """Of the copy of a file of production's; that one's stamp says nothing here."""
        copied = StoredFile(file.path, file.size)
        read = await read_bytes(self.place.files(self.new), (copied,))
        return read.files[file.path].sha256
