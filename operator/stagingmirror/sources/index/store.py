"""The contract of an index store: what is read of production's and of staging's, and what is
written in staging's.

One folder for each store, with a reader and a writer; production's store is never given a writer.
An alias is the name that is searched; a target is what it leads to: an index, a table, a folder.
A snapshot is a state of a target that the store itself can give again; a store without snapshots
has none.

All calls raise errors of ``errors.py``: NotAllowed (401, 403), NotThere (alias, target, snapshot),
NotSupported (this release cannot), NotAnswered (refused, 5xx, garbage, half an answer), Refused
(name taken, no room, corrupt, a later version). None of them, and no value but ``Document``, holds
the text of a document.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Protocol

from pydantic import TypeAdapter, ValidationError

from stagingmirror.errors import NotThere
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.samples import Document as Document
from stagingmirror.sources.index.samples import Sample as Sample

# Called with what is done and the total, in bytes or documents.
Progressing = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class VectorField:
    """``metric``: cosine, ip or l2; ``index``: how it is searched, e.g. ``hnsw/lucene``. None: the
    store does not tell. ``parameters``: m, ef_construction, quantization, …
    """

    name: str
    dimensions: int | None
    metric: str | None
    index: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a refresh leaves in the index that it made; it outlives restarts of the store."""

    environment: str
    """Production's."""
    index: str
    """Production's target."""
    snapshot: str
    """Its label."""
    taken: float
    """When production's snapshot was taken (POSIX s)."""
    refresh: str
    at: float
    documents: int
    sample: str
    """Digest of its sample as restored; see ``samples.digest_of``."""
    definition: str = ""
    """The same of how it is searched; see ``definition_digest``. Empty: an older mark."""

    masked: bool = False
    """Whether staging's masking job ran on it, and wrote."""

    def document(self) -> dict[str, str | float | int]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """Of one target, without reading its documents."""

    target: str
    vectors: tuple[VectorField, ...]
    settings: Mapping[str, str]
    """Only what changes results: analyzers, similarity, ef_search. By name as the store has it."""
    manifest: Mapping[str, str]
    """``embeddingModel`` and ``tokenizer``, as far as somebody has put them there."""
    server: str
    """Product and version."""
    built: float | None = None
    """When (POSIX s), by the store's clock."""
    content_version: str | None = None
    """Changes with each write to it. None: the store has none."""
    mark: Mark | None = None
    server_settings: Mapping[str, str] = field(default_factory=dict)
    """The same of ``settings`` that are the server's own: no restore changes them."""
    made: str | None = None
    """Another one where the target was replaced by one of its name. None: the store does not tell.
    """

    @property
    def identity(self) -> str:
        """What documents were read of: another one of its name is another."""
        return self.target if self.made is None else f"{self.target} {self.made}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``id`` is never given twice by its store; ``name`` is what people call it. ``targets``: what
    can be restored of it. ``taken``: POSIX s.
    """

    id: str
    name: str
    taken: float
    complete: bool
    targets: tuple[str, ...]
    version: str = ""
    """Of the server that took it."""
    size: int | None = None
    """Bytes, where the store tells."""
    manifest: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its identity for people: the name, and what no other snapshot of that name has."""
        return self.id if self.name == self.id else f"{self.name}/{self.id}"


@dataclass(frozen=True, slots=True)
class Room:
    """Of the fullest place that a restore may write to, in bytes. None: the store does not tell."""

    free: int
    total: int


class IndexReader(Protocol):
    """All calls are bounded in time and in the size of their answers."""

    samples_documents: ClassVar[bool]
    """False: a sample is of the files of an index, which differ between two builds of the same
    documents; it shows nothing where each side builds its own.
    """

    async def identity(self) -> str:
        """What tells this system from any other, whatever its address: the same text for the same
        system.
        """

    async def resolve(self, alias: str) -> tuple[str, ...]:
        """The targets that an alias leads to, sorted; (): there is no such alias."""

    async def facts(self, target: str) -> IndexFacts: ...

    async def snapshots(self, target: str) -> tuple[Snapshot, ...]:
        """Those that hold a target, newest first, complete or not; () where there are none.

        Raises NotSupported where the store has no snapshots.
        """

    async def count(self, target: str) -> int:
        """Its documents, exactly."""

    async def ids(self, target: str, most: int) -> tuple[str, ...]:
        """The same ones as long as the target is not written; from all over it."""

    async def sample(self, target: str, ids: Sequence[str]) -> Sample:
        """None: there is no such document."""

    async def may_write(self) -> bool | None:
        """Whether our account may change what it reads, as far as the store tells; never found out
        by writing. None: it does not tell.
        """

    async def close(self) -> None: ...


