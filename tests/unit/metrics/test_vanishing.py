"""The series of a mirror: all of them vanish with it, and no other's."""

import pytest

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.metrics import Metrics
from support.kinds.judged import status
from support.kinds.observations import NOW, drifted, equal, held, report


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(clock=lambda: NOW, version="0.1.0")


MIRROR_SERIES = {
    "stagingmirror_sync",
    "stagingmirror_condition",
    "stagingmirror_component_verdict",
    "stagingmirror_drift_age_seconds",
    "stagingmirror_in_sync_since_timestamp_seconds",
    "stagingmirror_valid_seconds",
    "stagingmirror_last_refresh_timestamp_seconds",
    "stagingmirror_next_refresh_timestamp_seconds",
    "stagingmirror_refreshes_total",
    "stagingmirror_deploys_total",
}
HOLD_SERIES = {"stagingmirror_hold_expiry_timestamp_seconds"}


def live(metrics: Metrics, name: str) -> None:
    """All that a mirror can go through: in sync, held, drifted, refreshed, rolled out."""
    moments = ("nextRefreshTime", "lastRefreshTime", "inSyncSince", "driftedSince")
    whole = status(report(equal(), held(), drifted()))
    metrics.mirror(
        "ml-staging", name, MirrorStatus.read(whole | dict.fromkeys(moments, whole["validUntil"]))
    )
    for result in ("Succeeded", "RolledBack", "Skipped"):
        metrics.refreshed("ml-staging", name, result)
    for side in ("production", "staging"):
        metrics.deployed("ml-staging", name, side)


def series_of(metrics: Metrics, name: str) -> set[str]:
    return {
        sample.name
        for family in metrics.registry.collect()
        for sample in family.samples
        if name in sample.labels.values()
    }


def test_everything_about_a_mirror_vanishes_with_it_and_nothing_of_another(
    metrics: Metrics,
) -> None:
    for name in ("fraud", "other"):
        live(metrics, name)
    metrics.hold("ml-staging", "ci-1", NOW + 60)
    of_mirrors = {
        sample.name
        for family in metrics.registry.collect()
        for sample in family.samples
        if "namespace" in sample.labels
    }
    # Whoever adds a series of mirrors has to add it to what is proven here.
    assert of_mirrors == MIRROR_SERIES | HOLD_SERIES
    assert series_of(metrics, "fraud") == MIRROR_SERIES

    metrics.forget_mirror("ml-staging", "fraud")

    assert series_of(metrics, "fraud") == set()
    assert series_of(metrics, "other") == MIRROR_SERIES


def test_a_mirror_of_the_same_name_elsewhere_keeps_its_series(metrics: Metrics) -> None:
    metrics.mirror("another", "fraud", MirrorStatus())
    metrics.deployed("another", "fraud", "staging")
    live(metrics, "fraud")

    metrics.forget_mirror("ml-staging", "fraud")

    kept = {"stagingmirror_sync", "stagingmirror_deploys_total"}
    assert series_of(metrics, "fraud") == series_of(metrics, "another") == kept
