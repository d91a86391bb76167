"""The bytes of a folder as one hash: SHA-256 over the sorted lines ``sha256 size path``.

Files are streamed from where they are kept: memory is bounded by a few chunks, whatever the size
of the model. Hashing runs in threads of its own (hashlib lets go of the interpreter lock), so the
event loop is never blocked, and the next chunk is read while the last one is hashed.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import yaml

from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import Files, StoredFile
from stagingmirror.sources.content.subjects import FileHash

# For all stores together.
_HASHING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="hashing")
# Hashing less than this costs less than handing it to a thread.
_INLINE = 64 * 1024
# An MLmodel or requirements.txt beyond this is not read as text.
_TEXT = 256 * 1024

SIGNATURE_FILE = "MLmodel"
REQUIREMENTS_FILE = "requirements.txt"


@dataclass(frozen=True, slots=True)
class Texts:
    """The small text files of a model."""

    signature: str | None = None
    """Canonical JSON."""
    requirements: str | None = None
    """The lines without comments, sorted."""


@dataclass(frozen=True, slots=True)
class BytesRead:
    """All files of a folder, read once from beginning to end."""

    tree_hash: str
    files: Mapping[str, FileHash]
    listing: str
    """Fingerprint of sizes and stamps at the time of reading."""
    texts: Texts


class Digest:
    """SHA-256 of a stream, computed in the hashing threads. ``add`` returns at once where it can:
    at most one block waits.
    """

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self._busy: asyncio.Future[None] | None = None
        self.size = 0

    async def add(self, block: list[bytes]) -> None:
        size = sum(map(len, block))
        self.size += size
        await self._settled()
        if size < _INLINE:
            self._update(block)
        else:
            loop = asyncio.get_running_loop()
            self._busy = loop.run_in_executor(_HASHING, self._update, block)

    async def result(self) -> FileHash:
        await self._settled()
        return FileHash(self._sha.hexdigest(), self.size)

    async def _settled(self) -> None:
        if self._busy is not None:
            await self._busy
            self._busy = None

    def _update(self, block: list[bytes]) -> None:
        for chunk in block:
            self._sha.update(chunk)


async def read_bytes(
    files: Files,
    listing: Iterable[StoredFile],
    progress: Callable[[int], None] = lambda size: None,
) -> BytesRead:
    """Read and hash all files of a listing. ``progress`` receives each block's size.

    Raises NotAnswered(HalfRead) where a file does not have the size that the store reports.
    """
    hashes: dict[str, FileHash] = {}
    stamps: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    for file in listing:
        hashes[file.path], stamps[file.path], text = await _read_file(files, file, progress)
        if text is not None:
            kept[file.path] = text
    texts = await _parsed(kept)
    return BytesRead(tree_hash(hashes), hashes, fingerprint(listing, stamps), texts)


async def read_texts(files: Files, known: Mapping[str, FileHash]) -> Texts | None:
    """The texts of a folder whose hashes are known; None: a file has another hash."""
    kept: dict[str, bytes] = {}
    for path in (SIGNATURE_FILE, REQUIREMENTS_FILE):
        if path in known:
            file = StoredFile(path, known[path].size)
            read, _, text = await _read_file(files, file, lambda size: None)
            if read != known[path]:
                return None
            if text is not None:
                kept[path] = text
    return await _parsed(kept)


def tree_hash(files: Mapping[str, FileHash]) -> str:
    """``sha256:…`` over the lines ``sha256 size path``, sorted by path."""
    lines = (f"{files[path].sha256} {files[path].size} {path}\n" for path in sorted(files))
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def fingerprint(listing: Iterable[StoredFile], stamps: Mapping[str, str]) -> str:
    """Sizes and stamps of the files, as short text. ``stamps`` may be empty."""
    lines = (f"{file.size} {stamps.get(file.path, '')} {file.path}\n" for file in sorted(listing))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:32]


def texts_of(kept: Mapping[str, bytes]) -> Texts:
    return Texts(
        signature=_signature(kept[SIGNATURE_FILE]) if SIGNATURE_FILE in kept else None,
        requirements=_requirements(kept[REQUIREMENTS_FILE]) if REQUIREMENTS_FILE in kept else None,
    )


async def _parsed(kept: Mapping[str, bytes]) -> Texts:
    """Beside the loop: YAML takes its time."""
    return await asyncio.get_running_loop().run_in_executor(_HASHING, texts_of, kept)


async def _read_file(
    files: Files, file: StoredFile, progress: Callable[[int], None]
) -> tuple[FileHash, str, bytes | None]:
    keep = file.path in (SIGNATURE_FILE, REQUIREMENTS_FILE) and file.size <= _TEXT
    text = bytearray()
    digest = Digest()
    async with files.open(file) as opened:
        async for block in exactly(opened.blocks, file):
            await digest.add(block)
            progress(sum(map(len, block)))
            if keep:
                text += b"".join(block)
        found = await digest.result()
    return found, opened.stamp, bytes(text) if keep else None


async def exactly(
    blocks: AsyncIterator[list[bytes]], file: StoredFile
) -> AsyncIterator[list[bytes]]:
    """The blocks, if they are as many bytes as the store reported; else HalfRead."""
    size = 0
    async for block in blocks:
        size += sum(map(len, block))
        if size > file.size:
            break
        yield block
    if size != file.size:
        raise NotAnswered(
            Reason.HALF_READ,
            f"{file.path} came with {'more' if size > file.size else 'fewer'} bytes than the store "
            "reports; it is read again",
        )


# Everything is text in it: YAML's numbers, dates and tags fail in many ways, and some take long.
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
# Lists and mappings within each other; MLflow writes two.
_DEEPEST = 32


def _refuse_what_grows(text: bytes) -> None:
    """A few lines of references can stand for gigabytes, and nesting is read by recursion. Raises
    YAMLError.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
            raise yaml.YAMLError("references and deep nesting are not read")


def _signature(text: bytes) -> str | None:
    """The model's signature as canonical JSON; None where it has none, or none that can be read."""
    try:
        _refuse_what_grows(text)
        described = yaml.load(text, Loader=_Loader)  # noqa: S506 - it makes texts, nothing else
        signature = described.get("signature") if isinstance(described, dict) else None
        if not isinstance(signature, dict):
            return None
        parsed = {
            key: json.loads(value) if isinstance(value, str) else value
            for key, value in signature.items()
        }
        return json.dumps(parsed, sort_keys=True, separators=(",", ":"))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return None


def _requirements(text: bytes) -> str | None:
    try:
        lines = (line.split(" #")[0].strip() for line in text.decode().splitlines())
    except UnicodeDecodeError:
        return None
    return "\n".join(sorted(line for line in lines if line and not line.startswith("#")))
