"""The abstract step of a refresh, and the plan that is made of steps. Concrete steps, and how each
is executed, are in ``actions``.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, Literal, NamedTuple, Self, TypeVar

from stagingmirror.drift.places import Place

Phase = Literal["prepare", "switch"]


@dataclass(frozen=True, slots=True)
class Produced:
    """A value that an earlier step will produce, e.g. the version number of a copied model.

    ``form`` is how it is written where it is used, with ``{value}`` for the produced text.
    """

    step: str
    form: str = "{value}"


Value = str | Produced


class Write(NamedTuple):
    """What a step writes, and where. Of one place all components must want the same content.

    ``new``: the place is not there yet, so it is not known which others its store holds to be it.
    """

    place: Place
    content: Hashable
    new: bool = False


@dataclass(frozen=True, slots=True)
class Step(ABC):
    """One step of a refresh, for one or more components. Pure.

    ``phase``: staging runs what a switch step writes; a prepare step only brings what that needs.
    ``order``: steps with a lower one run first; those of phase prepare are the lowest.
    ``visible``: whether staging may notice that the step was taken, until it is verified.
    """

    phase: ClassVar[Phase]
    order: ClassVar[int]
    visible: ClassVar[bool]

    id: str
    components: tuple[str, ...]

    @abstractmethod
    def describe(self) -> str:
        """What the step does, in one line; not for which component."""

    @abstractmethod
    def writes(self) -> tuple[Write, ...]:
        """Everything that may not be written by another at the same time. No restart: two may
        request it.
        """

    @abstractmethod
    def rollback_rank(self, loaded: frozenset[str]) -> int:
        """Steps with a lower rank are rolled back first. Stores come before the workloads that read
        them; workloads of the components in ``loaded``, whose loader may have run, after it.
        """

    def merge_key(self) -> Hashable:
        """Steps with the same key become one step, by ``joined``."""
        return self.id

    def joined(self, other: Self) -> Self:
        """One step that does what both do, for the components of both."""
        return replace(self, components=tuple(dict.fromkeys(self.components + other.components)))

    def with_ids(self, ids: Mapping[str, str]) -> Self:
        """The step with every ``Produced`` referring to the new id of its step."""
        return self


def renamed(value: Value, ids: Mapping[str, str]) -> Value:
    """The value, referring to the new id of the step that produces it."""
    if isinstance(value, str):
        return value
    return Produced(ids.get(value.step, value.step), value.form)


@dataclass(frozen=True, slots=True)
class Left:
    """A component that a refresh does not touch, and why (mode Report, held, accepted, nothing to
    do, not comparable, or found to be impossible before the first write).

    ``passes``: this may end by itself, with the next observations.
    """

    component: str
    why: str
    passes: bool = False


S_co = TypeVar("S_co", bound=Step, covariant=True)


@dataclass(frozen=True, slots=True)
class Plan(Generic[S_co]):
    """Steps in the order in which they run: prepare, then stores, then workloads.

    ``parts``: of steps that do different things for several components, what each of them wants.
    """

    steps: tuple[S_co, ...]
    left: tuple[Left, ...]
    parts: tuple[S_co, ...] = ()
