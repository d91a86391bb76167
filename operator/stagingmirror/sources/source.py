"""The contract of a source: one system outside, of which mirrors read.

A source is one folder: its subjects and their answers (``subjects``), its client, and what keeps
the answers true. Composing it is one line in ``cli/operator/wiring``.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.places import Place
from stagingmirror.view import Observed, Subject

T = TypeVar("T")
S = TypeVar("S", contravariant=True)


@dataclass(frozen=True, slots=True)
class Basic:
    username: str
    password: str = field(repr=False)

    @property
    def authorization(self) -> str:
        """The value of the header."""
        pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return f"Basic {pair}"


@dataclass(frozen=True, slots=True)
class Token:
    """Sent as ``Authorization: Bearer``."""

    token: str = field(repr=False)


Credentials = Basic | Token


class SecretUse(NamedTuple):
    """A Secret that an environment names. ``key``: the one whose text counts; None: the keys of a
    login (``token``, ``username``, …).
    """

    name: str
    key: str | None


class SecretsUse(NamedTuple):
    """Several Secrets that an environment names, each with the variables of a cloud."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """What a Secret holds: how to be let in by a server, and by the proxy in front of it; or a
    whole text that says so; or what several hold.
    """

    server: Credentials | None
    proxy: Basic | None = None
    document: str | None = field(default=None, repr=False)
    variables: Mapping[str, Mapping[str, str] | Why] = field(default_factory=dict, repr=False)
    """By Secret, the values by name, or why they cannot be used."""

    @property
    def is_empty(self) -> bool:
        return self == Access(None)


class Source(Protocol[S]):
    """``S``: its subjects. All methods but ``prove`` and ``run`` return at once; all are called in
    one event loop.
    """

    name: ClassVar[str]
    subjects: ClassVar[frozenset[type[Subject[Any]]]]
    places: ClassVar[frozenset[type[Place]]]
    """What is written in this system."""
    polled: ClassVar[bool]
    """Answers are requested anew at the period of ``want``, by the leader alone: two processes
    would poll twice. False: the system announces changes, a standby subscribes too, and answers are
    proven where they get old.
    """

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretUse | SecretsUse | None:
        """The Secret that lets us in to this environment's system, or several; None: it has none,
        or needs none.
        """

    def configure(
        self,
        specs: Mapping[str, MirrorEnvironmentSpec],
        access: Mapping[str, Access | Why],
    ) -> None:
        """All environments by name; all others are gone. ``access``: what the Secrets hold, or why
        that cannot be used; an environment whose Secret is not read yet is left as it was.
        """

    def answers(self, environment: str) -> Observed[Any] | Unseen | None:
        """Whether the environment's system lets us in and answers; None: it has none here."""

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        """The last known answer. No answer is Unseen: never an error, never an absent value.

        Raises LookupError for a subject of another source.
        """

    def want(self, subject: S, period: float) -> None:
        """Keep the answer no older than ``period`` (s), and announce its changes. Idempotent: the
        newest period counts.
        """

    def unwant(self, subject: S) -> None: ...

    def same_place(self, one: Place, other: Place) -> bool | None:
        """Whether two places of ``places`` are one; None: not known. They are equal but for their
        environments and their spelling (``Place.folded``): what the system may hold to be one is
        one.
        """

    async def prove(self, subjects: frozenset[S], *, since: float, read_bytes: bool) -> None:
        """Request every answer that began before ``since`` (POSIX s) anew; with ``read_bytes`` also
        everything large that is otherwise read seldom.

        Returns when that ended; answers that could not be had keep their age and have the reason as
        their trouble. Raises NotAnswered where it took too long, NotRead where all was requested
        but bytes could not be read.
        """

    def export(self) -> Mapping[str, Mapping[str, Any] | None]:
        """What is to outlive a restart: JSON, by a name that stays. None: it is wanted, but not
        known now, so what was kept of it stays.
        """

    def adopt(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """What an earlier process exported, before anything is wanted. Damaged entries are left
        out.
        """

    async def run(self) -> None:
        """Until cancelled."""
