"""Two stores of one product, production's and staging's, as the conformance suite uses them."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from stagingmirror.sources.index.store import IndexReader, IndexWriter

# Stands in every document; it is in no error and no fact.
PLANTED = "hush-hush of a document"
DIMENSIONS = 8
MODEL = "mini-lm@a1"
Side = Literal["production", "staging"]


@dataclass(frozen=True)
class Traits:
    """What a product cannot do, or does otherwise."""

    metric: str = "cosine"
    settings: bool = True
    """Whether facts show settings."""
    two_targets: bool = True
    """Whether an alias can lead to two."""
    snapshots: bool = True
    """Whether its snapshots are followed."""


class ReadingGround(Protocol):
    """``production`` has the smallest rights to read, and ``staging`` where it is only compared."""

    @property
    def production(self) -> IndexReader: ...

    @property
    def staging(self) -> IndexReader: ...

    @property
    def traits(self) -> Traits: ...

    async def begin(self) -> None:
        """Before all else."""

    async def make(self, side: Side, name: str, documents: int) -> None:
        """An index with its manifest (embeddingModel), as whoever builds it; of production's
        there is a complete snapshot.
        """

    async def point(self, side: Side, alias: str, *names: str) -> None:
        """Let an alias lead to these."""

    async def edit(self, side: Side, name: str) -> None:
        """Change what is in every sample."""

    def as_account(self, account: Literal["wrong", "no rights", "read only"]) -> IndexReader:
        """Staging's, as somebody else: with credentials that are none, with ones that may do
        nothing, with ones that may read.
        """

    def stopped(self) -> AbstractAsyncContextManager[None]:
        """Staging's accepts connections and answers nothing."""

    async def close(self) -> None: ...


class Ground(ReadingGround, Protocol):
    """``staging`` has the smallest rights to refresh."""

    @property
    def staging(self) -> IndexWriter: ...

    async def half(self, name: str, documents: int) -> None:
        """An index of production's of which there is no complete snapshot."""

    def as_account(self, account: Literal["wrong", "no rights", "read only"]) -> IndexWriter: ...
