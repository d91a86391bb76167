"""What is told of a status that was written: Events, log lines, figures."""

from collections.abc import Mapping
from typing import Any

from stagingmirror.engine.case import MirrorKey
from stagingmirror.engine.mirror import Mirror
from stagingmirror.engine.telling import Announcement, Teller
from stagingmirror.metrics import Metrics


class Chronicle:
    """Never waits."""

    def __init__(self, teller: Teller, metrics: Metrics) -> None:
        self._teller = teller
        self._metrics = metrics

    def written(self, mirror: Mirror, status: Mapping[str, Any], outcome: str) -> None:
        """A status is in the API; ``outcome`` says whether its truth changed or only its time."""
        self._metrics.status_written(outcome)
        self.shown(mirror.key, status)
        if outcome == "changed":
            before = mirror.status if mirror.seen_before else {}
            for news in self._teller.announce(mirror.key, mirror.uid, before, status):
                self._count(mirror.key, news)

    def shown(self, key: MirrorKey, status: Mapping[str, Any]) -> None:
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
        elif news.reason == "Deployed":
            self._metrics.deployed(key.namespace, key.name, str(news.fields["side"]))
