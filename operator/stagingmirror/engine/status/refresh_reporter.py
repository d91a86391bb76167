"""What a refresh reports beside the status: fields that it takes over, and what its rollback waits
for. That is reported at once, in the log and in a metric, also where no mirror is left to show it.
"""

import structlog

from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.status.events import EventRecorder
from stagingmirror.metrics import Metrics
from stagingmirror.reasons import Reason

log = structlog.get_logger(__name__)


class RefreshReporter:
    def __init__(self, recorder: EventRecorder, metrics: Metrics) -> None:
        self._recorder = recorder
        self._metrics = metrics
        self._logged: dict[MirrorKey, str] = {}

    def took_over(self, key: MirrorKey, uid: str, message: str) -> None:
        self._recorder.emit(key, uid, "Normal", Reason.TOOK_OVER, message)

    def removed(self, key: MirrorKey, uid: str, message: str) -> None:
        self._recorder.emit(key, uid, "Normal", Reason.COPY_REMOVED, message)

    def rollback_waits(self, key: MirrorKey, awaited: str | None) -> None:
        """Called after each step of a rollback. None: it waits for nothing, or has ended."""
        self._metrics.rollback_waits(key.namespace, key.name, waits=awaited is not None)
        if awaited is None:
            self._logged.pop(key, None)
        elif self._logged.get(key) != awaited:
            self._logged[key] = awaited
            log.warning("a rollback waits", mirror="/".join(key), why=awaited)
