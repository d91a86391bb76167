"""What kinds can observe of the object stores of an environment."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from stagingmirror.drift.facts import Unseen
from stagingmirror.sources.content.subjects import Content
from stagingmirror.view import Subject


@dataclass(frozen=True, slots=True)
class StoredFolder:
    """A folder that has files."""

    uri: str
    content: Content | Unseen = field(repr=False)
    written: float | None = None
    """When the newest of its files was written, by the store's clock (POSIX s)."""


class _Folder(NamedTuple):
    environment: str
    uri: str
    kind: Literal["Folder"] = "Folder"


class FolderSubject(_Folder, Subject[StoredFolder]):
    """``uri``: e.g. ``s3://bucket/folder``, without a slash at its end."""

    __slots__ = ()
    deep = "bytes"

    def __str__(self) -> str:
        return f'{self.uri} in environment "{self.environment}"'


@dataclass(frozen=True, slots=True)
class TableVersion:
    """Of a Delta table. ``written``: when its commit was, by the store's clock (POSIX s)."""

    version: int
    written: float


class _Table(NamedTuple):
    environment: str
    uri: str
    kind: Literal["Table"] = "Table"


class TableSubject(_Table, Subject[TableVersion]):
    """``uri``: of the table's folder, without a slash at its end."""

    __slots__ = ()

    def __str__(self) -> str:
        return f'table {self.uri} in environment "{self.environment}"'
