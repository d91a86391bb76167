"""What ``history`` shows: the last refreshes and skipped ticks, and the last deploys. Pure."""

from collections.abc import Iterable

from rich.text import Text

from stagingmirror.api.status_schema import DeployTold, RefreshTold
from stagingmirror.cli.ages import clock, span
from stagingmirror.cli.lines import columns
from stagingmirror.cli.mirror import Mirror, at


def history_screen(mirror: Mirror, now: float) -> list[Text]:
    """Newest first, as the status has them."""
    refreshes, deploys = mirror.status.refreshes, mirror.status.deploys
    if not refreshes and not deploys:
        return [Text(f"{mirror.name}: no refresh and no deploy was seen yet")]
    return [*_refreshes(refreshes, now), *_deploys(deploys, now)]


def _refreshes(refreshes: Iterable[RefreshTold], now: float) -> list[Text]:
    rows = [
        (
            _when(each.finished or each.started, now),
            each.trigger or "",
            each.result or each.phase or "",
            _took(each),
            each.message or "",
        )
        for each in refreshes
    ]
    head = ("refreshed", "by", "result", "took", "")
    return columns([head, *rows], gap=3) if rows else []


def _deploys(deploys: Iterable[DeployTold], now: float) -> list[Text]:
    rows = [
        (_when(each.at, now), each.side or "", each.component or "", each.message or "")
        for each in deploys
    ]
    return (
        [Text(""), *columns([("deployed", "side", "component", ""), *rows], gap=3)] if rows else []
    )


def _when(text: str | None, now: float) -> str:
    time = at(text)
    return "" if time is None else f"{clock(time, now)} ({span(now - time)} ago)"


def _took(refresh: RefreshTold) -> str:
    started, finished = at(refresh.started), at(refresh.finished)
    return "" if started is None or finished is None else span(finished - started)
