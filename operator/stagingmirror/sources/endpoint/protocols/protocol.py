"""What a protocol is: which requests samples make, and what an answer holds. No HTTP."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from stagingmirror.drift.parity.answers import Answers
from stagingmirror.drift.parity.columns import Part
from stagingmirror.drift.parity.gathering import Gathering
from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason

# Of one request, where a protocol batches. 25 embeddings of 1,536 numbers with 17 digits each are
# 0.8 MB, and so less than an endpoint's default maxResponseBytes.
ROWS = 25
MAX_REQUEST_BYTES = 256 * 1024
# Of all answers of one side.
MOST_FEATURES = 2_000


@dataclass(frozen=True, slots=True)
class Request:
    """A POST. ``samples``: the numbers of the lines that it holds, in the order of its rows.
    ``words``: texts of these lines that other lines do not have, such as ids: a key of the answer
    that is one of them is no name.
    """

    body: bytes = field(repr=False)
    samples: tuple[int, ...]
    words: frozenset[str] = field(default=frozenset(), repr=False)


class Protocol(ABC):
    """The URL of an endpoint is whole: no protocol appends a path to it."""

    name: ClassVar[str]
    method: ClassVar[str] = "POST"
    content_type: ClassVar[str] = "application/json"
    accept: ClassVar[str] = "application/json"

    @abstractmethod
    def problem(self, line: str) -> str | None:
        """What is wrong with a line of samples, and what it must be; without its content. None: it
        can be sent.
        """

    @abstractmethod
    def requests(self, lines: Sequence[str], rows: int = ROWS) -> tuple[Request, ...]:
        """The requests that ask for all lines, none of which has a ``problem``. The same lines make
        the same bytes. ``rows``: the most that one request holds, where the protocol batches.
        """

    @abstractmethod
    def read(self, request: Request, body: bytes) -> Part:
        """What an answer with status 200 holds. CPU-bound: call it off the loop.

        Raises NotAnswered (Garbage, HalfRead, OversizedAnswer), whose message holds nothing of the
        body.
        """


def gather(into: Gathering, part: Part) -> None:
    """Raises NotAnswered(OversizedAnswer) where the answers of that side name more features than
    are compared.
    """
    into.add(part)
    if into.features > MOST_FEATURES:
        raise too_many_features()


def gathered(samples: int, parts: Iterable[Part]) -> Answers:
    """All of them, of one side. Raises what ``gather`` does."""
    found = Gathering(samples)
    for each in parts:
        gather(found, each)
    return found.answers()


def too_many_features() -> NotAnswered:
    return NotAnswered(
        Reason.OVERSIZED_ANSWER,
        f"the answers name more than {MOST_FEATURES} features; are keys of its objects ids?",
    )