class IndexWriter(IndexReader, Protocol):
    """Staging's. ``new`` is a name that no target has yet."""

    atomic_swap: ClassVar[bool]
    """Whether ``swap`` compares and sets in one call of the store."""

    async def room(self) -> Room | None:
        """None: the store does not tell."""

    async def rehearse(
        self, snapshot: Snapshot, target: str, new: str, source: IndexReader
    ) -> None:
        """Raises what ``restore`` would raise, as far as can be known without writing: a name that
        is taken, a snapshot of a later version, one that staging's registration does not have, a
        registration that could be written to.
        """

    async def rehearse_swap(self, alias: str) -> None:
        """Raises what ``swap`` would raise for any target, as far as can be known without writing:
        an alias that we may not move, or that would lose something.
        """

    async def restore(
        self, snapshot: Snapshot, target: str, new: str, source: IndexReader, done: Progressing
    ) -> None:
        """Make ``new`` of a target of the snapshot; returns when it is whole. Called again for the
        same ``new`` it goes on, or begins again where the store cannot go on. ``source``:
        production's reader, for stores that copy through us.

        Raises Refused where the store says that it ended otherwise than whole: never the same as
        done.
        """

    async def version(self, target: str) -> str | None:
        """Another one after each write to it, also where that takes reading all of it. None: the
        store shows nothing of the kind.
        """

    def beside(self, target: str, name: str) -> str:
        """A name for what is to be where ``target`` is, e.g. in the same schema."""

    async def rename(self, former: str, new: str, done: Progressing) -> None:
        """Let what is called ``former`` be called ``new`` and have the former name no more; its
        mark may be lost. Called again it goes on. Nothing where that was done.

        Raises Refused where an alias leads to ``former``, or ``new`` is something else.
        """

    async def stamp(self, new: str, mark: Mark) -> None: ...

    async def swap(self, alias: str, expected: str | None, new: str) -> None:
        """Let an alias lead to ``new`` where it leads to ``expected`` alone; None: it does not
        exist yet. Nothing where it leads to ``new`` alone already: an answer may have been lost.

        Raises ChangedUnderneath where it leads elsewhere, and then nothing has changed.
        """

    async def unset(self, alias: str, expected: str) -> None:
        """Remove an alias that leads to ``expected`` alone: it did not exist before a refresh.
        Nothing where it is gone.

        Raises ChangedUnderneath.
        """

    async def drop(self, target: str) -> None:
        """Remove a target; nothing where it is gone.

        Raises Refused where an alias leads to it.
        """


def definition_digest(facts: IndexFacts) -> str:
    """One text for how an index is searched, and for what made its vectors."""
    vectors = [
        (each.name, each.dimensions, each.metric, each.index, sorted(each.parameters.items()))
        for each in facts.vectors
    ]
    whole = repr((vectors, sorted(facts.settings.items()), sorted(facts.manifest.items())))
    return hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()[:32]


async def is_free(reader: IndexReader, name: str) -> bool:
    """Whether no target has this name."""
    try:
        await reader.facts(name)
    except NotThere as error:
        if error.reason != Reason.INDEX_MISSING:
            raise
        return True
    return False


_MARK: TypeAdapter[Mark] = TypeAdapter(Mark)
# Bytes of a mark that are parsed.
_LARGEST_MARK = 8 * 1024


def mark_in(found: object) -> Mark | None:
    """The mark in a document that anybody may have written; None: it holds none that is whole."""
    try:
        mark = _MARK.validate_python(found)
    except ValidationError:
        return None
    is_whole = math.isfinite(mark.taken) and math.isfinite(mark.at)
    return mark if is_whole and len(repr(mark)) <= _LARGEST_MARK else None
