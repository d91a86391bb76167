"""Requests everything anew that one mirror reads, beside the passes: what a check token wants."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from stagingmirror.engine.observe.check_requests import CheckRequest
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.state import ObserveState
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.errors import NotRead
from stagingmirror.sources.source import Source
from stagingmirror.view import Deep, Subject

log = structlog.get_logger(__name__)

# Tokens that are answered at a time; further ones wait their turn.
AT_ONCE = 16
# Tokens per mirror whose pauses are kept.
KEPT = 8
PAUSE = 0.5
# Seconds between two probes for one token, doubled each time.
LONGEST_PAUSE = 15.0


class Probes:
    """Of each mirror one probe at a time of what is polled, of bytes and of samples: these may take
    long. ``again`` is called with the mirror when one has ended.
    """

    def __init__(
        self,
        sources: Sources,
        *,
        subscriptions: Subscriptions,
        state_of: Callable[[MirrorKey], ObserveState],
        again: Callable[[MirrorKey], None],
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._sources = sources
        self._subscriptions = subscriptions
        self._state_of = state_of
        self._again = again
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[tuple[MirrorKey, Deep | None], asyncio.Task[None]] = {}

    def start(
        self,
        key: MirrorKey,
        request: CheckRequest,
        *,
        only: frozenset[Subject[Any]] | None = None,
    ) -> None:
        """Probe for this token, once at a time; again where that did not answer it, with a pause.
        ``only``: for what these subjects rest on instead of everything that the mirror reads.
        Samples that a refresh waits for take the place of those of a former one, or of a request.
        """
        name = f"prove {'/'.join(key)} {request.token}"
        running = self._tasks.get((key, request.deep))
        if running is not None:
            if only is None or request.deep != "probe" or running.get_name() == name:
                return
            running.cancel()
        known = self._state_of(key).tries
        if len(known) > KEPT:
            known.clear()
        tried = f"{request.deep or 'polled'} {request.token}"
        tries = known.get(tried, 0)
        known[tried] = tries + 1
        pause = min(LONGEST_PAUSE, PAUSE * 2.0 ** (tries - 1)) if tries else 0.0
        self._tasks[key, request.deep] = asyncio.create_task(
            self._prove(key, request, pause, only=only),
            name=name,
        )

    def since(self, key: MirrorKey, since: float) -> None:
        """Probe for answers that begin at ``since`` (POSIX s) or later, for a refresh."""
        self.start(key, CheckRequest(token=f"since {since}", since=since))

    def deep_read(
        self,
        deep: Deep,
        key: MirrorKey,
        subjects: frozenset[Subject[Any]],
        since: float,
        observed: float,
    ) -> bool:
        """Whether what these subjects rest on was read at ``since`` or later, and before
        ``observed``, when the observations were made (POSIX s); reads it where it was not. All
        bytes must have been read; samples must have been sent, whatever came of it.
        """
        token = f"{deep} since {since}"
        known = self._state_of(key).deep_reads.get(deep)
        if known is not None and known[:2] == (token, subjects):
            return known[2] <= observed
        self.start(key, CheckRequest(token=token, since=since, deep=deep), only=subjects)
        return False

    async def close(self) -> None:
        """End all probes."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _prove(
        self,
        key: MirrorKey,
        request: CheckRequest,
        pause: float,
        *,
        only: frozenset[Subject[Any]] | None,
    ) -> None:
        await asyncio.sleep(pause)
        state = self._state_of(key)
        subjects = self._subscriptions.reads(key) if only is None else only
        unread: list[str] = []
        try:
            some = self._sources.split(subjects)
            if only is None:
                async with self._slots:
                    await _prove(some, since=request.since, read_bytes=False, unread=unread)
            if request.deep is not None:  # may take hours, in which it keeps no other token waiting
                deep = _resting_on(request.deep, some)
                await _prove(deep, since=request.since, read_bytes=True, unread=unread)
        except Exception:  # whatever failed, nothing is proven, and it is tried again
            log.exception("probe failed", mirror="/".join(key))
        else:
            if only is not None and request.deep and (request.deep == "probe" or not unread):
                state.deep_reads[request.deep] = (request.token, only, self._clock())
            elif only is None and self._subscriptions.reads(key) == subjects:
                for each in state.requests:
                    each.proven(request, self._clock())
        finally:
            self._ended(key, request.deep)
        self._again(key)

    def _ended(self, key: MirrorKey, deep: Deep | None) -> None:
        """This task; another one may have taken its place."""
        if self._tasks.get((key, deep)) is asyncio.current_task():
            del self._tasks[key, deep]


def _resting_on(
    deep: Deep, subjects: Mapping[Source[Any], frozenset[Subject[Any]]]
) -> Mapping[Source[Any], frozenset[Subject[Any]]]:
    found = {
        source: frozenset(each for each in some if each.deep == deep)
        for source, some in subjects.items()
    }
    return {source: some for source, some in found.items() if some}


async def _prove(
    subjects: Mapping[Source[Any], frozenset[Subject[Any]]],
    *,
    since: float,
    read_bytes: bool,
    unread: list[str],
) -> None:
    """Bytes that cannot be read were requested all the same: what rests on them has the reason."""

    async def prove(source: Source[Any], some: frozenset[Subject[Any]]) -> None:
        try:
            await source.prove(some, since=since, read_bytes=read_bytes)
        except NotRead as error:
            unread.append(error.message)

    async with asyncio.TaskGroup() as group:
        for source, some in subjects.items():
            group.create_task(prove(source, some))
