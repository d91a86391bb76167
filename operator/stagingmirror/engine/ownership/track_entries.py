"""What the kinds say of entries of ``track``, also for entries whose kind is not known here."""

from stagingmirror.api.spec.mirror import StagingMirrorSpec, Track
from stagingmirror.component import Kind, Sides
from stagingmirror.components import CATALOGUE
from stagingmirror.drift.facts import Why
from stagingmirror.drift.places import Place, RegistryAlias


def kind_of(track: Track) -> Kind | None:
    return None if track.kind is None else CATALOGUE.get(track.kind)


def problem(track: Track, sides: Sides, *, same_registry: bool | None) -> Why | None:
    """Why this entry cannot be judged at all, with the remedy."""
    kind = kind_of(track)
    return None if kind is None else kind.problems(track, sides, same_registry=same_registry)


def refusal(track: Track, sides: Sides) -> Why | None:
    """Why no refresh can follow this entry, though it is compared; None where it only reports."""
    kind = kind_of(track)
    if kind is None or track.effective_mode == "Report":
        return None
    return kind.refusal(track, sides)


def written(track: Track, sides: Sides) -> frozenset[Place]:
    """What a refresh of this entry writes; nothing where it only reports."""
    kind = kind_of(track)
    if kind is None or track.effective_mode == "Report":
        return frozenset()
    return kind.writes(track, sides)


def all_written(spec: StagingMirrorSpec, sides: Sides) -> frozenset[Place]:
    """What a refresh of this mirror may write."""
    if spec.refresh is None:
        return frozenset()
    return frozenset().union(*(written(track, sides) for track in spec.track))


def all_named(spec: StagingMirrorSpec, sides: Sides) -> frozenset[RegistryAlias]:
    """The aliases that this mirror names as production's; nothing may ever write to them."""
    kinds = ((track, kind_of(track)) for track in spec.track)
    found = (kind.names(track, sides) for track, kind in kinds if kind is not None)
    return frozenset().union(*found)
