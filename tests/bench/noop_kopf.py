"""`python -m bench.noop_kopf KUBECONFIG EXPECTED NAMESPACE …`: a Kopf operator that looks at what
ours looks at, and does nothing. Says when it has seen as many different objects as expected.
"""

import asyncio
import json
import logging
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import kopf

from bench.wire import Identity
from stagingmirror.api.types.base import GROUP, VERSION

WATCHED = (
    *((GROUP, VERSION, plural) for plural in ("stagingmirrors", "mirrorenvironments")),
    (GROUP, VERSION, "mirrorholds"),
    *(("apps", "v1", plural) for plural in ("deployments", "statefulsets", "replicasets")),
    *(("batch", "v1", plural) for plural in ("cronjobs", "jobs")),
    *(("", "v1", plural) for plural in ("pods", "configmaps")),
)


def registry(identity: Identity, expected: int) -> kopf.OperatorRegistry:
    made = kopf.OperatorRegistry()
    seen: set[str] = set()

    @kopf.on.login(registry=made)
    async def login(**_: Any) -> kopf.AiohttpSession:
        trust = ssl.create_default_context(cadata=identity.authority)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust, limit=0),
            headers={"Authorization": f"Bearer {identity.token}"},
        )
        return kopf.AiohttpSession(server=identity.server, aiohttp_session=session)

    async def on_event(uid: str, **_: Any) -> None:
        if len(seen) < expected:
            seen.add(uid)
            if len(seen) == expected:
                print(json.dumps({"seen": expected, "at": time.time()}), flush=True)

    for resource in WATCHED:
        kopf.on.event(*resource, registry=made)(on_event)
    return made


async def main() -> None:
    kubeconfig, expected, *namespaces = sys.argv[1:]
    logging.getLogger("kopf").setLevel(logging.WARNING)
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    await kopf.operator(
        registry=registry(Identity.read(Path(kubeconfig)), int(expected)),
        settings=settings,
        standalone=True,
        namespaces=namespaces,
        identity="noop",  # type: ignore[arg-type]  # a NewType of str
    )


if __name__ == "__main__":
    asyncio.run(main())
