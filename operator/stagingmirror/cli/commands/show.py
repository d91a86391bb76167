"""The commands that only read: status, diff, plan, history."""

import json
from collections.abc import Sequence
from typing import Any

from stagingmirror.cli.commands.options import fail, show
from stagingmirror.cli.read.answer import FAILED
from stagingmirror.cli.read.client import MirrorClient
from stagingmirror.cli.read.freshness import Freshness, belief
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.screens.diff import diff_screen
from stagingmirror.cli.screens.history import history_screen
from stagingmirror.cli.screens.plan import plan_screen, would_not_start
from stagingmirror.cli.screens.status import status_screen, status_table


async def status(client: MirrorClient, names: Sequence[str], *, as_json: bool) -> int:
    mirrors = await client.mirrors(names)
    settled, now = await client.settled(), await client.now()
    believed = [(mirror, belief(mirror, settled, now)) for mirror in mirrors]
    if as_json:
        show(_json([_head(*each) | {"status": _status(each[0])} for each in believed]))
    elif len(names) == 1:
        show(status_screen(*believed[0], now))
    else:
        show(status_table(believed, now, namespaces=client.everywhere))
    return 0


async def diff(client: MirrorClient, name: str, components: Sequence[str], *, as_json: bool) -> int:
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
        show(_json(_head(mirror, believed) | {"components": wanted}))
    else:
        show(diff_screen(mirror, believed, now, components))
    return 0


async def plan(client: MirrorClient, name: str, *, as_json: bool) -> int:
    mirror = await client.mirror(name)
    believed = belief(mirror, await client.settled(), await client.now())
    if as_json:
        head = _head(mirror, believed) | {"wouldNotStart": would_not_start(mirror), "plan": None}
        show(_json(head | _status(mirror, {"plan"})))
    else:
        show(plan_screen(mirror, believed))
    return 0


async def history(client: MirrorClient, name: str, *, as_json: bool) -> int:
    mirror = await client.mirror(name)
    if as_json:
        believed = belief(mirror, await client.settled(), await client.now())
        show(_json(_head(mirror, believed) | _status(mirror, {"refreshes", "deploys"})))
    else:
        show(history_screen(mirror, await client.now()))
    return 0


def _head(mirror: Mirror, believed: Freshness) -> dict[str, Any]:
    """What every JSON output begins with."""
    return {
        "namespace": mirror.namespace,
        "name": mirror.name,
        "sync": believed.sync,
        "doubt": believed.doubt,
    }


def _status(mirror: Mirror, parts: set[str] | None = None) -> dict[str, Any]:
    """The status as it is in the API, or these parts of it."""
    return mirror.status.model_dump(by_alias=True, exclude_none=True, include=parts)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
