"""When the bytes of folders are read, and what is known of them in between.

A folder of files is read once, however many versions, aliases and mirrors lead to it. The store's
listing of it is requested every ``store_interval``; a change makes the hash unknown until the bytes
were read again. All bytes are read again every ``content_interval``, unless the listing shows each
write (``Files.shows_writes``).

**On request** all bytes are read twice at once, and from then on once per ``least_interval``, at
least four times as long apart as reading them took. One reading serves every request that came
before it began.

**Over a restart.** ``Content`` is exported, and adopted by the next process before the folder is
first wanted. It counts once the store's listing has
the same fingerprint (``Content.listing``), MLmodel and requirements.txt still have their hashes,
and ``content_interval`` has not passed since ``Content.read``; else all bytes are read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from math import inf

import structlog

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotAnswered, NotRead, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import Files, StoredFile
from stagingmirror.sources.content.folder import Folder, is_known
from stagingmirror.sources.content.hashing import (
    BytesRead,
    Texts,
    read_bytes,
    read_texts,
)
from stagingmirror.sources.content.steady import Room, steadily
from stagingmirror.sources.content.subjects import Content

log = structlog.get_logger(__name__)

INTERNAL = Why(
    Reason.INTERNAL_ERROR,
    "the operator failed on this store; its log has the trace, please report",
)
# Seconds after a failed reading before the next.
_RETRY = 30.0
# Folders that are kept though nothing leads to them now, and files in all of these: where one is
# wanted again, its bytes are not read anew.
_LEFT, _LEFT_FILES = 64, 50_000


class ContentPoller:
    """Folders by name. ``files`` gives those of a folder, or raises why it cannot be read.
    ``changed(root)`` is called when what is known of a folder changed. ``store_of`` is the name of
    what keeps a folder: what is slow holds up none of another store.
    """

    def __init__(
        self,
        files: Callable[[str], Files],
        *,
        clock: Callable[[], float],
        store_interval: float,
        changed: Callable[[str], None],
        store_of: Callable[[str], str],
    ) -> None:
        self._files = files
        self._clock = clock
        self._store_interval = store_interval
        self._changed = changed
        self._folders: dict[str, Folder] = {}
        # Those that are not wanted now, the newest last.
        self._left: dict[str, Folder] = {}
        self._rooms: dict[str, Room] = {}
        self._store_of = store_of
        self._content_interval = 86_400.0
        self._max_bytes = 50 * 1024**3
        self._least_interval = 0.0

    def bound(self, *, content_interval: float, max_bytes: int, least_interval: float) -> None:
        """How old a hash may be (s), up to how many bytes a folder is read, and for
        ``least_interval`` (s) see the top.
        """
        if max_bytes != self._max_bytes:
            for folder in self._folders.values():
                folder.listed = 0.0
        self._content_interval, self._max_bytes = content_interval, max_bytes
        self._least_interval = least_interval

    def shown(self, root: str) -> tuple[Content | Unseen, Texts, Why | None]:
        """Content (or why there is none), texts, and the trouble of the newest request."""
        return self.folder(root).shown()

    def adopt(self, root: str, content: Content) -> None:
        """See the top. Does nothing where the bytes are known already, or these are another
        folder's.
        """
        folder = self.folder(root)
        if folder.content is None and content.root == root:
            folder.content, folder.former, folder.adopted = content, content, True

    def doubt(self, root: str) -> None:
        """The bytes may be others than those that are known: not shown until read anew, at once."""
        folder = self._folders.get(root) or self._left.get(root)
        if folder is None or folder.content is None:
            return
        self._drop(folder)
        folder.content = folder.trouble = None
        if root in self._folders:
            self._start(folder, since=None)
            self._changed(root)

    def tend(self, roots: Mapping[str, float | None]) -> None:
        """Start what is due for these folders, and drop all others. Does not wait. Each has the
        seconds between two listings of it; None: ``store_interval``.
        """
        for root in self._folders.keys() - roots.keys():
            self._leave(self._folders.pop(root))
        now = self._clock()
        for root, every in roots.items():
            folder = self.folder(root)
            folder.every = every
            if self._is_due(folder, now):
                self._start(folder, since=None)

    async def prove(self, roots: Iterable[str], *, since: float, bytes_too: bool) -> None:
        """List the store anew where it was last listed before ``since``; read all bytes anew where
        they were last read before it, if ``bytes_too``. Waits for that, and raises NotRead where
        bytes could not be read: until they were, that is a trouble of what is shown. Raises
        NotAnswered where reading was given up in between.
        """
        folders = [self.folder(root) for root in roots]
        await asyncio.gather(
            *(self._prove(folder, since=since, bytes_too=bytes_too) for folder in folders)
        )
        unread = [
            folder.trouble
            for folder in folders
            if bytes_too and folder.unseen is None and not folder.was_read(since)
        ]
        if None in unread:
            raise NotAnswered(Reason.NOT_READ, "reading the bytes ended early")
        for why in filter(None, unread):
            raise NotRead(why.reason, why.message)

    async def _prove(self, folder: Folder, *, since: float, bytes_too: bool) -> None:
        wait = 0.0
        while True:
            await asyncio.sleep(wait)
            # Others may prove the same: whoever comes second finds it done.
            while folder.work is not None and folder.is_busy:
                await _finished(folder.work)
            reads = bytes_too and not folder.was_read(since)
            wait = folder.until_readable(self._clock(), self._least_interval) if reads else 0.0
            if wait <= 0.0:
                break
        if folder is not self._folders.get(folder.root):
            return  # it is not wanted any more
        if reads:
            folder.requested(self._clock(), self._least_interval)
        if reads or folder.listed < since:
            await _finished(self._start(folder, since=since if reads else None))

    async def close(self) -> None:
        self.stop()

    def stop(self) -> None:
        """Without waiting for what is read now to end."""
        for folder in self._folders.values():
            self._drop(folder)
        self._folders.clear()
        self._left.clear()

    def folder(self, root: str) -> Folder:
        if root not in self._folders:
            self._folders[root] = self._left.pop(root) if root in self._left else Folder(root)
        return self._folders[root]

    def _is_due(self, folder: Folder, now: float) -> bool:
        if folder.is_busy:
            return False
        if folder.trouble is not None or (folder.content is None and folder.unseen is None):
            return now >= folder.tried + _RETRY
        return now >= folder.listed + (folder.every or self._store_interval) or (
            folder.content is not None and now >= folder.content.read + self._interval_of(folder)
        )

    def _interval_of(self, folder: Folder) -> float:
        """Seconds after which bytes are read again though the listing is as it was."""
        return inf if folder.shows_writes else self._content_interval

    def _start(self, folder: Folder, *, since: float | None) -> asyncio.Task[None]:
        """``since``: the bytes must have been read at this time or later."""
        folder.demanded = max(folder.demanded, since or 0.0)
        folder.work = asyncio.create_task(self._check(folder))
        return folder.work

    def _drop(self, folder: Folder) -> None:
        if folder.work is not None:
            folder.work.cancel()

    def _leave(self, folder: Folder) -> None:
        self._drop(folder)
        folder.left()
        self._left[folder.root] = folder
        while len(self._left) > _LEFT or _files_of(self._left.values()) > _LEFT_FILES:
            del self._left[next(iter(self._left))]

    async def _check(self, folder: Folder) -> None:
        """One listing of the store and, where due, one reading. Never raises but when cancelled."""
        before = self.shown(folder.root)
        folder.tried = began = self._clock()
        try:
            async with self._room(folder).listings:
                files = self._files(folder.root)
                listing = await files.listing()
                folder.shows_writes = files.shows_writes(listing)
                known = await is_known(folder.content, files, listing)
            folder.listed = began
            if not folder.saw(listing, self._max_bytes):
                await self._read_if_due(folder, files, listing, known=known)
            folder.trouble = None
        except StagingMirrorError as error:
            folder.trouble = Why(error.reason, error.message)
        except Exception:  # one folder's oddity is its own trouble, not the operator's end
            log.exception("reading a folder failed", root=folder.root)
            folder.trouble = INTERNAL
        if self.shown(folder.root) != before:
            self._changed(folder.root)

    async def _read_if_due(
        self, folder: Folder, files: Files, listing: tuple[StoredFile, ...], *, known: bool
    ) -> None:
        if not known and folder.content is not None:
            folder.content = None
            self._changed(folder.root)
        oldest = max(self._clock() - self._interval_of(folder), folder.demanded)
        content = folder.content
        is_young = content is not None and content.read >= oldest
        if content is not None and is_young and await self._stands(folder, files, content):
            return
        await self._read(folder, files, listing)

    async def _stands(self, folder: Folder, files: Files, content: Content) -> bool:
        """Whether it may be shown as it is. One from before a restart is checked first."""
        if not folder.adopted:
            return True
        texts = await read_texts(files, content.files)
        if texts is None:
            folder.content = None
            return False
        folder.texts, folder.adopted = texts, False
        return True

    async def _read(self, folder: Folder, files: Files, listing: tuple[StoredFile, ...]) -> None:
        """It is listed meanwhile: else who requests all bytes would make what others saw stale."""

        async def is_same() -> bool:
            began = self._clock()
            async with self._room(folder).listings:
                if await files.listing() != listing:
                    return False
            folder.listed = began
            return True

        began, read = await steadily(
            self._streamed(folder, files, listing),
            every=folder.every or self._store_interval,
            is_same=is_same,
        )
        folder.take(read, began)

    async def _streamed(
        self, folder: Folder, files: Files, listing: tuple[StoredFile, ...]
    ) -> tuple[float, BytesRead]:
        def progress(more: int) -> None:
            folder.done += more

        async with self._room(folder).streams.turn(folder.size):
            began = self._clock()
            try:
                return began, await read_bytes(files, listing, progress)
            finally:
                folder.took = self._clock() - began

    def _room(self, folder: Folder) -> Room:
        return self._rooms.setdefault(self._store_of(folder.root), Room())


async def _finished(work: Awaitable[None]) -> None:
    """Waits; that the work was dropped is not the waiter's end."""
    await asyncio.wait([asyncio.ensure_future(work)])


def _files_of(folders: Iterable[Folder]) -> int:
    return sum(len(each.content.files) for each in folders if each.content is not None)
