"""The eyes: one file, or one folder, per kind; ``CATALOGUE`` names them all."""

from collections.abc import Mapping
from typing import Protocol

from stagingmirror.api.mirror import ComponentKind, Track
from stagingmirror.component import Catalogue, Kind, Sides
from stagingmirror.components.model_alias import ModelAliasKind
from stagingmirror.components.pipeline_image import PipelineImageKind
from stagingmirror.components.setting import SettingKind
from stagingmirror.drift.facts import Why
from stagingmirror.reading.places import AliasName, Write

__all__ = ["CATALOGUE", "AliasName", "Write", "names", "problems", "writes"]


class KindWithRules(Kind, Protocol):
    """A kind that also tells what CEL cannot say of an entry. Pure, without a view."""

    def problems(self, track: Track, sides: Sides, *, same_registry: bool | None) -> Why | None: ...

    def writes(self, track: Track, sides: Sides) -> frozenset[Write]: ...

    def names(self, track: Track, sides: Sides) -> frozenset[AliasName]: ...


_KINDS: Mapping[ComponentKind, KindWithRules] = {
    "modelAlias": ModelAliasKind(),
    "pipelineImage": PipelineImageKind(),
    "setting": SettingKind(),
}

CATALOGUE: Catalogue = _KINDS


def problems(track: Track, sides: Sides, *, same_registry: bool | None) -> Why | None:
    """Why this entry cannot be judged at all, with the remedy; None: nothing is wrong with it.

    Reasons: SameThing, NamespaceNotListed, NoRegistry, SharedRegistry, NotSharedRegistry.
    ``same_registry`` is whether both environments were proven to be one registry; None: not known.
    """
    kind = track.kind
    return (
        None if kind is None else _KINDS[kind].problems(track, sides, same_registry=same_registry)
    )


def writes(track: Track, sides: Sides) -> frozenset[Write]:
    """The fields and aliases of staging that a refresh of this entry writes; none where the entry
    only reports. A restart is none: two may ask for it.
    """
    kind = track.kind
    if kind is None or track.effective_mode == "Report":
        return frozenset()
    return _KINDS[kind].writes(track, sides)


def names(track: Track, sides: Sides) -> frozenset[AliasName]:
    """The aliases that this entry names as production's; nothing may ever write to them."""
    kind = track.kind
    return frozenset() if kind is None else _KINDS[kind].names(track, sides)
