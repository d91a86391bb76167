"""MirrorHold: staging, or single components of it, must be left alone for a while."""

from stagingmirror.api.model import Model


class MirrorHoldSpec(Model):
    mirrors: tuple[str, ...] = ()
    """Omitted: every mirror of the namespace."""
    components: tuple[str, ...] = ()
    """Omitted: the whole mirror is left alone; differences count as always."""
    reason: str
    until: str
    """RFC 3339."""
