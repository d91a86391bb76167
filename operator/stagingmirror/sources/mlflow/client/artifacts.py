"""Files of a model version through the server (``mlflow server --serve-artifacts``), and where they
are kept in a store that MLflow's clients reach themselves.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import aiohttp

from stagingmirror.api.types.names import is_control
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAnswered, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import (
    CHUNK,
    DEEPEST,
    MOST_FILES,
    Opened,
    StoredFile,
    WritableFiles,
)
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import Fields

_ROUTE = "/api/2.0/mlflow-artifacts/artifacts/"
_MOST_FOLDERS = 2_000
_STAMPS_AT_ONCE = 4

# Files that MLflow's client writes beside a model when it downloads a registered version: they name
# the place that it was fetched from, so they differ between copies and are no part of the bytes.
BOOKKEEPING = frozenset({"registered_model_meta"})


def root_of(server: MlflowServer, uri: str) -> str:
    """The folder behind an artifact URI, as the server's artifact endpoint wants it; the URI itself
    where an object store of the environment has it.

    Raises Refused(ArtifactsNotReadable) for a store that is reached in neither way.
    """
    parts = urlsplit(uri)
    if parts.scheme == "mlflow-artifacts" and parts.netloc in ("", server.host):
        return _clean(parts.path)
    if parts.scheme in ("http", "https") and parts.netloc == server.host and _ROUTE in parts.path:
        return _clean(parts.path.split(_ROUTE, 1)[1])
    direct = server.direct(uri)
    if isinstance(direct, Why):
        raise Refused(direct.reason, direct.message)
    if direct is not None:
        return uri
    raise Refused(
        Reason.ARTIFACTS_NOT_READABLE,
        f"its files are kept at {_place(uri)}, and MLflow at {server.host} serves only its own; "
        "list that place in objectStores of the environment, where it is one of s3, gs or Azure, "
        "or run MLflow with --serve-artifacts: what is logged from then on is served",
    )


def is_direct(root: str) -> bool:
    """Whether a root is a URI, of an object store."""
    return "://" in root


def store_of(root: str) -> str:
    """What keeps a root: the server, or a bucket."""
    return "/".join(root.split("/", 3)[:3]) if is_direct(root) else ""


def files_of(server: MlflowServer, root: str) -> WritableFiles:
    """The files below a root. Raises Refused where its object store is not one of the environment
    any more, or cannot be used.
    """
    if not is_direct(root):
        return ServedFiles(server, root)
    direct = server.direct(root)
    if isinstance(direct, Why):
        raise Refused(direct.reason, direct.message)
    if direct is None:
        raise Refused(
            Reason.ARTIFACTS_NOT_READABLE,
            f"no object store of the environment has {_place(root)} any more; list it again",
        )
    return WithoutBookkeeping(direct)


@dataclass(frozen=True, slots=True)
class ServedFiles:
    """Files that the server serves."""

    server: MlflowServer
    root: str

    def shows_writes(self, listing: tuple[StoredFile, ...]) -> bool:
        return False  # dates and ETags are not in a listing

    async def listing(self) -> tuple[StoredFile, ...]:
        files: list[StoredFile] = []
        folders = [""]
        for folder in folders:
            for entry in await self._entries(f"{self.root}/{folder}".rstrip("/")):
                path = f"{folder}/{entry.name}".lstrip("/")
                if entry.is_folder:
                    folders.append(_bounded(path))
                elif path not in BOOKKEEPING:
                    files.append(StoredFile(path, entry.size))
            if len(files) > MOST_FILES or len(folders) > _MOST_FOLDERS:
                raise Refused(
                    Reason.TOO_MANY_FILES,
                    f"the version has more than {MOST_FILES} files or {_MOST_FOLDERS} folders",
                )
        return tuple(sorted(files))

    async def stamps(self, listing: tuple[StoredFile, ...]) -> Mapping[str, str]:
        etags: dict[str, str] = {}
        for start in range(0, len(listing), _STAMPS_AT_ONCE):
            some = listing[start : start + _STAMPS_AT_ONCE]
            found = await asyncio.gather(*(self._stamp(file) for file in some))
            etags |= {file.path: tag for file, tag in zip(some, found, strict=True)}
        return etags

    def refuse_writing(self) -> None:
        """Whose a server is, is known before it is asked for its files."""

    @asynccontextmanager
    async def open(self, file: StoredFile) -> AsyncIterator[Opened]:
        async with self._served(file, {}) as answer:
            yield Opened(_etag(answer, file), _blocks(answer, self.server.block_within))

    async def put(self, file: StoredFile, chunks: AsyncGenerator[bytes, None]) -> None:
        """Upload a file of exactly this size."""
        await self.server.put_file(self._located(file), chunks, file.size)

    async def _entries(self, folder: str) -> "list[_Entry]":
        """What is in one folder, without the markers that object stores keep for folders."""
        try:
            answer = await self.server.call(
                "GET", "mlflow-artifacts/artifacts", query={"path": folder}
            )
            found = [_entry(each) for each in answer.many("files")]
        except NotAnswered as error:
            raise type(error)(error.reason, f"{error.message}; in folder {folder}") from None
        folders = {each.name for each in found if each.is_folder}
        return [
            each
            for each in found
            if each.is_folder or each.size or not (each.name in folders or each.is_marker)
        ]

    async def _stamp(self, file: StoredFile) -> str:
        """The file's ETag, by reading one byte; nothing for an empty file, which has none to read.

        Only where reading the whole file gave an ETag: such a server sends files from its own disk;
        others fetch the whole file from their store first.
        """
        if file.size == 0:
            return ""
        async with self._served(file, {"Range": "bytes=0-0"}) as answer:
            return _etag(answer, file)

    @asynccontextmanager
    async def _served(
        self, file: StoredFile, headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a GET of a file that was listed, its body not read yet."""
        async with AsyncExitStack() as stack:
            try:
                answer = await stack.enter_async_context(
                    self.server.get_file(self._located(file), headers=headers)
                )
            except (NotThere, Refused) as error:
                raise NotAnswered(
                    Reason.FILE_NOT_SERVED,
                    f"MLflow at {self.server.host} lists the version's file {file.path}, and does "
                    f"not serve it ({error.reason}); give the file a name without #, % and the "
                    "like, or wait if it was just deleted",
                ) from None
            yield answer

    def _located(self, file: StoredFile) -> str:
        return located(self.root, file.path)


