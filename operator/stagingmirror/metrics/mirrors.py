"""The series of mirrors and holds, made from their last status when they are scraped.

Ages and remaining validity are right at that moment, not at the last check; and what is gone leaves
nothing behind.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.types.times import parse_time

VERDICTS = ("InSync", "Drifted", "Held", "Unknown")
_MIRROR = ["namespace", "name"]
_MOMENTS = (
    ("next_refresh_timestamp_seconds", "When the next refresh is due.", "next_refresh_time"),
    ("last_refresh_timestamp_seconds", "When the last refresh ended.", "last_refresh_time"),
    ("in_sync_since_timestamp_seconds", "Since when it is in sync without a gap.", "in_sync_since"),
)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a status. Times are POSIX seconds."""

    sync: str
    conditions: tuple[tuple[str, str], ...]
    components: tuple[tuple[str, str, str], ...]
    valid_until: float | None
    drifted_since: float | None
    moments: tuple[float | None, ...]


class MirrorSeries(Collector):
    """May be scraped from another thread than the one that sets it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._mirrors: dict[tuple[str, str], _Kept] = {}
        self._holds: dict[tuple[str, str], float] = {}
        self._unsettled: Collection[tuple[str, str]] = ()

    def set(self, namespace: str, name: str, status: MirrorStatus) -> None:
        self._mirrors[namespace, name] = _kept(status)

    def forget(self, namespace: str, name: str) -> None:
        self._mirrors.pop((namespace, name), None)

    def set_unsettled(self, mirrors: Collection[tuple[str, str]]) -> None:
        """All mirrors whose status cannot be written now."""
        self._unsettled = mirrors

    def set_hold(self, namespace: str, name: str, until: float) -> None:
        self._holds[namespace, name] = until

    def forget_hold(self, namespace: str, name: str) -> None:
        self._holds.pop((namespace, name), None)

    def collect(self) -> Iterator[Metric]:
        now, mirrors = self._clock(), list(self._mirrors.items())
        yield _family(
            "sync",
            "The verdict: 1 for what it is.",
            [((*key, each), kept.sync == each) for key, kept in mirrors for each in VERDICTS],
            "sync",
        )
        yield _family(
            "condition",
            "1 for the status that a condition has.",
            [((*key, *each), 1.0) for key, kept in mirrors for each in kept.conditions],
            *("type", "status"),
        )
        yield _family(
            "component_verdict",
            "1 for the verdict that a component has.",
            [((*key, *each), 1.0) for key, kept in mirrors for each in kept.components],
            *("component", "kind", "verdict"),
        )
        yield _family(
            "drift_age_seconds",
            "For how long it has drifted.",
            [(key, _since(now, kept.drifted_since)) for key, kept in mirrors],
        )
        yield _family(
            "valid_seconds",
            "For how long its status may still be believed; below zero: no more.",
            [(key, _since(kept.valid_until, now)) for key, kept in mirrors],
        )
        for place, (name, about, _) in enumerate(_MOMENTS):
            yield _family(name, about, [(key, kept.moments[place]) for key, kept in mirrors])
        yield _family(
            "unsettled",
            "1 where the status cannot be written: settled-at leaves this mirror out.",
            [(key, 1.0) for key in self._unsettled],
        )
        holds = [(key, until) for key, until in list(self._holds.items()) if until > now]
        yield _family("hold_expiry_timestamp_seconds", "When a hold ends.", holds)


def _kept(status: MirrorStatus) -> _Kept:
    return _Kept(
        sync=status.sync or "Unknown",
        conditions=tuple((each.type, each.status) for each in status.conditions),
        components=tuple((each.name, each.kind or "", each.verdict) for each in status.components),
        valid_until=parse_time(status.valid_until),
        drifted_since=parse_time(status.drifted_since),
        moments=tuple(parse_time(getattr(status, name)) for _, _, name in _MOMENTS),
    )


def _family(
    name: str, about: str, samples: Iterable[tuple[Sequence[str], float | None]], *labels: str
) -> Metric:
    """One family of gauges. A sample has the values of ``namespace``, ``name`` and ``labels``; one
    without a value is left out.
    """
    family = GaugeMetricFamily(f"stagingmirror_{name}", about, labels=[*_MIRROR, *labels])
    for values, value in samples:
        if value is not None:
            family.add_metric(values, value)
    return family


def _since(later: float | None, earlier: float | None) -> float | None:
    return None if later is None or earlier is None else later - earlier
