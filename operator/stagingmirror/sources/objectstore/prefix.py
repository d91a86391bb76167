"""A folder whose small objects are read and written one by one, beside the folders in it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from obstore import exceptions

from stagingmirror.errors import ChangedUnderneath, NotSupported, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import Small, Version
from stagingmirror.sources.objectstore.files import ObjectFiles

if TYPE_CHECKING:
    from obstore import UpdateVersion


@dataclass(frozen=True, slots=True)
class Prefix:
    """See ``sources/index/files/place.py``. ``opened`` gives the folder itself, or raises why
    it cannot be used: each time, as the stores of an environment are changed.
    """

    opened: Callable[[], ObjectFiles]

    @property
    def root(self) -> ObjectFiles:
        return self.opened()

    @property
    def identity(self) -> str:
        bucket = self.root.opened()
        return f"{bucket.uri} {bucket.mark} {self.root.path}"

    def files(self, folder: str) -> ObjectFiles:
        return replace(self.root, path=self._named(folder))

    async def names(self) -> tuple[str, ...]:
        """Of the objects right below it."""
        found = await self.root.opened().names_in(self.root.path)
        return tuple(sorted(each.rpartition("/")[2] for each in found))

    async def read(self, path: str, most: int) -> Small:
        """Raises NotThere, and Refused where it has more bytes than ``most``."""
        bucket, name = self.root.opened(), self._named(path)
        store = await bucket.client()
        with bucket.call("get", f" of {name}"):
            answer = await store.get_async(name)
            meta = answer.meta
            if meta["size"] > most:
                raise Refused(
                    Reason.TOO_LARGE, f"{path} has {meta['size']} bytes, more than {most}"
                )
            data = bytes(await answer.bytes_async())
            version = Version(meta["e_tag"] or "", meta["version"] or "")
            return Small(data, version, meta["last_modified"].timestamp())

    async def head(self, path: str, size: int) -> bytes:
        """Its first bytes. Raises NotThere."""
        bucket, name = self.root.opened(), self._named(path)
        store = await bucket.client()
        with bucket.call("get", f" of {name}"):
            answer = await store.get_async(name, options={"range": (0, size)})
            return bytes(await answer.bytes_async())

    async def put(self, path: str, data: bytes, replaced: Version | None) -> None:
        """Write an object in place of this version of it; None: where there is none.

        Raises ChangedUnderneath, NotSupported where the store has no versions, and StepFailed where
        it is production's.
        """
        if replaced is not None and not (replaced.tag or replaced.number):
            raise NotSupported(
                Reason.NOT_SUPPORTED,
                f"the store shows no ETag of {path}, so it cannot be replaced without the risk of "
                "undoing what somebody else writes",
            )
        root, name = self.root, self._named(path)
        bucket = root.opened()
        store = await bucket.client()
        root.refuse_writing()
        with bucket.call("put", f" of {name}"):
            try:
                await store.put_async(
                    name,
                    data,
                    mode="create" if replaced is None else _mode(replaced),
                    use_multipart=False,
                )
            except (
                exceptions.AlreadyExistsError,
                exceptions.PreconditionError,
                FileNotFoundError,
            ):
                raise ChangedUnderneath(
                    Reason.ALIAS_MOVED, f"somebody else has written {path} meanwhile"
                ) from None

    async def remove(self, path: str) -> None:
        """Nothing where it is gone. Raises StepFailed where it is production's."""
        root, name = self.root, self._named(path)
        bucket = root.opened()
        store = await bucket.client()
        root.refuse_writing()
        with bucket.call("delete", f" of {name}"):
            try:
                await store.delete_async(name)
            except FileNotFoundError:
                return

    def refuse_writing(self) -> None:
        self.root.refuse_writing()

    def _named(self, path: str) -> str:
        return f"{self.root.path}/{path}".strip("/")


def _mode(replaced: Version) -> "UpdateVersion":
    found: UpdateVersion = {}
    if replaced.tag:
        found["e_tag"] = replaced.tag
    if replaced.number:
        found["version"] = replaced.number
    return found
