"""The files below a folder of a bucket."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from stagingmirror.api.types.names import is_control
from stagingmirror.errors import NotAnswered, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import DEEPEST, Opened, StoredFile
from stagingmirror.sources.objectstore.bucket import Bucket

if TYPE_CHECKING:
    from obstore import ObjectMeta


@dataclass(frozen=True, slots=True)
class ObjectFiles:
    """``path``: of the folder, without slashes at its ends. ``opened`` gives the bucket, or raises
    why it cannot be used: each time, as credentials are rotated.
    """

    opened: Callable[[], Bucket]
    path: str
    refuse_writing: Callable[[], None]
    """Raises StepFailed where the folder may be production's."""

    def shows_writes(self, listing: tuple[StoredFile, ...]) -> bool:
        """A write gives an object another date, in seconds, and another ETag where the bytes are
        others. Some servers have no ETags.
        """
        return all(each.stamp.partition(" ")[0] for each in listing)

    async def listing(self) -> tuple[StoredFile, ...]:
        bucket = self.opened()
        files = [self._file(each, bucket.mark) for each in await bucket.objects(self.path)]
        folders = {above for each in files for above in _above(each.path)}
        markers = await self._markers(bucket, [each for each in files if each.size == 0], folders)
        found = sorted(each for each in files if each.size or each.path not in markers)
        twice = {one.path for one, other in pairwise(found) if one.path == other.path}
        if twice or (found and found[0].path == ""):
            raise Refused(
                Reason.GARBAGE,
                f"{self.path}: an object with bytes has the name of a folder; remove it",
            )
        return tuple(found)

    async def stamps(self, listing: tuple[StoredFile, ...]) -> Mapping[str, str]:
        return {each.path: each.stamp for each in listing}

    @asynccontextmanager
    async def open(self, file: StoredFile) -> AsyncIterator[Opened]:
        bucket, path = self.opened(), self._named(file.path)
        try:
            answer = await bucket.get(path)
        except NotThere as error:
            if error.reason != Reason.NOT_THERE:
                raise
            raise NotAnswered(
                Reason.HALF_READ, f"{file.path} was listed and is not there any more"
            ) from None
        meta = answer.meta
        if file.stamp and (_etag(meta), meta["size"]) != (file.stamp.split(" ")[0], file.size):
            raise NotAnswered(
                Reason.HALF_READ, f"{file.path} changed since it was listed; it is read again"
            )
        yield Opened(file.stamp, bucket.blocks(answer, file.path))

    async def put(self, file: StoredFile, chunks: AsyncGenerator[bytes, None]) -> None:
        """See ``WritableFiles``."""
        bucket = self.opened()
        self.refuse_writing()
        await bucket.put(self._named(file.path), chunks, file.size)

    async def remove(self, files: Iterable[StoredFile]) -> None:
        """Delete files, by one request. Raises StepFailed where the folder may be production's."""
        bucket = self.opened()
        self.refuse_writing()
        await bucket.delete([self._named(each.path) for each in files])

    def _file(self, found: "ObjectMeta", mark: str) -> StoredFile:
        path = found["path"].removeprefix(self.path).lstrip("/")
        if path.count("/") >= DEEPEST or any(map(is_control, path)):
            raise Refused(
                Reason.TOO_MANY_FILES if path.count("/") >= DEEPEST else Reason.GARBAGE,
                f"an object has folders deeper than {DEEPEST}, or a control character in its "
                f"name: {path!a:.200}",
            )
        modified, version = found["last_modified"], found["version"] or ""
        # Of this server: the same ETag and date elsewhere prove nothing.
        stamp = " ".join(filter(None, [modified.isoformat(), version, mark]))
        stamp = f"{_etag(found)} {stamp}"
        return StoredFile(path, found["size"], stamp, modified.timestamp())

    async def _markers(
        self, bucket: Bucket, empty: list[StoredFile], folders: set[str]
    ) -> set[str]:
        """Of the empty objects those that stores keep for a folder: their names end with a slash,
        which a listing shows only where it is of one folder.
        """
        markers = {each.path for each in empty if each.path in folders or not each.path}
        unclear = {each.path for each in empty} - markers
        for folder in sorted({path.rpartition("/")[0] for path in unclear}):
            below = self._named(folder)
            names = await bucket.names_in(below)
            markers |= {
                path
                for path in unclear
                if path.rpartition("/")[0] == folder and self._named(path) not in names
            }
        return markers

    def _named(self, path: str) -> str:
        """Its whole name in the bucket."""
        return f"{self.path}/{path}".strip("/")


def _etag(found: "ObjectMeta") -> str:
    return (found["e_tag"] or "").strip('"').replace(" ", "")


def _above(path: str) -> list[str]:
    """The folders that a file is in."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]
