"""What the kinds say of entries of ``track``. An entry whose kind is not known here writes nothing
and names nothing.
"""

from collections.abc import Iterator
from typing import Any

from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.mirror import StagingMirrorSpec, Track
from stagingmirror.api.spec.parse import as_mapping
from stagingmirror.component import Entry, Kind, Offering, Sides
from stagingmirror.components import CATALOGUE
from stagingmirror.drift.facts import Why
from stagingmirror.drift.places import Place
from stagingmirror.view import View

# A kind, and an entry of this kind.
Known = tuple[Kind[Any], Entry[Any]]


def known(track: Track) -> Known | None:
    """None: this operator does not know the kind."""
    kind = None if track.kind is None else CATALOGUE.get(track.kind)
    return None if kind is None else (kind, Entry(track.name, track.effective_mode, track.entry))


def headline_of(track: Track) -> tuple[str, ...]:
    """The facts that identify what runs, as the kind names them."""
    found = known(track)
    return () if found is None else found[0].headline


def problem(track: Track, sides: Sides, view: View) -> Why | None:
    """Why this entry cannot be judged at all, with the remedy."""
    found = known(track)
    return None if found is None else found[0].problems(found[1], sides, view)


def refusal(track: Track, sides: Sides) -> Why | None:
    """Why no refresh can follow this entry, though it is compared; None where it only reports."""
    found = _refreshed(track)
    return None if found is None else found[0].refusal(found[1], sides)


def written(track: Track, sides: Sides) -> frozenset[Place]:
    """What a refresh of this entry writes; nothing where it only reports."""
    found = _refreshed(track)
    return frozenset() if found is None else found[0].writes(found[1], sides)


def granted(track: Track, sides: Sides) -> frozenset[Grant]:
    """What both environments must grant while a refresh of this entry writes."""
    found = known(track)
    return frozenset() if found is None else found[0].grants(found[1], sides)


def all_written(spec: StagingMirrorSpec, sides: Sides) -> frozenset[Place]:
    """What a refresh of this mirror may write."""
    if spec.refresh is None:
        return frozenset()
    return frozenset().union(*(written(track, sides) for track in spec.track))


def all_compared(spec: StagingMirrorSpec, sides: Sides) -> frozenset[Place]:
    """What a refresh of its entries would write, also of those that only report."""
    return frozenset().union(*(kind.writes(entry, sides) for kind, entry in _all(spec)))


def all_production(spec: StagingMirrorSpec, sides: Sides) -> frozenset[Place]:
    """What this mirror names as production's; nothing may ever write there."""
    return frozenset().union(*(kind.production_places(entry, sides) for kind, entry in _all(spec)))


def production_in(spec: object, offers: Offering) -> frozenset[Place]:
    """The same of a spec that cannot be parsed, or whose environments cannot be used: it may be
    wrong in any way, also in these fields. ``offers``: what production's environment lets be named.
    """
    raw = as_mapping(spec)
    environment, track = as_mapping(raw.get("production")).get("environment"), raw.get("track")
    if not environment or not isinstance(track, list):
        return frozenset()
    return frozenset().union(
        *(
            kind.production_places_in(
                str(environment), offers, as_mapping(as_mapping(entry).get(name))
            )
            for entry in track
            for name, kind in CATALOGUE.items()
        )
    )


def _refreshed(track: Track) -> Known | None:
    return None if track.effective_mode == "Report" else known(track)


def _all(spec: StagingMirrorSpec) -> Iterator[Known]:
    return (found for track in spec.track if (found := known(track)) is not None)
