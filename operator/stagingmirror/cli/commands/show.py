"""The commands that only read: status, diff, plan, history."""

from collections.abc import Sequence
from typing import Any

from stagingmirror.cli.commands.options import fail, show
from stagingmirror.cli.read.answer import FAILED
from stagingmirror.cli.read.client import MirrorClient
from stagingmirror.cli.read.freshness import Freshness, belief
from stagingmirror.cli.read.holds import holding
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.screens.diff import diff_screen
from stagingmirror.cli.screens.envelope import document, one_mirror
from stagingmirror.cli.screens.history import history_screen
from stagingmirror.cli.screens.hold import hold_json
from stagingmirror.cli.screens.parity import parity_json, parity_screen
from stagingmirror.cli.screens.plan import plan_screen, would_not_start
from stagingmirror.cli.screens.status import status_screen, status_table


async def status(client: MirrorClient, names: Sequence[str], *, as_json: bool, whole: bool) -> int:
    mirrors = await client.mirrors(names)
    settled, now = await client.settled(), await client.now()
    believed = [(mirror, belief(mirror, settled, now)) for mirror in mirrors]
    if not as_json and len(names) != 1:
        show(status_table(believed, now, namespaces=client.everywhere))
        return 0
    known = await client.holds_of(mirrors)
    held = [None if known is None else holding(mirror, known, now) for mirror in mirrors]
    if as_json:
        found = zip(believed, held, strict=True)
        show(
            document(
                _entry(*each, holds=hold_json(holds), status=_status(each[0]))
                for each, holds in found
            )
        )
    else:
        show(status_screen(*believed[0], now, held[0], whole=whole))
    return 0


async def diff(
    client: MirrorClient, name: str, components: Sequence[str], *, as_json: bool, whole: bool
) -> int:
    mirror = await client.mirror(name)
    known = {each.name for each in mirror.status.components}
    if unknown := [each for each in components if each not in known]:
        fail(f"{mirror.name} has no component {unknown[0]}; it has {', '.join(sorted(known))}")
        return FAILED
    settled, now = await client.settled(), await client.now()
    believed = belief(mirror, settled, now)
    if as_json:
        found = _status(mirror, {"components"}).get("components", [])
        wanted = [each for each in found if not components or each["name"] in components]
        where = _status(mirror, {"production_cluster"})
        show(document([_entry(mirror, believed, components=wanted, **where)]))
    else:
        show(diff_screen(mirror, believed, now, components, whole=whole))
    return 0


async def parity(
    client: MirrorClient, name: str, components: Sequence[str], *, as_json: bool
) -> int:
    mirror = await client.mirror(name)
    compared = [each for each in mirror.status.components if each.kind == "featureParity"]
    known = {each.name for each in compared}
    if unknown := [each for each in components if each not in known]:
        has = ", ".join(sorted(known)) or "none"
        fail(f"{mirror.name} has no featureParity {unknown[0]}; it has {has}")
        return FAILED
    if not compared and not as_json:
        fail(f"{mirror.name} has no component of kind featureParity in track")
        return FAILED
    settled, now = await client.settled(), await client.now()
    believed = belief(mirror, settled, now)
    wanted = [each for each in compared if not components or each.name in components]
    if as_json:
        show(
            document([_entry(mirror, believed, components=[parity_json(each) for each in wanted])])
        )
    else:
        show(parity_screen(wanted, believed, now))
    return 0


async def plan(client: MirrorClient, name: str, *, as_json: bool) -> int:
    mirror = await client.mirror(name)
    believed = belief(mirror, await client.settled(), await client.now())
    if as_json:
        found = {"plan": None} | _status(mirror, {"plan", "production_cluster"})
        more = {"wouldNotStart": would_not_start(mirror), **found}
        show(document([_entry(mirror, believed, **more)]))
    else:
        show(plan_screen(mirror, believed))
    return 0


async def history(client: MirrorClient, name: str, *, as_json: bool) -> int:
    mirror = await client.mirror(name)
    if as_json:
        believed = belief(mirror, await client.settled(), await client.now())
        show(document([_entry(mirror, believed, **_status(mirror, {"refreshes", "deploys"}))]))
    else:
        show(history_screen(mirror, await client.now()))
    return 0


def _entry(mirror: Mirror, believed: Freshness, **more: Any) -> dict[str, Any]:
    return one_mirror(mirror, sync=believed.sync, doubt=believed.doubt, **more)


def _status(mirror: Mirror, parts: set[str] | None = None) -> dict[str, Any]:
    """The status as it is in the API, or these parts of it."""
    return mirror.status.model_dump(by_alias=True, exclude_none=True, include=parts)
