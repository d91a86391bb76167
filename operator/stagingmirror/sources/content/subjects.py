"""What is known of the bytes in a folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class FileHash(NamedTuple):
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Content:
    """``tree_hash`` is SHA-256 over the sorted lines ``sha256 size path``."""

    tree_hash: str
    files: Mapping[str, FileHash]
    read: float
    """When the bytes were last read: when that began (POSIX s)."""
    listing: str = ""
    """Fingerprint of the store's listing of the files then; kept over a restart, it shows whether
    the bytes may have changed meanwhile.
    """
    changed: float | None = None
    """When other bytes than before were first read (POSIX s): what was started earlier may hold
    those. None: the bytes were never seen to change.
    """
    root: str = ""
    """The folder that was read: a version that was deleted and registered anew has another one."""
