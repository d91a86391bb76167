"""The commands that only look: status, diff, plan, history."""

import json
from collections.abc import Sequence
from time import time

from stagingmirror.cli.answer import FAILED
from stagingmirror.cli.belief import belief
from stagingmirror.cli.desk import Desk
from stagingmirror.cli.diff_screen import diff_screen
from stagingmirror.cli.history_screen import history_screen
from stagingmirror.cli.plan_screen import plan_screen
from stagingmirror.cli.reaching import fail, show
from stagingmirror.cli.status_screen import status_screen, status_table


async def status(desk: Desk, names: Sequence[str], *, as_json: bool) -> int:
    mirrors = await desk.mirrors(names)
    settled, now = await desk.settled(), time()
    believed = [(mirror, belief(mirror, settled, now)) for mirror in mirrors]
    if as_json:
        told = [
            {
                "namespace": mirror.namespace,
                "name": mirror.name,
                "sync": each.sync,
                "doubt": each.doubt,
                "status": mirror.status.model_dump(by_alias=True, exclude_none=True),
            }
            for mirror, each in believed
        ]
        show(json.dumps(told, indent=2, ensure_ascii=False))
    elif len(names) == 1:
        show(status_screen(*believed[0], now))
    else:
        show(status_table(believed, now, namespaces=desk.everywhere))
    return 0


async def diff(desk: Desk, name: str, components: Sequence[str]) -> int:
    mirror = await desk.mirror(name)
    known = {each.name for each in mirror.status.components}
    if unknown := [each for each in components if each not in known]:
        fail(f"{mirror.name} has no component {unknown[0]}; it has {', '.join(sorted(known))}")
        return FAILED
    settled, now = await desk.settled(), time()
    show(diff_screen(mirror, belief(mirror, settled, now), now, components))
    return 0


async def plan(desk: Desk, name: str) -> int:
    mirror = await desk.mirror(name)
    show(plan_screen(mirror, belief(mirror, await desk.settled(), time())))
    return 0


async def history(desk: Desk, name: str) -> int:
    show(history_screen(await desk.mirror(name), time()))
    return 0
