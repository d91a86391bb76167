"""``indexSnapshot``: the index that search is served from."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.index_store import AliasName, store_named
from stagingmirror.api.spec.kind_spec import KindSpec, Mode
from stagingmirror.api.spec.references import OWN_NAMESPACE, WorkloadReference, all_at_home
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Duration, Label, Rule, shape

Compare = Literal["Snapshot", "Content"]


class ServedBy(Model):
    """An alias in a store that an environment lists in indexStores."""

    store: Label
    """Name of the entry in indexStores of the side's environment."""
    alias: AliasName
    """The alias that is searched: of Pgvector a view, of Files a pointer object. The entry must
    list it in aliases.
    """


class IndexSnapshot(KindSpec):
    """The index that search is served from: which snapshot, how it is searched, and whether
    somebody has changed it since it was restored.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.usedBy) || self.usedBy.all(w, !has(w.namespace))",
            message=OWN_NAMESPACE,
            holds=lambda entry: all_at_home(entry.used_by),
        ),
        Rule(
            cel="!has(self.maxBehind) || !has(self.compare) || self.compare == 'Snapshot'",
            message="maxBehind is for compare: Snapshot only; remove it",
            holds=lambda entry: entry.max_behind is None or entry.compare == "Snapshot",
        ),
        Rule(
            cel="!has(self.countTolerance) || (has(self.compare) && self.compare == 'Content')",
            message="countTolerance is for compare: Content only; remove it",
            holds=lambda entry: entry.count_tolerance is None or entry.compare == "Content",
        ),
    )

    production: ServedBy
    """Production's alias."""
    staging: ServedBy | None = None
    """Staging's. Omitted: the same names."""
    compare: Compare = "Snapshot"
    """Snapshot: staging serves production's newest snapshot. Content: staging builds its own index;
    its definition, the number of documents and a sample of them must agree.
    """
    max_lag: Duration | None = None
    """A message is added if production's newest snapshot is older than this."""
    max_behind: Duration | None = None
    """By how much staging's snapshot may be older than production's newest. Omitted: not at all."""
    count_tolerance: (
        Annotated[
            str,
            Field(max_length=10),
            shape(r"^0(\.[0-9]{1,6})?$", "write a share of the documents as a decimal, e.g. 0.01"),
        ]
        | None
    ) = None
    """The share of production's documents by which staging's number may differ, e.g. 0.01. Default:
    0.
    """
    used_by: Annotated[tuple[WorkloadReference, ...], Field(max_length=16)] = ()
    """Staging's workloads that open the index when they start: a refresh restarts them once the
    alias leads to another one.
    """

    def served(self, role: str) -> ServedBy:
        """What one side serves."""
        return self.staging if role == "staging" and self.staging is not None else self.production

    @property
    def default_mode(self) -> Mode:
        return "Refresh" if self.compare == "Snapshot" else "Report"

    def keeps(self, staging: MirrorEnvironmentSpec) -> int | None:
        store = store_named(self.served("staging").store, staging.index_stores)
        return None if store is None else store.keep
