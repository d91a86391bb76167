"""What this store needs of an object store: the source of object stores has one that fulfils it."""

from typing import Protocol

from stagingmirror.sources.content.files import Small, Version, WritableFiles


class Place(Protocol):
    """A folder of an object store. Raises errors of ``errors.py`` only. All paths are below it."""

    @property
    def identity(self) -> str:
        """Endpoint, bucket and folder. Raises why the store cannot be used."""

    def files(self, folder: str) -> WritableFiles:
        """The files below a folder in it. Makes no call."""

    async def names(self) -> tuple[str, ...]:
        """Of the objects right below it, sorted."""

    async def read(self, path: str, most: int) -> Small:
        """Raises NotThere, and Refused where it has more bytes than ``most``."""

    async def head(self, path: str, size: int) -> bytes:
        """Its first bytes. Raises NotThere."""

    async def put(self, path: str, data: bytes, replaced: Version | None) -> None:
        """Write an object in place of this version of it; None: where there is none.

        Raises ChangedUnderneath, NotSupported where the store has no versions, and StepFailed where
        it is production's.
        """

    async def remove(self, path: str) -> None:
        """Nothing where it is gone. Raises StepFailed where it is production's."""

    def refuse_writing(self) -> None:
        """Raises StepFailed where it is, or may be, production's."""
