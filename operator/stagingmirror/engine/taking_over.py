"""Whose fields a refresh has taken, in words. Pure."""

from collections.abc import Iterator

from stagingmirror.cluster.fields import named
from stagingmirror.cluster.ownership import FIELD_MANAGER
from stagingmirror.drift.steps import PatchWorkload, Restart, SetConfigMapKey
from stagingmirror.engine.record import Entry


def former_owners(entry: Entry) -> Iterator[str]:
    """One sentence per field that another manager wrote before us."""
    before, step = entry.before or {}, entry.step
    match step:
        case PatchWorkload():
            for write, owner in zip(step.writes, before.get("owners") or (), strict=False):
                if _is_foreign(owner) and not isinstance(write, Restart):
                    yield f"{step.kind} {step.name}: {named(write)} was managed by {owner}"
        case SetConfigMapKey():
            if _is_foreign(before.get("owner")):
                yield f"ConfigMap {step.name}: {step.key} was managed by {before.get('owner')}"
        case _:
            return


def _is_foreign(owner: object) -> bool:
    return bool(owner) and owner != FIELD_MANAGER
