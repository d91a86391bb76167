"""What is known of the answers of endpoints to a GET, and when they are requested anew.

One request per endpoint serves all mirrors and all pointers. Of an answer only the values are kept
that its environment lists; it is parsed in a thread, one at a time.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotAnswered, NotThere, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.client import EndpointClient
from stagingmirror.sources.endpoint.protocols.body import Json, parsed
from stagingmirror.sources.endpoint.subjects import Answered, AnswerSubject
from stagingmirror.sources.pace import Floor
from stagingmirror.view import Observed

log = structlog.get_logger(__name__)

# Characters of one value.
MOST_CHARACTERS = 64 * 1024
# Digits of an index into a list.
_MOST_DIGITS = 9
_NOT_POLLED = Why(Reason.NOT_POLLED_YET, "the endpoint was not requested yet")
_INTERNAL = Why(
    Reason.INTERNAL_ERROR,
    "the operator failed on this endpoint; its log has the trace, please report",
)


class Reach(NamedTuple):
    """How an endpoint is read, and what of its answer."""

    client: EndpointClient
    pointers: tuple[str, ...]


@dataclass(slots=True)
class _Known:
    """Of one endpoint. ``began``: when the newest request began that was answered, ``tried``: when
    the newest one was (POSIX s). ``of``: what was asked, and how.
    """

    of: Reach
    answer: Answered | None = None
    began: float = 0.0
    tried: float = 0.0
    trouble: Why | None = None
    task: asyncio.Task[None] | None = None


class Answers:
    """``reach`` gives how an endpoint is read, or why it cannot be; ``changed`` is called with one
    of whose answer something else is known now.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        reach: Callable[[AnswerSubject], Reach | Why],
        changed: Callable[[AnswerSubject], None],
    ) -> None:
        self._clock = clock
        self._reach = reach
        self._changed = changed
        self._known: dict[AnswerSubject, _Known] = {}
        self._wanted: dict[AnswerSubject, float] = {}
        self._parsing = asyncio.Semaphore(1)
        self._floor = Floor[AnswerSubject]()

    def want(self, subject: AnswerSubject, period: float) -> None:
        self._wanted[subject] = period

    def unwant(self, subject: AnswerSubject) -> None:
        self._wanted.pop(subject, None)

    def get(self, subject: AnswerSubject) -> Observed[Answered] | Unseen:
        reach, now = self._reach(subject), self._clock()
        if isinstance(reach, Why):
            return Unseen(reach, now)
        known = self._known.get(subject)
        if known is None or known.of != reach:  # another address, login or list of pointers
            return Unseen(_NOT_POLLED, now)
        if known.answer is None:
            return Unseen(known.trouble or _NOT_POLLED, known.tried or now)
        return Observed(known.answer, known.began, known.trouble)

    def tend(self) -> None:
        """Start the requests that are due; forget what is not wanted. Does not wait."""
        for subject in self._known.keys() - self._wanted.keys():
            self._forget(subject)
        now = self._clock()
        for subject, period in self._wanted.items():
            known = self._current(subject)
            if known is not None and known.task is None and now >= known.tried + period:
                self._start(subject, known)

    async def prove(
        self,
        subjects: Iterable[AnswerSubject],
        *,
        since: float,
        least: Callable[[str], float],
    ) -> None:
        """Request those anew that were last requested before ``since`` (POSIX s). ``least``:
        seconds between two requests of an environment's.
        """
        await asyncio.gather(
            *(self._prove(each, since, least(each.environment)) for each in subjects)
        )

    async def close(self) -> None:
        tasks = [known.task for known in self._known.values() if known.task is not None]
        for subject in [*self._known]:
            self._forget(subject)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _current(self, subject: AnswerSubject) -> _Known | None:
        """What is known by the way that leads there now; None: there is none."""
        reach = self._reach(subject)
        known = self._known.get(subject)
        if isinstance(reach, Why):
            self._forget(subject)
            return None
        if known is None or known.of != reach:
            self._forget(subject)
            known = self._known[subject] = _Known(reach)
        return known

    def _forget(self, subject: AnswerSubject) -> None:
        known = self._known.pop(subject, None)
        if known is not None and known.task is not None:
            known.task.cancel()

    async def _prove(self, subject: AnswerSubject, since: float, least: float) -> None:
        def is_older() -> bool:
            known = self._current(subject)
            return known is not None and known.tried < since

        while (known := self._known.get(subject)) and known.task is not None and is_older():
            await asyncio.wait({known.task})
        if await self._floor.turn(subject, least, clock=self._clock, needed=is_older):
            known = self._current(subject)
            if known is not None and known.task is None:
                self._start(subject, known)
            if known is not None and known.task is not None:
                await asyncio.wait({known.task})

    def _start(self, subject: AnswerSubject, known: _Known) -> None:
        known.tried = self._clock()
        known.task = asyncio.create_task(self._request(subject, known))

    async def _request(self, subject: AnswerSubject, known: _Known) -> None:
        before = known.answer, known.trouble
        began = self._clock()
        try:
            body = await known.of.client.fetch()
            async with self._parsing:
                answer = await asyncio.to_thread(values_in, body, known.of.pointers)
        except NotThere as error:
            known.answer, known.trouble = None, Why(error.reason, error.message)
        except StagingMirrorError as error:
            known.trouble = Why(error.reason, error.message)
        except Exception:
            log.exception("reading an endpoint failed")
            known.trouble = _INTERNAL
        else:
            known.answer, known.began, known.trouble = answer, began, None
        finally:
            known.task = None
            if (known.answer, known.trouble) != before:
                self._changed(subject)


def values_in(body: bytes, pointers: Iterable[str]) -> Answered:
    """Raises NotAnswered for what is not JSON."""
    try:
        whole = parsed(body, nan=False, as_written=True)
    except NotAnswered as error:
        raise NotAnswered(error.reason, f"{error.message}; a setting reads JSON alone") from None
    return Answered({pointer: _value(whole, pointer) for pointer in pointers})


def _value(whole: Json, pointer: str) -> str | Why | None:
    """Source: RFC 6901, sections 4 and 6."""
    at = whole
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(at, Mapping) and key in at:
            at = at[key]
        elif isinstance(at, list) and (index := _index(key)) is not None and index < len(at):
            at = at[index]
        else:
            return None
    return _scalar(at)


def _index(key: str) -> int | None:
    """The place in a list; None: it is none (``-``, or with a 0 at its beginning)."""
    is_index = key.isascii() and key.isdecimal() and (key == "0" or key[0] != "0")
    return int(key) if is_index and len(key) <= _MOST_DIGITS else None


def _scalar(found: Json) -> str | Why:
    if isinstance(found, bool):
        return "true" if found else "false"
    if not isinstance(found, str):
        kinds = (Mapping, "an object"), (list, "a list")
        what = next((name for kind, name in kinds if isinstance(found, kind)), "null")
        return Why(
            Reason.NOT_COMPARABLE,
            f"is {what}; name a text, a number or true or false within the answer.",
        )
    if len(found) > MOST_CHARACTERS:
        return Why(
            Reason.TOO_LARGE,
            f"has more than the {MOST_CHARACTERS} characters that are compared; name a shorter "
            "value.",
        )
    return str(found)  # of a number its text
