"""Two endpoints, production's and staging's, that are real servers and answer alike until a test
plants a difference.
"""

import json
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from rig.endpoints.endpoint import Endpoint
from rig.endpoints.logic import USERS, Logic
from support.parity.changes import Change

Side = Literal["production", "staging"]
E = TypeVar("E", bound=Endpoint)


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class ParityGround(ABC, Generic[E]):
    """``samples`` are lines of samples.jsonl, one per user. The servers are shared: a test ends
    with ``reset``.
    """

    protocol: ClassVar[str]
    """As a spec of an endpoint names it."""
    fixture: ClassVar[str]
    """Of rigs.py, which gives the servers."""
    path: ClassVar[str]
    batches: ClassVar[bool] = True
    """Whether a request can ask for several users."""
    changes: ClassVar[frozenset[Change]]
    """Those that it can plant."""
    bad_samples: ClassVar[Mapping[str, int]]
    """Lines that the server refuses, and the status with which it does. The first one is made as
    the others are.
    """

    def __init__(self, servers: tuple[E, E]) -> None:
        self.servers: dict[Side, E] = {"production": servers[0], "staging": servers[1]}

    def url(self, side: Side) -> str:
        """The endpoint's whole address."""
        return f"{self.servers[side].base}{self.path}"

    @property
    def samples(self) -> tuple[str, ...]:
        return tuple(json.dumps(self.sample([each])) for each in range(1, USERS + 1))

    @abstractmethod
    def sample(self, users: Sequence[int]) -> Any:
        """What a line holds that asks for these users; a protocol that does not batch takes the
        first one.
        """

    @abstractmethod
    def read(self, body: Any) -> dict[str, list[Any]]:
        """The values of each feature, one per user: of ``ask(…).json()``. How a person reads it:
        this judges the servers of the rig, not the product.
        """

    def plant(self, side: Side, change: Change) -> None:
        """From the next request on. One change at a time: the former one is taken back."""
        assert change in self.changes
        self.servers[side].follow(change.logic)

    def reset(self) -> None:
        """Both sides are alike."""
        for each in self.servers.values():
            each.follow(Logic())

    def altered(self, change: Change) -> frozenset[str]:
        """The features whose answers differ once it is planted on one side."""
        return change.features

    def ask(self, side: Side, line: str, *, within: float = 20.0) -> Answer:
        request = urllib.request.Request(
            self.url(side), data=line.encode(), headers={"Content-Type": "application/json"}
        )
        try:
            answer = urllib.request.urlopen(request, timeout=within)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Answer(answer.status, answer.headers.get_content_type(), answer.read())
