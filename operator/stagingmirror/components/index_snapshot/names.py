"""What an entry names on a side, and what both admins offer of it."""

from stagingmirror.api.spec.environment.index_store import IndexStore, store_named
from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.track.index_snapshot import IndexSnapshot
from stagingmirror.component import Side, Sides
from stagingmirror.drift.facts import Why
from stagingmirror.reading.reading import Reading
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.subjects import (
    IndexAlias,
    IndexPair,
    IndexSubject,
    ServedIndex,
)


def alias_in(entry: IndexSnapshot, side: Side) -> IndexAlias:
    named = entry.served(side.role)
    return IndexAlias(side.environment, named.store, named.alias)


def store_in(entry: IndexSnapshot, side: Side) -> IndexStore | None:
    return store_named(entry.served(side.role).store, side.spec.index_stores)


def not_offered(entry: IndexSnapshot, sides: Sides) -> Why | None:
    """Why an alias may not be read; None: both environments list theirs."""
    for side in (sides.production, sides.staging):
        named, store = entry.served(side.role), store_in(entry, side)
        if store is None:
            return Why(
                Reason.NO_INDEX_STORE,
                f'environment "{side.environment}" has no indexStores entry {named.store}; ask its '
                "owner to add it, or correct the name.",
            )
        if not store.offers(named.alias):
            return Why(
                Reason.NOT_OFFERED,
                f"alias {named.alias} is not listed in aliases of indexStores entry {named.store} "
                f'of environment "{side.environment}", so it is not read; ask its owner to list '
                "it, or correct the name.",
            )
    return None


def grants_of(entry: IndexSnapshot, sides: Sides) -> frozenset[Grant]:
    found = set[Grant]()
    for side in (sides.production, sides.staging):
        named = entry.served(side.role)
        found.add(Grant(side.role, "index_aliases", f"{named.store}/{named.alias}"))
    return frozenset(found)


def subject_of(entry: IndexSnapshot, side: Side) -> IndexSubject:
    """Documents of production are read only where they are compared, with staging's."""
    place = alias_in(entry, side)
    read = side.role == "staging" and entry.compare == "Snapshot"
    return IndexSubject(
        place.environment,
        place.store,
        place.alias,
        "IndexDocuments" if read else "IndexAlias",
    )


def pair_of(entry: IndexSnapshot, sides: Sides) -> IndexPair:
    return IndexPair(alias_in(entry, sides.production), alias_in(entry, sides.staging))


def served_in(entry: IndexSnapshot, side: Side, reading: Reading) -> ServedIndex:
    """Raises Ended (Absent, Unseen, AliasAmbiguous)."""
    place = alias_in(entry, side)
    served = reading.get(subject_of(entry, side))
    if len(served.targets) != 1:
        raise reading.unseen(
            Reason.ALIAS_AMBIGUOUS,
            f"{place} of {side.role} leads to {len(served.targets)} indexes "
            f"({', '.join(served.targets[:4])}); let it lead to one.",
        )
    return served
