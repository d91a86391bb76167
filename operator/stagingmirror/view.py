"""What kinds read: the last known answer to each question about the world, without waiting.

A kind never calls a system. It reads *subjects* from the view; the view records them, so that a
change of any of them brings the mirror back, and so that sources know what to watch and poll. What
can be read of a system, and what its answers are, is in that system's ``subjects`` module.
"""

from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.places import Place

T = TypeVar("T")
# What is read seldom, since it costs the system that is read: the bytes of models and the documents
# of indexes; answers to samples that are sent.
Deep = Literal["bytes", "probe"]


class Subject(Generic[T]):
    """The key of one thing that can be observed; ``T`` is what is observed.

    Subclasses mix it into a NamedTuple, which is cheap to make and to hash: every pass of every
    mirror makes all of its subjects. One field names the kind of thing, as tuples of equal fields
    are equal. Their text names the thing in messages.
    """

    __slots__ = ()
    # What the answer rests on that is read seldom: a refresh has that read again before it counts
    # as verified.
    deep: ClassVar[Deep | None] = None

    @property
    def environment(self) -> str:
        """Whose system answers it; empty: the cluster that the operator runs in."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Observed(Generic[T]):
    """One answer. ``value`` is None where the system confirmed that the thing does not exist. A
    part of it that is not known yet is an Unseen in its field.

    ``began`` is when the request for this answer began (POSIX s). ``trouble`` says why the newest
    request failed, where this is an older answer.
    """

    value: T | None
    began: float
    trouble: Why | None = None


class View(Protocol):
    """What the sources know now."""

    clock_margin: float
    """Seconds by which times of two clocks must differ to prove an order."""

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        """Unseen: no answer so far, or none possible (forbidden, not configured)."""

    def is_production(self, place: Place) -> bool | None:
        """Whether any mirror names this place as production's; None: one names a place that is not
        known to be another.
        """

    def same_place(self, one: Place, other: Place) -> bool | None:
        """Whether two places are one, e.g. an alias in two environments that lead to one registry;
        None: not known.
        """

    def seal(self, place: str, value: str, *, form: str) -> str:
        """The HMAC of a value that is only comparable: ``hmac-sha256:…``. It is bound to the
        installation, the component and ``place``, which names production's value, on both sides.
        ``form``: what staging writes around that value, as ``{value}`` where it is nothing. What is
        sealed of staging is a guess at production's value, and is counted.
        """

    def hide(self, place: str, value: str) -> str:
        """The same of a value that is readable, but may hold a credential; it is not counted."""
