"""What kinds can observe of the endpoints of two environments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from stagingmirror.drift.facts import Why
from stagingmirror.drift.parity.result import FeatureParity as FeatureParity
from stagingmirror.drift.parity.result import LeftOut as LeftOut
from stagingmirror.drift.parity.result import Parity as Parity
from stagingmirror.drift.parity.rules import Comparison as Comparison
from stagingmirror.drift.parity.rules import FeatureRule as FeatureRule
from stagingmirror.drift.parity.rules import Rules as Rules
from stagingmirror.drift.parity.rules import Tolerance as Tolerance
from stagingmirror.view import Subject


class EndpointSamples(NamedTuple):
    """An endpoint of an environment, and which of its samples are sent to it. ``example``: the
    input example of this version of a registered model is sent instead.
    """

    environment: str
    endpoint: str
    samples: str
    example: tuple[str, str] | None = None

    def __str__(self) -> str:
        return f'endpoint {self.endpoint} of "{self.environment}"'


@dataclass(frozen=True, slots=True)
class Refusals:
    """Samples to which a server answered with an error of its own. ``staging``: those that
    production answered.
    """

    production: int
    staging: int


@dataclass(frozen=True, slots=True)
class ProbedParity:
    """What came of samples that were sent to production, staging, and production again.

    ``distinct``: of the samples that both sides answered. ``latency``: the 95th percentile of the
    time of one request, in seconds, of production and of staging. ``began``: when they were sent
    (POSIX s), ``took``: for how long (s).
    """

    parity: Parity
    refusals: Refusals
    distinct: int
    latency: tuple[float, float]
    began: float
    took: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What the answer to a GET holds, by each pointer that the environment lists: a text, a number
    as it is written, ``true`` or ``false``; why it is none of them; None: it is not there.
    """

    values: Mapping[str, str | Why | None]


class _Answer(NamedTuple):
    of: str
    """The environment."""
    endpoint: str
    kind: Literal["Answer"] = "Answer"


class AnswerSubject(_Answer, Subject[Answered]):
    """The answer of an endpoint to a GET of its url."""

    __slots__ = ()

    @property
    def environment(self) -> str:
        return self.of

    def __str__(self) -> str:
        return f'the answer of endpoint {self.endpoint} of "{self.of}"'


class _Parity(NamedTuple):
    production: EndpointSamples
    staging: EndpointSamples
    rules: Rules
    every: float
    """Seconds between two probes."""
    kind: Literal["Parity"] = "Parity"


class ParitySubject(_Parity, Subject[ProbedParity]):
    """Two endpoints whose answers are compared. Its answer counts until one is overdue."""

    __slots__ = ()
    deep = "probe"

    @property
    def environment(self) -> str:
        return self.production.environment

    def __str__(self) -> str:
        return f"answers of {self.production} and of {self.staging}"
