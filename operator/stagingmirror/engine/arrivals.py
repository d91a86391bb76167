"""Which steps of a refresh were seen to have arrived: they need no further look before the last."""

from stagingmirror.engine.record import Record


class Arrivals:
    """Per mirror, of its open refresh and since its last write. In memory: a new process asks for
    everything once more.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[object, set[str]]] = {}

    def of(self, record: Record) -> set[str]:
        """The ids of steps that have arrived, to be added to."""
        mark = (record.id, record.last_write)
        known = self._seen.get(record.uid)
        if known is None or known[0] != mark:
            known = self._seen[record.uid] = (mark, set())
        return known[1]

    def drop(self, uid: str) -> None:
        self._seen.pop(uid, None)
