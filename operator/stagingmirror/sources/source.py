"""The contract of a source: one system outside, of which mirrors read.

A source is one folder: its subjects and their answers (``subjects``), its client, and what keeps
the answers true. Composing it is one line in ``cli/operator/wiring``.
"""

from typing import Any, ClassVar, Protocol, TypeVar

from stagingmirror.drift.facts import Unseen
from stagingmirror.view import Observed, Subject

T = TypeVar("T")
S = TypeVar("S", contravariant=True)


class Source(Protocol[S]):
    """``S``: its subjects. All methods but ``prove`` and ``run`` return at once; all are called in
    one event loop.
    """

    subjects: ClassVar[frozenset[type[Subject[Any]]]]
    polled: ClassVar[bool]
    """Answers are requested anew at the period of ``want``, by the leader alone: two processes
    would poll twice. False: the system announces changes, a standby subscribes too, and answers are
    proven where they get old.
    """

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        """The last known answer. No answer is Unseen: never an error, never an absent value.

        Raises LookupError for a subject of another source.
        """
        ...

    def want(self, subject: S, period: float) -> None:
        """Keep the answer no older than ``period`` (s), and announce its changes. Idempotent: the
        newest period counts.
        """
        ...

    def unwant(self, subject: S) -> None: ...

    async def prove(self, subjects: frozenset[S], *, since: float, read_bytes: bool) -> None:
        """Request every answer that began before ``since`` (POSIX s) anew; with ``read_bytes`` also
        everything large that is otherwise read seldom.

        Returns when that ended; answers that could not be had keep their age and say why. Raises
        NotAnswered where it took too long, NotRead where all was requested but bytes could not be
        read.
        """
        ...

    async def run(self) -> None:
        """Until cancelled."""
        ...
