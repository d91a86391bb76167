"""The eyes: one file, or one folder, per kind; ``CATALOGUE`` names them all."""

from stagingmirror.api.spec.mirror import Track
from stagingmirror.component import Catalogue, Sides
from stagingmirror.components.model_alias import ModelAliasKind
from stagingmirror.components.pipeline_image import PipelineImageKind
from stagingmirror.components.setting import SettingKind
from stagingmirror.drift.facts import Why
from stagingmirror.drift.places import Place, RegistryAlias

CATALOGUE: Catalogue = {
    "modelAlias": ModelAliasKind(),
    "pipelineImage": PipelineImageKind(),
    "setting": SettingKind(),
}


def problems(track: Track, sides: Sides, *, same_registry: bool | None) -> Why | None:
    """Why this entry cannot be judged at all, with the remedy; None: nothing is wrong with it.

    Reasons: SameThing, NamespaceNotListed, NoRegistry, SharedRegistry, NotSharedRegistry.
    ``same_registry`` is whether both environments were proven to be one registry; None: not known.
    """
    kind = None if track.kind is None else CATALOGUE[track.kind]
    return None if kind is None else kind.problems(track, sides, same_registry=same_registry)


def writes(track: Track, sides: Sides) -> frozenset[Place]:
    """The fields and aliases of staging that a refresh of this entry writes; none where the entry
    only reports.
    """
    if track.kind is None or track.effective_mode == "Report":
        return frozenset()
    return CATALOGUE[track.kind].writes(track, sides)


def names(track: Track, sides: Sides) -> frozenset[RegistryAlias]:
    """The aliases that this entry names as production's; nothing may ever write to them."""
    return frozenset() if track.kind is None else CATALOGUE[track.kind].names(track, sides)
