"""One folder of files, whatever keeps it: the contract that reading and hashing rest on."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

MOST_FILES = 10_000
DEEPEST = 32
# Bytes that are handed on at once.
CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True, order=True)
class StoredFile:
    """What the store lists of a file, without reading it."""

    path: str
    size: int
    stamp: str = ""
    """What else its listing shows of it, and is another after each write; empty: nothing."""
    written: float | None = field(default=None, compare=False)
    """By the store's clock (POSIX s); None: it does not say."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is being read."""

    stamp: str
    """As ``Files.stamps`` has it."""
    blocks: AsyncIterator[list[bytes]]
    """The bytes, in lists of about 1 MiB altogether."""


class Version(NamedTuple):
    """Of one object: what a write of it can be bound to. Opaque; both empty: the store has none."""

    tag: str
    number: str


@dataclass(frozen=True, slots=True)
class Small:
    """An object that was read whole. ``written``: by the store's clock (POSIX s)."""

    data: bytes = field(repr=False)
    version: Version
    written: float


class Files(Protocol):
    """The files below one folder. Raises errors of ``stagingmirror.errors`` only; a file that is
    not as it was listed is NotAnswered(HalfRead).
    """

    def shows_writes(self, listing: tuple[StoredFile, ...]) -> bool:
        """Whether this listing differs after any write. Else bytes may change unseen, and are read
        again from time to time.
        """

    async def listing(self) -> tuple[StoredFile, ...]:
        """All of them, sorted by path; empty where there is no such folder. Markers that stores
        keep for folders are none.
        """

    async def stamps(self, listing: tuple[StoredFile, ...]) -> Mapping[str, str]:
        """By path: what changes where a file of the listing is written anew with the same size;
        empty text where the store shows nothing of the kind.
        """

    def open(self, file: StoredFile) -> AbstractAsyncContextManager[Opened]: ...


class WritableFiles(Files, Protocol):
    def refuse_writing(self) -> None:
        """Raises StepFailed where the folder is production's, or may be."""

    async def put(self, file: StoredFile, chunks: AsyncGenerator[bytes, None]) -> None:
        """Upload a file of exactly this size, in place of one that has its path. Raises StepFailed
        where the folder is production's.
        """
