"""When the bytes of model versions are read, and what is known of them in between.

A *shelf* is one folder of files, however many versions, aliases and mirrors lead to it. What the
store says of its files is asked every ``store_interval``; a change makes the hash unknown until the
bytes were read again. All bytes are read again every ``content_interval``.

**Over a restart.** The engine keeps ``Content`` (from the view) in whatever outlives the process,
and hands it to ``adopt`` before the version is first wanted. It counts once the store's listing has
the same fingerprint (``Content.listing``), MLmodel and requirements.txt still have their hashes,
and ``content_interval`` has not passed since ``Content.read``; else all bytes are read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import structlog

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.wording import size
from stagingmirror.errors import NotAnswered, NotRead, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.client.artifacts import StoredFile, list_files, stamp
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.content.hashing import Texts, fingerprint, read_bytes, read_texts
from stagingmirror.sources.mlflow.subjects import Content

log = structlog.get_logger(__name__)

INTERNAL = Why(
    Reason.INTERNAL_ERROR,
    "the operator failed on this registry; its log has the trace, please report",
)
_RETRY = 30.0
"""Seconds after a failed reading before the next."""
_STAMPS_AT_ONCE = 4


@dataclass(slots=True)
class Folder:
    """One folder. Times are POSIX seconds, of when asking began."""

    root: str
    content: Content | None = None
    """The last whole reading, if the store still says that nothing changed."""
    texts: Texts = field(default_factory=Texts)
    adopted: bool = False
    """``content`` comes from before a restart and is not confirmed yet: it is not shown."""
    listed: float = 0.0
    demanded: float = 0.0
    """Somebody asked for bytes that were read at this time or later."""
    unseen: Why | None = None
    """Why there is no content."""
    trouble: Why | None = None
    """Why the last asking failed."""
    tried: float = 0.0
    size: int = 0
    done: int = 0
    work: asyncio.Task[None] | None = None

    def was_read(self, since: float) -> bool:
        return self.content is not None and self.content.read >= since


class ContentPoller:
    """The shelves of one server. ``changed(root)`` is called when what a shelf shows changed."""

    def __init__(
        self,
        server: MlflowServer,
        *,
        clock: Callable[[], float],
        store_interval: float,
        changed: Callable[[str], None],
    ) -> None:
        self._server = server
        self._clock = clock
        self._store_interval = store_interval
        self._changed = changed
        self._shelves: dict[str, Folder] = {}
        self._streams = asyncio.Semaphore(2)
        self._listings = asyncio.Semaphore(2)
        self._content_interval = 86_400.0
        self._max_bytes = 50 * 1024**3

    def bound(self, *, content_interval: float, max_bytes: int) -> None:
        """How old a hash may be (s), and up to how many bytes a version is read."""
        if max_bytes != self._max_bytes:
            for shelf in self._shelves.values():
                shelf.listed = 0.0
        self._content_interval, self._max_bytes = content_interval, max_bytes

    def shown(self, root: str) -> tuple[Content | Unseen, Texts, Why | None]:
        """Content (or why there is none), texts, and the trouble of the newest asking."""
        shelf = self._shelf(root)
        if shelf.content is not None and not shelf.adopted:
            return shelf.content, shelf.texts, shelf.trouble
        return Unseen(shelf.unseen or shelf.trouble or _reading(shelf), shelf.tried), Texts(), None

    def adopt(self, root: str, content: Content) -> None:
        """See the top. Does nothing where the bytes are known already."""
        shelf = self._shelf(root)
        if shelf.content is None:
            shelf.content, shelf.adopted = content, True

    def doubt(self, root: str) -> None:
        """The bytes may be others than those that are known: not shown until read anew, at once."""
        shelf = self._shelves.get(root)
        if shelf is None or shelf.content is None:
            return
        self._drop(shelf)
        shelf.content = shelf.trouble = None
        self._start(shelf, since=None)
        self._changed(root)

    def tend(self, roots: Iterable[str]) -> None:
        """Start what is due for these shelves, and drop all others. Does not wait."""
        roots = set(roots)
        for root in self._shelves.keys() - roots:
            self._drop(self._shelves.pop(root))
        now = self._clock()
        for root in roots:
            shelf = self._shelf(root)
            if self._is_due(shelf, now):
                self._start(shelf, since=None)

    async def prove(self, roots: Iterable[str], *, since: float, bytes_too: bool) -> None:
        """Ask the store anew where it was last asked before ``since``; read all bytes anew where
        they were last read before it, if ``bytes_too``. Waits for that, and raises NotRead where
        bytes could not be read: until they were, that is a trouble of what is shown. Raises
        NotAnswered where reading was given up in between.
        """
        shelves = [self._shelf(root) for root in roots]
        works = []
        for shelf in shelves:
            # Others may prove the same: whoever comes second finds it done.
            while shelf.work is not None and not shelf.work.done():
                await _finished(shelf.work)
            if shelf.listed < since or (bytes_too and not shelf.was_read(since)):
                works.append(self._start(shelf, since=since if bytes_too else None))
        await asyncio.gather(*map(_finished, works))
        unread = [
            shelf.trouble
            for shelf in shelves
            if bytes_too and shelf.unseen is None and not shelf.was_read(since)
        ]
        if None in unread:
            raise NotAnswered(Reason.NOT_READ, "reading the bytes ended early")
        for why in filter(None, unread):
            raise NotRead(why.reason, why.message)

    async def close(self) -> None:
        for shelf in self._shelves.values():
            self._drop(shelf)
        self._shelves.clear()

    def _shelf(self, root: str) -> Folder:
        return self._shelves.setdefault(root, Folder(root))

    def _is_due(self, shelf: Folder, now: float) -> bool:
        if shelf.work is not None and not shelf.work.done():
            return False
        if shelf.trouble is not None or (shelf.content is None and shelf.unseen is None):
            return now >= shelf.tried + _RETRY
        return now >= shelf.listed + self._store_interval or (
            shelf.content is not None and now >= shelf.content.read + self._content_interval
        )

    def _start(self, shelf: Folder, *, since: float | None) -> asyncio.Task[None]:
        """``since``: the bytes must have been read at this time or later."""
        shelf.demanded = max(shelf.demanded, since or 0.0)
        shelf.work = asyncio.create_task(self._look(shelf))
        return shelf.work

    def _drop(self, shelf: Folder) -> None:
        if shelf.work is not None:
            shelf.work.cancel()

    async def _look(self, shelf: Folder) -> None:
        """One asking of the store and, where due, one reading. Never raises but when cancelled."""
        before = self.shown(shelf.root)
        shelf.tried = began = self._clock()
        try:
            async with self._listings:
                listing = await list_files(self._server, shelf.root)
                known = await self._is_known(shelf, listing)
            shelf.listed = began
            if not self._settles(shelf, listing):
                await self._read_if_due(shelf, listing, known=known)
            shelf.trouble = None
        except StagingMirrorError as error:
            shelf.trouble = Why(error.reason, error.message)
        except Exception:  # one version's oddity is its own trouble, not the operator's end
            log.exception("reading a version failed", server=self._server.host, root=shelf.root)
            shelf.trouble = INTERNAL
        if self.shown(shelf.root) != before:
            self._changed(shelf.root)

    def _settles(self, shelf: Folder, listing: tuple[StoredFile, ...]) -> bool:
        """Whether the listing alone says that there is nothing to read."""
        shelf.size, shelf.done = sum(file.size for file in listing), 0
        shelf.unseen = None
        if not listing:
            shelf.unseen = Why(Reason.NO_FILES, "the version has no files in its artifact store")
        elif shelf.size > self._max_bytes:
            shelf.unseen = Why(
                Reason.TOO_LARGE,
                f"the version has {size(shelf.size)}, more than content.maxBytes of the "
                "environment; raise it to have the bytes compared",
            )
        if shelf.unseen is not None:
            shelf.content = None
        return shelf.unseen is not None

    async def _read_if_due(
        self, shelf: Folder, listing: tuple[StoredFile, ...], *, known: bool
    ) -> None:
        if not known and shelf.content is not None:
            shelf.content = None
            self._changed(shelf.root)
        oldest = max(self._clock() - self._content_interval, shelf.demanded)
        content = shelf.content
        if content is not None and content.read >= oldest and await self._stands(shelf, content):
            return
        async with self._streams:
            await self._read(shelf, listing)

    async def _is_known(self, shelf: Folder, listing: tuple[StoredFile, ...]) -> bool:
        """Whether the store says that the files are those that were read last."""
        content = shelf.content
        if content is None or {f.path: f.size for f in listing} != {
            path: file.size for path, file in content.files.items()
        }:
            return False
        if content.listing == fingerprint(listing, {}):
            return True
        return content.listing == fingerprint(listing, await self._stamps(shelf.root, listing))

    async def _stamps(self, root: str, listing: tuple[StoredFile, ...]) -> dict[str, str]:
        etags: dict[str, str] = {}
        for start in range(0, len(listing), _STAMPS_AT_ONCE):
            some = listing[start : start + _STAMPS_AT_ONCE]
            found = await asyncio.gather(*(stamp(self._server, root, f) for f in some))
            etags |= {file.path: tag for file, tag in zip(some, found, strict=True)}
        return etags

    async def _stands(self, shelf: Folder, content: Content) -> bool:
        """Whether it may be shown as it is. One from before a restart is looked at first."""
        if not shelf.adopted:
            return True
        texts = await read_texts(self._server, shelf.root, content.files)
        if texts is None:
            shelf.content = None
            return False
        shelf.texts, shelf.adopted = texts, False
        return True

    async def _read(self, shelf: Folder, listing: tuple[StoredFile, ...]) -> None:
        def progress(more: int) -> None:
            shelf.done += more

        began = self._clock()
        read = await read_bytes(self._server, shelf.root, listing, progress)
        if await list_files(self._server, shelf.root) != listing:
            raise NotAnswered(
                Reason.HALF_READ, "files changed while they were read; they are read again"
            )
        shelf.content = Content(read.tree_hash, read.files, began, read.listing)
        shelf.texts, shelf.adopted = read.texts, False


async def _finished(work: Awaitable[None]) -> None:
    """Waits; that the work was dropped is not the waiter's end."""
    await asyncio.wait([asyncio.ensure_future(work)])


def _reading(shelf: Folder) -> Why:
    """In steps of a tenth: a status is not written for every megabyte."""
    if not shelf.size:
        return Why(Reason.READING_BYTES, "the version's bytes are about to be read")
    tenths = 10 * shelf.done // shelf.size
    return Why(
        Reason.READING_BYTES,
        f"the version's bytes are being read: {tenths * 10} % of {size(shelf.size)}",
    )
