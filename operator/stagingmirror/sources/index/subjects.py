"""What kinds can observe of the index stores of an environment, and what is written in them."""

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from stagingmirror.drift.facts import Unseen
from stagingmirror.drift.places import Place
from stagingmirror.sources.index.samples import SampleComparison as SampleComparison
from stagingmirror.sources.index.store import IndexFacts as IndexFacts
from stagingmirror.sources.index.store import Mark as Mark
from stagingmirror.sources.index.store import Snapshot as Snapshot
from stagingmirror.sources.index.store import VectorField as VectorField
from stagingmirror.sources.index.store import definition_digest as definition_digest
from stagingmirror.view import Subject


@dataclass(frozen=True, slots=True)
class IndexContent:
    """What was read of an index's documents. ``read``: when that began (POSIX s)."""

    documents: int
    sample: str
    """Digest of the sample; see ``samples.digest_of``."""
    sampled: int
    read: float = field(compare=False)


@dataclass(frozen=True, slots=True)
class ServedIndex:
    """An alias and what it leads to. Without exactly one target there are neither facts, snapshots
    nor content.
    """

    targets: tuple[str, ...]
    facts: IndexFacts | None
    snapshots: tuple[Snapshot, ...] | Unseen = field(repr=False)
    """Those of its target, newest first, complete or not."""
    content: IndexContent | Unseen = field(repr=False)


@dataclass(frozen=True, slots=True)
class ComparedIndexes:
    """What was read of two indexes that are each built by their own side: production's, staging's,
    and production's again. ``targets``: their identities, and ``versions``: their content versions
    when that began (POSIX s, ``read``).
    """

    targets: tuple[str, str]
    versions: tuple[str | None, str | None]
    counts: tuple[int, int]
    """Documents of production before and after."""
    staging_count: int
    sample: SampleComparison | None
    """None: the stores show no documents that could be compared."""
    read: float = field(compare=False)


@dataclass(frozen=True, slots=True)
class IndexAlias(Place):
    """An alias of an index store. Two environments may lead to one store."""

    environment: str
    store: str
    alias: str

    def __str__(self) -> str:
        return f"alias {self.alias} of index store {self.store}"

    def anywhere(self) -> "Place":
        """Nothing but the alias: what a store is called says nothing of which one it is."""
        return replace(self, environment="", store="")


class _Alias(NamedTuple):
    environment: str
    store: str
    alias: str
    kind: Literal["IndexAlias", "IndexDocuments"] = "IndexAlias"
    """With ``IndexDocuments`` its documents are counted and sampled; else content is Unseen, unless
    somebody else wants it.
    """


class IndexSubject(_Alias, Subject[ServedIndex]):
    __slots__ = ()
    deep = "bytes"

    @property
    def parts(self) -> tuple["IndexSubject", ...]:
        return (self,)

    @property
    def reads(self) -> bool:
        return self.kind == "IndexDocuments"

    def __str__(self) -> str:
        what = "documents of alias" if self.reads else "alias"
        return f'{what} "{self.alias}" of index store "{self.store}" of "{self.environment}"'


class _Pair(NamedTuple):
    production: IndexAlias
    staging: IndexAlias


class IndexPair(_Pair, Subject[ComparedIndexes]):
    """Two indexes whose documents are compared. As old as what is known of the two aliases: what
    was read of other targets than they lead to is no answer.
    """

    __slots__ = ()
    deep = "bytes"

    @property
    def environment(self) -> str:
        return self.production.environment

    @property
    def parts(self) -> tuple[IndexSubject, ...]:
        return tuple(IndexSubject(each.environment, each.store, each.alias) for each in self)

    def __str__(self) -> str:
        return f"documents of {self.production} and of {self.staging}"
