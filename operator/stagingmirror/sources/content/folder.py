"""What is known of one folder of files."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from stagingmirror.drift import wording
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import Files, StoredFile
from stagingmirror.sources.content.hashing import BytesRead, Texts, fingerprint
from stagingmirror.sources.content.subjects import Content
from stagingmirror.sources.pace import Extra

# Readings on request that may come at once.
_AT_ONCE = 2
# After these the time from one to the next, in times of what the last reading took.
_APART = 4.0


@dataclass(slots=True)
class Folder:
    """One folder. Times are POSIX seconds, of when a request began."""

    root: str
    content: Content | None = None
    """The last whole reading, if the store's listing has not changed since."""
    former: Content | None = None
    """The last whole reading, whatever became of it."""
    texts: Texts = field(default_factory=Texts)
    shows_writes: bool = False
    """Whether its listing differs after any write."""
    every: float | None = None
    """Seconds between two listings; None: as for all."""
    adopted: bool = False
    """``content`` comes from before a restart and is not confirmed yet: it is not shown."""
    listed: float = 0.0
    demanded: float = 0.0
    """Bytes are wanted that were read at this time or later."""
    unseen: Why | None = None
    """Why there is no content."""
    trouble: Why | None = None
    """Why the last request failed."""
    tried: float = 0.0
    size: int = 0
    written: float | None = None
    """When the newest of its files was written, by the store's clock; None: not known."""
    done: int = 0
    took: float = 0.0
    """Seconds that the last reading of all bytes took, whatever became of it."""
    work: asyncio.Task[None] | None = None
    _requested: Extra = field(default_factory=partial(Extra, _AT_ONCE))

    @property
    def is_busy(self) -> bool:
        return self.work is not None and not self.work.done()

    def until_readable(self, now: float, least_interval: float) -> float:
        """Seconds until all bytes may be read on request once more."""
        return self._requested.at(self._apart(least_interval)) - now

    def requested(self, now: float, least_interval: float) -> None:
        """They are read on request now."""
        self._requested.spent(now, self._apart(least_interval))

    def _apart(self, least_interval: float) -> float:
        return max(least_interval, _APART * self.took)

    def left(self) -> None:
        """It is not wanted now. What is known of it counts again once the store confirms it."""
        self.adopted, self.texts = self.content is not None, Texts()
        self.listed = self.demanded = self.tried = 0.0
        self.unseen = self.trouble = self.work = None

    def saw(self, listing: Iterable[StoredFile], max_bytes: int) -> bool:
        """The store lists these files. Whether that alone shows that there is nothing to read."""
        files = tuple(listing)
        self.size, self.done, self.unseen = sum(each.size for each in files), 0, None
        self.written = max((each.written for each in files if each.written), default=None)
        if not files:
            self.unseen = Why(Reason.NO_FILES, "the model has no files in its store")
        elif self.size > max_bytes:
            self.unseen = Why(
                Reason.TOO_LARGE,
                f"the model has {wording.size(self.size)}, more than content.maxBytes of the "
                "environment; raise it to have the bytes compared",
            )
        if self.unseen is not None:
            self.content = None
        return self.unseen is not None

    def was_read(self, since: float) -> bool:
        return self.content is not None and self.content.read >= since

    def shown(self) -> tuple[Content | Unseen, Texts, Why | None]:
        """Content (or why there is none), texts, and the trouble of the newest request."""
        if self.content is not None and not self.adopted:
            return self.content, self.texts, self.trouble
        return (
            Unseen(self.unseen or self.trouble or self._reading(), self.tried),
            Texts(),
            None,
        )

    def take(self, read: BytesRead, began: float) -> None:
        """All bytes were read; ``began`` (POSIX s) is when that began."""
        changed = self._changed(read.tree_hash, began)
        self.content = Content(read.tree_hash, read.files, began, read.listing, changed, self.root)
        self.former, self.texts, self.adopted = self.content, read.texts, False

    def _changed(self, tree_hash: str, began: float) -> float | None:
        """When the bytes were first seen to be these, where others were read before."""
        if self.former is None or self.former.tree_hash == tree_hash:
            return None if self.former is None else self.former.changed
        return began

    def _reading(self) -> Why:
        """In steps of a tenth: a status is not written for every megabyte."""
        if not self.size:
            return Why(Reason.READING_BYTES, "the model's bytes are about to be read")
        tenths = 10 * self.done // self.size
        return Why(
            Reason.READING_BYTES,
            f"the model's bytes are being read: {tenths * 10} % of {wording.size(self.size)}",
        )


async def is_known(content: Content | None, files: Files, listing: tuple[StoredFile, ...]) -> bool:
    """Whether the store's listing shows the files that were read last."""
    if content is None or {f.path: f.size for f in listing} != {
        path: file.size for path, file in content.files.items()
    }:
        return False
    if content.listing == fingerprint(listing, {}):
        return True
    return content.listing == fingerprint(listing, await files.stamps(listing))
