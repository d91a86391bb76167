"""Which steps of a refresh have arrived: they are not verified again before all of them have."""

from dataclasses import dataclass, field

from stagingmirror.engine.refresh.record.record import Record


@dataclass(slots=True)
class Arrivals:
    """Of one mirror's open refresh, since its last write. In memory: a new process verifies every
    step once more.
    """

    _mark: object = None
    _steps: set[str] = field(default_factory=set)

    def of(self, record: Record) -> set[str]:
        """The ids of steps that have arrived, to be added to."""
        mark = (record.id, record.last_write)
        if self._mark != mark:
            self._mark, self._steps = mark, set()
        return self._steps
