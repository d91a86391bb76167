"""The Kopf handlers: Kopf watches our own resources, each event is delivered, nothing is decided.

Only ``on.event`` is used: it patches nothing and keeps no state in the objects. Kopf swallows the
errors of such a handler and does not retry it, so they are caught and logged here; the next resync
delivers what was lost. What mirrors point at is watched by ``sources.kubernetes``.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, cast

import kopf
import structlog

from stagingmirror.api.types.base import GROUP, VERSION
from stagingmirror.engine.resources.cache import PLURALS, Body, Plural
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.kubernetes.api.session import open_session

log = structlog.get_logger(__name__)

# Plural, type of the event (None: from the initial LIST), whole body. It never waits.
Deliver = Callable[[Plural, str | None, Body], None]

# Seconds without an event after which a watch is opened again, from the same resourceVersion.
# Kopf's default of 70 s is longer than our resync interval.
QUIET = 30.0
# Objects of one page of an initial LIST: thousands of mirrors at once are hundreds of megabytes.
CHUNK = 100
# Seconds after which the server ends a watch request.
ROUND = 300


class Edge:
    """``run`` lasts until ``stop``. It raises RuntimeError if Kopf ends by itself; the process must
    then end.

    When Kopf ends, it cancels every task that was started after it: it has to be stopped last.
    """

    def __init__(self, access: Login, deliver: Deliver, *, timeout: float) -> None:
        self._access = access
        self._deliver = deliver
        self._timeout = timeout
        self.ready = asyncio.Event()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        logging.getLogger("kopf").setLevel(logging.WARNING)
        # Kopf logs each retry of each watch as an error; the resync logs an outage once.
        logging.getLogger("kopf._cogs.clients").setLevel(logging.CRITICAL)
        async with AsyncExitStack() as sessions:
            await kopf.operator(
                registry=self._registry(sessions),
                settings=_settings(self._timeout),
                standalone=True,
                clusterwide=True,
                stop_flag=self._stop,
                ready_flag=self.ready,
                # Without an identity Kopf looks up the user name; in a pod there may be none.
                identity=cast("Any", "stagingmirror"),
            )
        if not self._stop.is_set():
            raise RuntimeError("the watch of our own resources has ended")

    def _registry(self, sessions: AsyncExitStack) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        @kopf.on.login(registry=registry, backoff=1.0)
        async def login(**_: Any) -> kopf.AiohttpSession:
            # A new session each time: after a 401, which an API server may answer while it starts,
            # Kopf closes the former one and would reject an equal one.
            session = await sessions.enter_async_context(open_session(self._access))
            return kopf.AiohttpSession(server=self._access.server, aiohttp_session=session)

        for plural in PLURALS:
            kopf.on.event(GROUP, VERSION, plural, registry=registry)(self._handler(plural))
        return registry

    def _handler(self, plural: Plural) -> Callable[..., Any]:
        async def on_event(event: Mapping[str, Any], **_: Any) -> None:
            try:
                self._deliver(plural, event["type"], event["object"])
            except Exception:  # Kopf would swallow it and not retry
                log.exception("event not delivered; the next resync will", plural=plural)

        on_event.__name__ = plural
        return on_event


class _NothingToCompare(kopf.DiffBaseStorage):
    """Stores nothing: there are no handlers that need a diff. Kopf's default would deep-copy each
    object twice per event.
    """

    def build(self, **_: Any) -> Any:
        return {}

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        return None


def _settings(timeout: float) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.persistence.diffbase_storage = _NothingToCompare()
    settings.scanning.disabled = True  # our CRDs are there: they were listed before
    settings.watching.chunk_size = CHUNK
    settings.watching.server_timeout = ROUND
    settings.watching.client_timeout = ROUND + 30
    settings.watching.connect_timeout = timeout
    settings.watching.inactivity_timeout = QUIET
    settings.watching.reconnect_backoff = 0.1
    settings.networking.request_timeout = timeout
    settings.networking.connect_timeout = timeout
    # A watch ends the process when all of these are used up: long enough for a restart of the API
    # server, short enough for the next process to be ready within staleAfter.
    settings.networking.error_backoffs = (0.1, 0.2, 0.5, 1, 2, 4, 8)
    settings.queueing.idle_timeout = 1.0
    settings.queueing.exit_timeout = 0.5
    settings.queueing.error_delays = (0.1, 1, 5)
    # Kopf would kill the process by SIGKILL ten minutes after a stop by signal.
    settings.process.ultimate_exiting_timeout = None
    return settings
