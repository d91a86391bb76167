"""Refreshes of other mirrors, also of deleted ones, that write what this mirror writes.

Claims follow specs; a record runs to its end whatever becomes of the spec that it was planned from,
so a newcomer may find a field half refreshed by one that claims it no more.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.component import Sides
from stagingmirror.drift.places import Place, SamePlace, shared
from stagingmirror.drift.steps import Step
from stagingmirror.engine.context import Context
from stagingmirror.engine.ownership.track_entries import all_compared
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.record.record_store import Records


@dataclass(frozen=True, slots=True)
class Conflicts:
    records: Records
    mirror_is_there: Callable[[str], bool]
    same_place: SamePlace

    def in_the_way(self, context: Context) -> str | None:
        """Why this mirror must wait for another's refresh; None: it need not."""
        wanted = _places(context.plan.steps) | all_compared(context.spec, context.sides)
        for record in self._open(context.mirror.uid):
            place = shared(wanted, _written(record), self.same_place)
            if place is not None:
                whose = f"{record.namespace}/{record.name}"
                return f"waits for the refresh of {whose}, which writes {place}"
        return self._unreadable(context.mirror.uid, context.mirror.key.namespace)

    def are_writing(self, uid: str, namespace: str, spec: StagingMirrorSpec, sides: Sides) -> bool:
        """Whether anything that this mirror compares may be half refreshed by another."""
        writing = [record for record in self._open(uid) if record.is_writing]
        if not writing:
            return self._unreadable(uid, namespace) is not None
        mine = all_compared(spec, sides)
        return any(shared(mine, _written(each), self.same_place) for each in writing)

    def _open(self, mirror: str) -> list[Record]:
        found = (each for each in self.records.all_open() if each.uid != mirror)
        return sorted(found, key=lambda record: (record.namespace, record.name, record.uid))

    def _unreadable(self, mirror: str, namespace: str) -> str | None:
        """What a deleted mirror of this namespace wrote is not known, so it may be anything."""
        for uid, found in sorted(self.records.all_unreadable().items()):
            if uid == mirror or not found.is_open or found.namespace != namespace:
                continue
            if not self.mirror_is_there(uid):
                return (
                    f"the record refresh-{uid} of a deleted mirror cannot be read ({found.why}), "
                    "and it may write the same; see what staging runs, then delete that ConfigMap"
                )
        return None


def _written(record: Record) -> frozenset[Place]:
    return _places(entry.step for entry in record.entries)


def _places(steps: Iterable[Step]) -> frozenset[Place]:
    """What these steps write, the loaders that they run included."""
    return frozenset(write.place for step in steps for write in step.writes())
