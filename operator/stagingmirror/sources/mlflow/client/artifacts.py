"""Files of a model version through the server (``mlflow server --serve-artifacts``)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import aiohttp

from stagingmirror.errors import NotAnswered, Refused
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
        f"the version's files are kept at {parts.scheme or 'a path'}:, which this MLflow does not "
        "serve; run it with --serve-artifacts and log the version again, so that its files are at "
        "mlflow-artifacts:",
    )


async def list_files(server: MlflowServer, root: str) -> tuple[StoredFile, ...]:
    """All files below ``root``, sorted by path; empty where there is no such folder."""
    files: list[StoredFile] = []
    folders = [""]
    for folder in folders:
        query = {"path": f"{root}/{folder}".rstrip("/")}
        answer = await server.call("GET", "mlflow-artifacts/artifacts", query=query)
        for entry in answer.many("files"):
            path = f"{folder}/{_name(entry)}".lstrip("/")
            if entry.flag("is_dir"):
                folders.append(_bounded(path))
            elif path not in BOOKKEEPING:
                files.append(StoredFile(path, entry.number("file_size")))
        if len(files) > _MOST_FILES or len(folders) > _MOST_FOLDERS:
            raise Refused(
                Reason.TOO_MANY_FILES,
                f"the version has more than {_MOST_FILES} files or {_MOST_FOLDERS} folders",
            )
    return tuple(sorted(files))


async def stamp(server: MlflowServer, root: str, file: StoredFile) -> str:
    """The file's ETag, by reading one byte; nothing for an empty file, which has none to read.

    Only where reading the whole file gave an ETag: such a server sends files from its own disk;
    others fetch the whole file from their store first.
    """
    if file.size == 0:
        return ""
    path = located(root, file.path)
    async with server.get_file(path, headers={"Range": "bytes=0-0"}) as answer:
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


def _name(entry: Fields) -> str:
    """One path segment. A line end in it would forge lines of the tree hash."""
    name = entry.text("path")
    if name in (".", "..") or "/" in name or not name.isprintable():
        raise NotAnswered(Reason.GARBAGE, "MLflow's answer names a file with an impossible name")
    return name
