"""Files of a model version through the server (``mlflow server --serve-artifacts``)."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from unicodedata import category
from urllib.parse import quote, urlsplit

import aiohttp

from stagingmirror.errors import NotAnswered, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.client.client import CHUNK, MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import Fields

_ROUTE = "/api/2.0/mlflow-artifacts/artifacts/"
_MOST_FILES = 10_000
_MOST_FOLDERS = 2_000
_DEEPEST = 32

# Files that MLflow's client writes beside a model when it downloads a registered version: they name
# the place that it was fetched from, so they differ between copies and are no part of the bytes.
BOOKKEEPING = frozenset({"registered_model_meta"})


@dataclass(frozen=True, slots=True, order=True)
class StoredFile:
    """What the store lists of a file, without reading it."""

    path: str
    size: int


def root_of(server: MlflowServer, uri: str) -> str:
    """The folder behind an artifact URI, as the server's artifact endpoint wants it.

    Raises Refused(ArtifactsNotReadable) for a store that is not reached through the server.
    """
    parts = urlsplit(uri)
    if parts.scheme == "mlflow-artifacts" and parts.netloc in ("", server.host):
        return _clean(parts.path)
    if parts.scheme in ("http", "https") and parts.netloc == server.host and _ROUTE in parts.path:
        return _clean(parts.path.split(_ROUTE, 1)[1])
    raise Refused(
        Reason.ARTIFACTS_NOT_READABLE,
        f"the version's files are kept at {_place(uri)}, and MLflow at {server.host} serves only "
        "its own; run it with --serve-artifacts, and log the version again through it",
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    size: int
    is_folder: bool

    @property
    def is_marker(self) -> bool:
        """Object stores keep an empty object for a folder, which is no file of it."""
        return self.name in ("", ".")


async def list_files(server: MlflowServer, root: str) -> tuple[StoredFile, ...]:
    """All files below ``root``, sorted by path; empty where there is no such folder."""
    files: list[StoredFile] = []
    folders = [""]
    for folder in folders:
        for entry in await _entries(server, f"{root}/{folder}".rstrip("/")):
            path = f"{folder}/{entry.name}".lstrip("/")
            if entry.is_folder:
                folders.append(_bounded(path))
            elif path not in BOOKKEEPING:
                files.append(StoredFile(path, entry.size))
        if len(files) > _MOST_FILES or len(folders) > _MOST_FOLDERS:
            raise Refused(
                Reason.TOO_MANY_FILES,
                f"the version has more than {_MOST_FILES} files or {_MOST_FOLDERS} folders",
            )
    return tuple(sorted(files))


async def _entries(server: MlflowServer, folder: str) -> list[_Entry]:
    """What is in one folder, without the markers that object stores keep for folders."""
    try:
        answer = await server.call("GET", "mlflow-artifacts/artifacts", query={"path": folder})
        found = [_entry(each) for each in answer.many("files")]
    except NotAnswered as error:
        raise type(error)(error.reason, f"{error.message}; in folder {folder}") from None
    folders = {each.name for each in found if each.is_folder}
    return [
        each
        for each in found
        if each.is_folder or each.size or not (each.name in folders or each.is_marker)
    ]


@asynccontextmanager
async def served(
    server: MlflowServer, root: str, file: StoredFile, headers: Mapping[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer to a GET of a file that was listed, its body not read yet."""
    async with AsyncExitStack() as stack:
        try:
            answer = await stack.enter_async_context(
                server.get_file(located(root, file.path), headers=headers)
            )
        except (NotThere, Refused) as error:
            raise NotAnswered(
                Reason.FILE_NOT_SERVED,
                f"MLflow at {server.host} lists the version's file {file.path}, and does not serve "
                f"it ({error.reason}); give the file a name without #, % and the like, or wait if "
                "it was just deleted",
            ) from None
        yield answer


async def stamp(server: MlflowServer, root: str, file: StoredFile) -> str:
    """The file's ETag, by reading one byte; nothing for an empty file, which has none to read.

    Only where reading the whole file gave an ETag: such a server sends files from its own disk;
    others fetch the whole file from their store first.
    """
    if file.size == 0:
        return ""
    async with served(server, root, file, {"Range": "bytes=0-0"}) as answer:
        return etag(answer, file)


def etag(answer: aiohttp.ClientResponse, file: StoredFile) -> str:
    """As plain text, whatever bytes the header has."""
    tag = answer.headers.get("ETag", "") if file.size else ""
    return tag.encode(errors="backslashreplace").decode()


def located(root: str, path: str) -> str:
    return quote(f"{root}/{path}")


async def blocks(answer: aiohttp.ClientResponse) -> AsyncIterator[list[bytes]]:
    """The body in lists of about 1 MiB altogether, without joining them."""
    block: list[bytes] = []
    size = 0
    async for chunk in answer.content.iter_any():
        block.append(chunk)
        size += len(chunk)
        if size >= CHUNK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _clean(path: str) -> str:
    cleaned = path.strip("/")
    if ".." in cleaned.split("/"):
        raise NotAnswered(Reason.GARBAGE, "MLflow's answer names an impossible artifact folder")
    return cleaned


def _bounded(folder: str) -> str:
    if folder.count("/") >= _DEEPEST:
        raise Refused(Reason.TOO_MANY_FILES, f"the version has folders deeper than {_DEEPEST}")
    return folder


def _entry(fields: Fields) -> _Entry:
    """A name is one path segment. A line end in it would forge lines of the tree hash."""
    is_folder, size = fields.flag("is_dir"), fields.number("file_size")
    name = fields.optional("path") or ""
    if not is_folder and size == 0 and name.endswith("/"):
        name = ""
    entry = _Entry(name, size, is_folder)
    if entry.is_marker and not is_folder and size == 0:
        return entry
    if entry.is_marker or name == ".." or "/" in name or any(map(_is_control, name)):
        raise NotAnswered(
            Reason.GARBAGE, f"MLflow's answer names a file with an impossible name: {name!a:.200}"
        )
    return entry


def _is_control(character: str) -> bool:
    return category(character) in ("Cc", "Zl", "Zp")


def _place(uri: str) -> str:
    """Where an artifact URI leads, without credentials and without the path."""
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme or 'a path'}:{'//' + host if host else ''}"