def located(root: str, path: str) -> str:
    return quote(f"{root}/{path}")


@dataclass(frozen=True, slots=True)
class WithoutBookkeeping:
    """The files of a store without what MLflow's client writes beside a model."""

    inner: WritableFiles

    def shows_writes(self, listing: tuple[StoredFile, ...]) -> bool:
        return self.inner.shows_writes(listing)

    async def listing(self) -> tuple[StoredFile, ...]:
        return tuple(each for each in await self.inner.listing() if each.path not in BOOKKEEPING)

    async def stamps(self, listing: tuple[StoredFile, ...]) -> Mapping[str, str]:
        return await self.inner.stamps(listing)

    def refuse_writing(self) -> None:
        self.inner.refuse_writing()

    @asynccontextmanager
    async def open(self, file: StoredFile) -> AsyncIterator[Opened]:
        async with self.inner.open(file) as opened:
            yield opened

    async def put(self, file: StoredFile, chunks: AsyncGenerator[bytes, None]) -> None:
        await self.inner.put(file, chunks)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    size: int
    is_folder: bool

    @property
    def is_marker(self) -> bool:
        """Object stores keep an empty object for a folder, which is no file of it."""
        return self.name in ("", ".")


def _etag(answer: aiohttp.ClientResponse, file: StoredFile) -> str:
    """As plain text, whatever bytes the header has."""
    tag = answer.headers.get("ETag", "") if file.size else ""
    return tag.encode(errors="backslashreplace").decode()


async def _blocks(answer: aiohttp.ClientResponse, within: float) -> AsyncIterator[list[bytes]]:
    """The body in lists of about 1 MiB altogether, without joining them."""
    chunks = answer.content.iter_any()
    while block := await _block(chunks, within):
        yield block


async def _block(chunks: AsyncIterator[bytes], within: float) -> list[bytes]:
    """The next 1 MiB. Raises TimeoutError where it takes longer (s): the session's own timeout
    begins anew with each byte.
    """
    block: list[bytes] = []
    size = 0
    async with asyncio.timeout(within):
        async for chunk in chunks:
            block.append(chunk)
            size += len(chunk)
            if size >= CHUNK:
                break
    return block


def _clean(path: str) -> str:
    cleaned = path.strip("/")
    if ".." in cleaned.split("/") or is_direct(cleaned):
        raise NotAnswered(Reason.GARBAGE, "MLflow's answer names an impossible artifact folder")
    return cleaned


def _bounded(folder: str) -> str:
    if folder.count("/") >= DEEPEST:
        raise Refused(Reason.TOO_MANY_FILES, f"the version has folders deeper than {DEEPEST}")
    return folder


def _entry(fields: Fields) -> _Entry:
    """A name is one path segment."""
    is_folder, size = fields.flag("is_dir"), fields.number("file_size")
    name = fields.optional("path") or ""
    if not is_folder and size == 0 and name.endswith("/"):
        name = ""
    entry = _Entry(name, size, is_folder)
    if entry.is_marker and not is_folder and size == 0:
        return entry
    if entry.is_marker or name == ".." or "/" in name or any(map(is_control, name)):
        raise NotAnswered(
            Reason.GARBAGE, f"MLflow's answer names a file with an impossible name: {name!a:.200}"
        )
    return entry


def _place(uri: str) -> str:
    """Where an artifact URI leads, without credentials and without the path."""
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme or 'a path'}:{'//' + host if host else ''}"
