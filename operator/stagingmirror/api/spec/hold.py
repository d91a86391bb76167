"""MirrorHold: staging, or single components of it, must be left alone for a while."""

from typing import Annotated

from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Label, Line, Moment, ObjectName, unique


class MirrorHoldSpec(Model):
    """What is left alone, why and until when. An expired hold does nothing."""

    mirrors: Annotated[tuple[ObjectName, ...], unique(most=64)] = ()
    """Names of the StagingMirrors that are meant. Omitted: every one of the namespace."""
    components: Annotated[tuple[Label, ...], unique(most=64)] = ()
    """Names of components that are under test: they are not refreshed and shown as Held. Omitted:
    the whole mirror is left alone, and differences count as always.
    """
    reason: Line
    """Why, for whoever meets the hold."""
    until: Moment
    """When the hold ends by itself, RFC 3339, e.g. "2026-11-25T18:00:00Z"."""
