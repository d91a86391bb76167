"""Announcements: one log line and a Kubernetes Event each, only where something changed.

What is news is found by comparing two statuses (``changes``), so every leader announces the same.
The log has everything; Events are few, and one that cannot be written is dropped: the status is
the truth, Events are a courtesy.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

import structlog

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.truncation import ended
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.engine.resources.mirror import Mirror, MirrorKey
from stagingmirror.engine.status.changes import MAX_MESSAGE, Announcement, changes
from stagingmirror.errors import StagingMirrorError
from stagingmirror.metrics import Metrics
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime

REPORTER = "stagingmirror"
# Events that may wait to be written; further ones are dropped, the log has them.
WAITING = 1000
BURST = 20
# A mirror may have so many Events at once, and one more after each so many seconds. What calls for
# a human, or ends a refresh, has an allowance of its own, so that no flood of others swallows it.
REFILL = 30.0
RESERVED: frozenset[str] = frozenset(
    {
        Reason.ACCEPTANCE_ENDS,
        Reason.CONTENDED,
        Reason.DRIFT_OVERDUE,
        Reason.REFRESH_FAILED,
        Reason.REFRESH_STARTED,
        Reason.REFRESH_SUCCEEDED,
        Reason.ROLLBACK_INCOMPLETE,
        Reason.STALLED,
    }
)
# Seconds in which the same sentence about the same mirror, and the same occasion, is no second
# Event.
QUIET = 600.0
# Sentences and mirrors that are remembered for this.
REMEMBERED = 10_000

log = structlog.get_logger(__name__)


class Requests(Protocol):
    """The little that is needed of the cluster client."""

    async def request(
        self, method: str, path: str, *, body: object | None = None
    ) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class _Allowance:
    left: float
    at: float


class EventRecorder:
    """Call ``emit`` or ``announce`` from anywhere (they never wait); ``run`` writes the Events."""

    def __init__(
        self,
        requests: Requests,
        *,
        runtime: Runtime,
        identity: str,
    ) -> None:
        self._requests = requests
        self._identity = identity
        self._runtime = runtime
        self._waiting: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(WAITING)
        self._emitted: OrderedDict[tuple[str, str, str, str], float] = OrderedDict()
        self._allowances: OrderedDict[tuple[str, bool], _Allowance] = OrderedDict()

    def emit(self, key: MirrorKey, uid: str, kind: str, reason: str, message: str) -> None:
        """An Event on the mirror and one log line, for what no status shows (``TookOver``).
        ``kind`` is Normal or Warning.
        """
        self._emit(key, uid, kind, reason, ended(message, MAX_MESSAGE), {})

    def announce(
        self, key: MirrorKey, uid: str, previous: MirrorStatus, status: MirrorStatus
    ) -> list[Announcement]:
        """Announce what is new in a status that has just been written; returns what that was."""
        news = changes(previous, status)
        for each in news:
            self._emit(key, uid, each.kind, each.reason, each.message, each.fields, each.occasion)
        return news

    async def run(self) -> None:
        """Write the Events that are waiting, for ever. Only while leading; others are dropped."""
        while True:
            namespace, body = await self._waiting.get()
            if not self._runtime.leading():
                continue
            try:
                await self._requests.request(
                    "POST", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", body=body
                )
            except StagingMirrorError as error:
                log.warning("event not written", reason=body["reason"], error=error.message)

    def _emit(
        self,
        key: MirrorKey,
        uid: str,
        kind: str,
        reason: str,
        message: str,
        fields: Mapping[str, Any],
        occasion: str = "",
    ) -> None:
        write = log.warning if kind == "Warning" else log.info
        write(reason, namespace=key.namespace, mirror=key.name, message=message, **fields)
        now = self._runtime.clock()
        sentence = (uid, reason, message, occasion)
        if now - self._emitted.get(sentence, float("-inf")) < QUIET:
            return
        _remember(self._emitted, sentence, now)
        if self._allowed((uid, reason in RESERVED), now) and not self._waiting.full():
            body = _event(key, uid, kind, reason, message, now, self._identity)
            self._waiting.put_nowait((key.namespace, body))

    def _allowed(self, whose: tuple[str, bool], now: float) -> bool:
        """Whether this mirror may have one more Event of this sort now."""
        known = self._allowances.get(whose, _Allowance(BURST, now))
        left = min(float(BURST), known.left + max(0.0, now - known.at) / REFILL)
        _remember(self._allowances, whose, _Allowance(left - 1.0 if left >= 1.0 else left, now))
        return left >= 1.0


def _remember(known: OrderedDict[Any, Any], key: object, value: object) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > REMEMBERED:
        known.popitem(last=False)


def _event(
    key: MirrorKey, uid: str, kind: str, reason: str, message: str, now: float, identity: str
) -> dict[str, Any]:
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    unique = sha256(f"{uid} {reason} {message} {moment}".encode()).hexdigest()[:16]
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": f"{key.name[:200]}.{unique}", "namespace": key.namespace},
        "eventTime": moment,
        "reportingController": REPORTER,
        "reportingInstance": identity[:128],
        "action": reason,
        "reason": reason,
        "type": kind,
        "note": message.encode()[:1024].decode(errors="ignore"),  # bytes, whatever the alphabet
        "regarding": {
            "apiVersion": API_VERSION,
            "kind": "StagingMirror",
            "namespace": key.namespace,
            "name": key.name,
            "uid": uid,
        },
    }


class ChangeReporter:
    """Never waits."""

    def __init__(self, recorder: EventRecorder, metrics: Metrics) -> None:
        self._recorder = recorder
        self._metrics = metrics

    def written(self, mirror: Mirror, status: MirrorStatus, outcome: str) -> None:
        """A status is in the API; ``outcome`` says whether its truth changed or only its time."""
        self._metrics.status_written(outcome)
        self.shown(mirror.key, status)
        if outcome == "changed":
            before = mirror.status if mirror.seen_before else MirrorStatus()
            for news in self._recorder.announce(mirror.key, mirror.uid, before, status):
                self._count(mirror.key, news)

    def shown(self, key: MirrorKey, status: MirrorStatus) -> None:
        """The status that the API has now."""
        self._metrics.mirror(key.namespace, key.name, status)

    def gone(self, key: MirrorKey) -> None:
        """The mirror is no more, and no pass over it is under way."""
        self._metrics.forget_mirror(key.namespace, key.name)

    def refused(self) -> None:
        """The API server did not take a status."""
        self._metrics.status_written("refused")

    def _count(self, key: MirrorKey, news: Announcement) -> None:
        if "refresh_result" in news.fields:
            self._metrics.refreshed(key.namespace, key.name, str(news.fields["refresh_result"]))
        elif news.reason == Reason.DEPLOYED:
            self._metrics.deployed(key.namespace, key.name, str(news.fields["side"]))
