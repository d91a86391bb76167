"""A rollback that waits is said once in the log, and as long as it waits in a metric."""

from typing import Any, cast

from structlog.testing import capture_logs

from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.status.events import EventRecorder
from stagingmirror.engine.status.refresh_reporter import RefreshReporter
from stagingmirror.metrics import Metrics
from support.clock import Clock
from support.operators.runtimes import a_runtime

KEY = MirrorKey("ml-staging", "fraud")


def test_what_a_rollback_waits_for_is_logged_once_and_counted_until_it_goes_on() -> None:
    metrics = Metrics(clock=lambda: 0.0, version="1")
    recorder = EventRecorder(cast("Any", None), runtime=a_runtime(Clock()), identity="pod-1")
    reporter = RefreshReporter(recorder, metrics)
    labels = {"namespace": "ml-staging", "name": "fraud"}

    def waiting() -> float | None:
        return metrics.registry.get_sample_value("stagingmirror_rollback_waiting", labels)

    with capture_logs() as logged:
        for _ in range(3):
            reporter.rollback_waits(KEY, "the Secret is not there.")
        assert waiting() == 1.0
        reporter.rollback_waits(KEY, None)
        reporter.rollback_waits(KEY, "the Secret is not there.")

    assert [each["why"] for each in logged] == ["the Secret is not there."] * 2
    assert logged[0]["mirror"] == "ml-staging/fraud"
    reporter.rollback_waits(KEY, None)
    assert waiting() is None
