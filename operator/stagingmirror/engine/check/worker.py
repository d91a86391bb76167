"""The workers of the queue: take a mirror, check it, say how it went."""

from collections.abc import Awaitable, Callable

import structlog

from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.workqueue.queue import RequeueAfter, Result, WorkQueue
from stagingmirror.errors import Conflicted, NotLeading, StagingMirrorError

log = structlog.get_logger(__name__)


async def work(
    queue: WorkQueue[MirrorKey],
    check: Callable[[MirrorKey], Awaitable[Result]],
    *,
    ready: Callable[[], Awaitable[None]],
) -> None:
    """Work for ever, each time once ``ready`` returns. What goes wrong with one mirror brings it
    back later and harms no other.
    """
    while True:
        await ready()
        key = await queue.take()
        mirror = "/".join(key)
        try:
            result = await check(key)
        except (Conflicted, NotLeading):
            queue.failed(key)
        except StagingMirrorError as error:
            log.warning("check not finished", mirror=mirror, reason=error.reason, why=error.message)
            queue.failed(key)
        except Exception:  # a worker outlives every mirror; this one is tried again
            log.exception("check failed", mirror=mirror)
            queue.failed(key)
        else:
            _end(queue, key, result)


def _end(queue: WorkQueue[MirrorKey], key: MirrorKey, result: Result) -> None:
    if isinstance(result, RequeueAfter):
        queue.failed(key, again_in=result.seconds)
    elif result.at is None:
        queue.gone(key)
    else:
        queue.add_later(key, result.at)
        queue.done(key)
