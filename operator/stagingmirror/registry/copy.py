"""Brings a model version into another registry, bytes and provenance, as a version that no alias
names yet.
"""

from collections.abc import Callable
from dataclasses import dataclass

from stagingmirror.registry.server import MlflowServer


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """What to copy, and what the copy says of itself in tags ``stagingmirror.dev/…``."""

    from_model: str
    from_version: str
    to_model: str
    tree_hash: str
    """What production's bytes must be; something else there is ChangedUnderneath."""
    origin_registry: str
    """Name of the environment that the bytes come from."""
    refresh_id: str
    max_bytes: int = 50 * 1024**3


async def copy_version(
    source: MlflowServer,
    destination: MlflowServer,
    order: CopyOrder,
    *,
    clock: Callable[[], float],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """Returns the version number in the destination. Safe to call again after a crash at any point:
    a half copy is finished, a whole one is found, none is doubled.

    ``progress(done, total)`` is told bytes. Raises StepFailed (the destination refused, is full,
    read-only, or shows other bytes than were sent), ChangedUnderneath (the source's bytes are not
    ``tree_hash`` any more), NotAnswered or NotAllowed (the source).
    """
    raise NotImplementedError
