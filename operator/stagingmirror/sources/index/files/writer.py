"""Writes builds and pointers of a folder of staging's."""

import json
from typing import ClassVar

from stagingmirror.errors import ChangedUnderneath, NotSupported, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.files import manifest as manifests
from stagingmirror.sources.index.files.copying import Copy
from stagingmirror.sources.index.files.place import Place
from stagingmirror.sources.index.files.reader import MARK, FilesReader, targets_in
from stagingmirror.sources.index.store import IndexReader, Mark, Progressing, Room, Snapshot

# Objects beside the builds that are read for whether they name one.
_MOST_POINTERS = 256
_LARGEST_POINTER = 4096


class FilesWriter(FilesReader):
    """See ``store.IndexWriter``."""

    atomic_swap: ClassVar[bool] = True

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._written = place

    async def room(self) -> Room | None:
        return None

    async def rehearse(
        self, snapshot: Snapshot, target: str, new: str, source: IndexReader
    ) -> None:
        self._written.refuse_writing()
        if target not in snapshot.targets or not snapshot.complete:
            raise NotThere(
                Reason.INDEX_MISSING, f"the snapshot {snapshot.name} holds no whole {target}"
            )
        try:
            await self.listed(new)
        except NotThere as error:
            if error.reason != Reason.INDEX_MISSING:
                raise
        else:
            raise _taken(new)
        if new in await self._written.names():
            raise _taken(new)

    async def rehearse_swap(self, alias: str) -> None:
        """Whether we may is known by the write alone."""

    async def restore(
        self, snapshot: Snapshot, target: str, new: str, source: IndexReader, done: Progressing
    ) -> None:
        """Each file is hashed while it is copied, and once more when it is there."""
        if not isinstance(source, FilesReader):
            raise NotSupported(
                Reason.NOT_SUPPORTED, "files are only copied from a store of files; correct type"
            )
        await Copy(source, self._written, snapshot, target, new, done).run()

    async def version(self, target: str) -> str | None:
        return (await self.facts(target)).content_version

    def beside(self, target: str, name: str) -> str:
        return name

    async def rename(self, former: str, new: str, done: Progressing) -> None:
        """Copied, since an object has one name for ever; then the former is removed."""
        if not await self._is_whole(new):
            if not await self._is_whole(former):
                raise Refused(
                    Reason.INDEX_DAMAGED,
                    f"{former} has no {manifests.NAME}, or one that names files that are not there",
                )
            (snapshot,) = await self.snapshots(former)
            await Copy(self, self._written, snapshot, former, new, done).run()
        await self.drop(former)

    async def stamp(self, new: str, mark: Mark) -> None:
        await self.listed(new)
        path, data = f"{new}/{MARK}", json.dumps(mark.document()).encode()
        try:
            before = (await self._written.read(path, 8 * 1024)).version
        except NotThere:
            before = None
        await self._written.put(path, data, before)

    async def swap(self, alias: str, expected: str | None, new: str) -> None:
        """By ``If-Match``: a server that does not know it swaps all the same."""
        await self.manifest_bytes(new)  # a build that is not complete is never served
        found: tuple[str, ...] = ()
        version = None
        try:
            before = await self._written.read(alias, _LARGEST_POINTER)
            found, version = targets_in(alias, before.data), before.version
        except NotThere as error:
            if error.reason != Reason.NOT_THERE:
                raise
        if found == (new,):
            return
        if found != (() if expected is None else (expected,)):
            raise _moved(alias, expected, found)
        try:
            await self._written.put(alias, f"{new}\n".encode(), version)
        except ChangedUnderneath:
            # Perhaps by this very request, whose answer was lost.
            if (found := await self.resolve(alias)) != (new,):
                raise _moved(alias, expected, found) from None

    async def unset(self, alias: str, expected: str) -> None:
        """Read, then removed: the store has no way to do both at once."""
        found = await self.resolve(alias)
        if not found:
            return
        if found != (expected,):
            raise _moved(alias, expected, found)
        await self._written.remove(alias)

    async def drop(self, target: str) -> None:
        """The manifest first: what is left of it is no build."""
        try:
            _, listing = await self.listed(target)
        except NotThere as error:
            if error.reason != Reason.INDEX_MISSING:
                raise
            return
        await self._refuse_served(target)
        paths = [each.path for each in listing]
        for path in sorted(paths, key=lambda each: (each != manifests.NAME, each == MARK, each)):
            await self._written.remove(f"{target}/{path}")

    async def _is_whole(self, target: str) -> bool:
        try:
            return (await self.snapshots(target))[0].complete
        except NotThere as error:
            if error.reason != Reason.INDEX_MISSING:
                raise
            return False

    async def _refuse_served(self, target: str) -> None:
        names = await self._written.names()
        if len(names) > _MOST_POINTERS:
            raise Refused(
                Reason.TOO_MANY_FILES,
                f"there are {len(names)} objects beside the builds, too many to see which of them "
                "name one; keep only pointers there",
            )
        for name in names:
            try:
                found = targets_in(name, (await self._written.read(name, _LARGEST_POINTER)).data)
            except (Refused, NotThere) as error:
                if error.reason in (Reason.NOT_AN_ALIAS, Reason.TOO_LARGE, Reason.NOT_THERE):
                    continue
                raise
            if target in found:
                raise Refused(Reason.INDEX_SERVED, f"{name} names {target}, so it is not removed")


def _taken(new: str) -> Refused:
    return Refused(Reason.NAME_TAKEN, f"there is something by the name {new} already; remove it")


def _moved(alias: str, expected: str | None, found: tuple[str, ...]) -> ChangedUnderneath:
    return ChangedUnderneath(
        Reason.ALIAS_MOVED,
        f"{alias} names {', '.join(found) or 'nothing'} and not {expected or 'nothing'} any more; "
        "it was left as it is",
    )
