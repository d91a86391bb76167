"""What ``history`` shows: the last refreshes and skipped ticks, and the last deploys. Pure."""

from collections.abc import Iterable

from rich.text import Text

from stagingmirror.api.status.model import DeployStatus, RefreshStatus
from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import clock, span
from stagingmirror.cli.screens.text import columns, concise, line, short, symbol
from stagingmirror.components import CATALOGUE
from stagingmirror.drift.deploys import Deploy, agreed, from_dict

# The facts that a table shows of a deploy; the others are in ``-o json``.
IDENTITIES = tuple(dict.fromkeys(name for kind in CATALOGUE.values() for name in kind.headline[:3]))
# Facts that differ and are named; further ones are counted.
MAX_NAMED = 3

Row = tuple[str | Text, ...]


def history_screen(mirror: Mirror, now: float) -> list[Text]:
    """Newest first, as the status has them."""
    refreshes, deploys = mirror.status.refreshes, mirror.status.deploys
    if not refreshes and not deploys:
        return [Text(f"{mirror.name}: no refresh and no deploy was seen yet")]
    first, second = _refreshes(refreshes, now), _deploys(deploys, now)
    return [*first, *([Text("")] if first and second else []), *second]


def _refreshes(refreshes: Iterable[RefreshStatus], now: float) -> list[Text]:
    rows = [
        (
            _when(each.finished or each.started, now),
            each.trigger or "",
            each.result or each.phase or "",
            _took(each),
            concise(each.message or ""),
        )
        for each in refreshes
    ]
    return columns([("refreshed", "by", "result", "took", ""), *rows], gap=3) if rows else []


def _deploys(deploys: Iterable[DeployStatus], now: float) -> list[Text]:
    newest_first = sorted(deploys, key=lambda each: parse_time(each.at) or 0.0, reverse=True)
    rows = [_deploy(each, now) for each in newest_first]
    head: Row = ("deployed", "side", "component", "workload", "what", "")
    return columns([head, *rows], gap=3) if rows else []


def _deploy(written: DeployStatus, now: float) -> Row:
    moment = _when(written.at, now)
    deploy = from_dict(written.model_dump(by_alias=True), at=parse_time(written.at) or 0.0)
    if deploy is None:  # of another version of the operator: in its own words
        message = concise(written.message or "")
        return (moment, written.side or "", written.component or "", "", message, "")
    component, side = deploy.key
    known = deploy.provenance
    what = ", ".join(f"{name} {short(known[name])}" for name in IDENTITIES if name in known)
    return (moment, side, component, ", ".join(deploy.workloads), what, _agreement(deploy))


def _agreement(deploy: Deploy) -> Text:
    """Whether the other side ran the same, as it was seen then."""
    other = "staging" if deploy.key.side == "production" else "production"
    if not deploy.verified:
        return line(symbol("Unknown"), " not verified")
    if deploy.mismatch:
        more = len(deploy.mismatch) - MAX_NAMED
        named = ", ".join(deploy.mismatch[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
        return line(symbol("Drifted"), f" mismatch with {other}: {named}")
    mark = "Unknown" if deploy.declared else "Accepted" if deploy.accepted else "InSync"
    return line(symbol(mark), f" {agreed(deploy)}")


def _when(text: str | None, now: float) -> str:
    time = parse_time(text)
    return "" if time is None else f"{clock(time, now)} ({span(now - time)} ago)"


def _took(refresh: RefreshStatus) -> str:
    started, finished = parse_time(refresh.started), parse_time(refresh.finished)
    return "" if started is None or finished is None else span(finished - started)
