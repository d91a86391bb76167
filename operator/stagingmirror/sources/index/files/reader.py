"""Reads what a folder of an object store has of an index."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from stagingmirror.errors import NotSupported, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import MOST_FILES, Files, StoredFile
from stagingmirror.sources.content.hashing import fingerprint, read_bytes
from stagingmirror.sources.index.files import manifest as manifests
from stagingmirror.sources.index.files.faiss import HEADER, FaissHeader, header_of
from stagingmirror.sources.index.files.manifest import Manifest, ManifestVectors
from stagingmirror.sources.index.files.place import Place
from stagingmirror.sources.index.store import (
    Document,
    IndexFacts,
    Mark,
    Sample,
    Snapshot,
    VectorField,
    mark_in,
)

# What a refresh leaves in a build that it made; of production's no part of the build.
MARK = "stagingmirror.json"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=@+:-]{0,254}")
# Bytes of a pointer and of a mark.
_LARGEST_POINTER, _LARGEST_MARK = 4096, 8 * 1024
# Files whose header is read.
_MOST_HEADERS = 16
_FAISS = (".faiss", ".index")


class FilesReader:
    """See ``store.IndexReader``. A sample is of files, not of documents."""

    samples_documents: ClassVar[bool] = False

    def __init__(self, place: Place) -> None:
        self._place = place
        # SHA-256 by build, file and stamp: bytes are read again where these are others.
        self._hashes: dict[tuple[str, StoredFile], str] = {}

    async def identity(self) -> str:
        return self._place.identity

    async def resolve(self, alias: str) -> tuple[str, ...]:
        if not _NAME.fullmatch(alias):
            raise Refused(Reason.NOT_AN_ALIAS, f"{alias!a:.100} cannot be the name of an object")
        try:
            found = await self._place.read(alias, _LARGEST_POINTER)
        except NotThere as error:
            if error.reason != Reason.NOT_THERE:
                raise
            return ()
        return targets_in(alias, found.data)

    async def facts(self, target: str) -> IndexFacts:
        files, listing = await self.listed(target)
        manifest, written = await self._manifest(target, listing)
        headers = await self._headers(target, listing)
        vectors = {
            path: VectorField(path, each.dimensions, each.metric, f"{each.kind}/faiss")
            for path, each in headers.items()
        }
        for name, described in manifest.vectors.items():
            vectors[name] = _described(name, described, vectors.get(name))
        ours = tuple(each for each in listing if each.path != MARK)
        return IndexFacts(
            target=target,
            vectors=tuple(vectors[name] for name in sorted(vectors)),
            settings=manifests.shown(manifest.settings),
            manifest=manifest.named(),
            server="files",
            built=manifest.built or written,
            content_version=await _version(files, ours),
            mark=await self._mark(target, listing),
        )

    async def snapshots(self, target: str) -> tuple[Snapshot, ...]:
        """The build itself, complete once its manifest and what that names are there."""
        _, listing = await self.listed(target)
        there = {each.path: each.size for each in listing}
        newest = max((each.written or 0.0 for each in listing), default=0.0)
        if manifests.NAME not in there:
            return (
                Snapshot(
                    snapshot_id(target, b"", listing),
                    target,
                    newest,
                    complete=False,
                    targets=(target,),
                ),
            )
        found = await self._place.read(f"{target}/{manifests.NAME}", manifests.LARGEST)
        manifest = manifests.parse(found.data, target)
        return (
            Snapshot(
                snapshot_id(target, found.data, listing),
                target,
                manifest.built or found.written,
                complete=not missing_in(manifest, there),
                targets=(target,),
                size=sum(size for path, size in there.items() if path != MARK),
                manifest=manifest.named(),
            ),
        )

    async def count(self, target: str) -> int:
        """As the headers say, where all have one number; else as the manifest says."""
        _, listing = await self.listed(target)
        counted = {each.vectors for each in (await self._headers(target, listing)).values()}
        if len(counted) == 1:
            return counted.pop()
        manifest, _ = await self._manifest(target, listing)
        if manifest.documents is None:
            raise NotSupported(
                Reason.NOT_SUPPORTED,
                f"{target}: neither its files nor its manifest hold the number of documents; write "
                f"documents into {manifests.NAME}",
            )
        return manifest.documents

    async def ids(self, target: str, most: int) -> tuple[str, ...]:
        """Of files."""
        _, listing = await self.listed(target)
        paths = [each.path for each in listing if each.path != MARK]
        number = max(min(most, len(paths)), 0)
        return tuple(paths[at * len(paths) // number] for at in range(number))

    async def sample(self, target: str, ids: Sequence[str]) -> Sample:
        files, listing = await self.listed(target)
        there = {each.path: each for each in listing}
        return {
            each: Document(await self._hash(target, files, there[each])) if each in there else None
            for each in ids
        }

    async def may_write(self) -> bool | None:
        return None

    async def close(self) -> None:
        pass

    async def listed(self, target: str) -> tuple[Files, tuple[StoredFile, ...]]:
        """Raises NotThere where there are no files."""
        if not _NAME.fullmatch(target):
            raise NotThere(Reason.INDEX_MISSING, f"{target!a:.100} is not the name of a build")
        files = self._place.files(target)
        listing = await files.listing()
        if not listing:
            raise NotThere(
                Reason.INDEX_MISSING,
                f"there is no folder {target}, or nothing in it; was it moved or removed?",
            )
        return files, listing

    async def manifest_bytes(self, target: str) -> bytes:
        """Raises NotThere: it is not complete, or there is no such build."""
        try:
            return (await self._place.read(f"{target}/{manifests.NAME}", manifests.LARGEST)).data
        except NotThere as error:
            if error.reason != Reason.NOT_THERE:
                raise
            raise NotThere(
                Reason.INDEX_MISSING, f"{target} has no {manifests.NAME}, so it is not complete"
            ) from None

    async def _manifest(
        self, target: str, listing: tuple[StoredFile, ...]
    ) -> tuple[Manifest, float | None]:
        if not any(each.path == manifests.NAME for each in listing):
            return Manifest(), None
        found = await self._place.read(f"{target}/{manifests.NAME}", manifests.LARGEST)
        return manifests.parse(found.data, target), found.written

    async def _headers(
        self, target: str, listing: tuple[StoredFile, ...]
    ) -> Mapping[str, FaissHeader]:
        found = {}
        wanted = [each for each in listing if each.path.endswith(_FAISS) and each.size >= HEADER]
        for each in wanted[:_MOST_HEADERS]:
            header = header_of(await self._place.head(f"{target}/{each.path}", HEADER))
            if header is not None:
                found[each.path] = header
        return found

    async def _mark(self, target: str, listing: tuple[StoredFile, ...]) -> Mark | None:
        if not any(each.path == MARK for each in listing):
            return None
        found = await self._place.read(f"{target}/{MARK}", _LARGEST_MARK)
        try:
            return mark_in(json.loads(found.data))
        except (ValueError, RecursionError):
            return None

    async def _hash(self, target: str, files: Files, file: StoredFile) -> str:
        key = (target, file)
        found = self._hashes.pop(key, None) if files.shows_writes((file,)) else None
        if found is None:
            found = (await read_bytes(files, (file,))).files[file.path].sha256
        self._hashes[key] = found
        while len(self._hashes) > MOST_FILES:
            self._hashes.pop(next(iter(self._hashes)))
        return f"sha256:{found}"


def targets_in(alias: str, pointer: bytes) -> tuple[str, ...]:
    """A line for each build. Raises Refused where it is no pointer."""
    try:
        lines = {line.strip() for line in pointer.decode("ascii").splitlines()} - {""}
    except UnicodeDecodeError:
        lines = set()
    names = tuple(sorted(lines))
    if not names or not all(map(_NAME.fullmatch, names)):
        raise Refused(
            Reason.NOT_AN_ALIAS,
            f"the object {alias} does not name a build; it must hold one name of a folder beside "
            "it, and nothing else",
        )
    return names


def missing_in(manifest: Manifest, there: Mapping[str, int]) -> list[str]:
    """What the manifest names, and is not there with the size that it gives."""
    return [
        path
        for path, each in manifest.files.items()
        if path not in there or each.size not in (None, there[path])
    ]


async def _version(files: Files, listing: tuple[StoredFile, ...]) -> str | None:
    if not files.shows_writes(listing):
        return None
    return fingerprint(listing, await files.stamps(listing))


def snapshot_id(target: str, manifest: bytes, listing: Iterable[StoredFile]) -> str:
    """Another one for each write to the build, whether or not its manifest has hashes."""
    found = hashlib.sha256(f"{target}\n".encode() + manifest)
    for each in sorted(listing):
        if each.path != MARK:
            found.update(f"\n{each.path} {each.size} {each.stamp}".encode())
    return found.hexdigest()[:32]


def _described(name: str, said: ManifestVectors, seen: VectorField | None) -> VectorField:
    """What a header says counts before what the manifest says."""
    return VectorField(
        name,
        said.dimensions if seen is None else seen.dimensions,
        said.metric if seen is None or seen.metric is None else seen.metric,
        said.index if seen is None else seen.index,
        manifests.shown(said.parameters),
    )
