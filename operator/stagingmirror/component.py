"""The contract of a kind of component. A new kind is its spec in ``api/spec/``, one file in
``components/`` that fulfils this contract, and a line in the table of each (``kinds.Kinds``,
``components.CATALOGUE``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.kind_spec import KindSpec, Mode
from stagingmirror.api.spec.offers import OfferName
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place
from stagingmirror.view import View

S = TypeVar("S", bound=KindSpec)

Role = Literal["production", "staging"]
# Whether a list of an environment's offers has a name.
Offering = Callable[[OfferName, str], bool]


@dataclass(frozen=True, slots=True)
class Side:
    """Where one side's objects are: an environment, and the namespace in it that a mirror
    means by default.
    """

    role: Role
    environment: str
    spec: MirrorEnvironmentSpec
    namespace: str


@dataclass(frozen=True, slots=True)
class Sides:
    production: Side
    staging: Side
    mirror: str
    """The name of the mirror, which is in staging's namespace."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[S]):
    """One entry of ``track``: the component's name, its mode, and the spec of its kind."""

    name: str
    mode: Mode
    spec: S


class Kind(Protocol[S]):
    """One kind of component. All methods are pure: no calls, no clock, no waiting."""

    name: str
    """The field of ``Kinds`` in camelCase."""
    spec: type[S]
    headline: tuple[str, ...]
    """The facts that identify what runs, the name that people use first: messages name them, and a
    deploy keeps them.
    """

    occasional: tuple[str, ...]
    """Beginnings of the names of facts that neither side may have now, and one later: accepting
    them beforehand is no mistake.
    """

    def observe(
        self, entry: Entry[S], sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        """The facts of one side. It returns an observation for every state of the world: no answer
        is ``Unseen``, never an exception, never ``Absent``. Production's facts carry ``expected``
        where staging must show something else than the same value. ``now``: POSIX seconds.
        """

    def plan(
        self, entry: Entry[S], sides: Sides, production: Seen, staging: Observation, view: View
    ) -> tuple[ExecutableStep, ...]:
        """The steps that make staging like production; none where nothing needs doing. Called only
        where production is Seen and whole.

        Raises CannotRefresh where a difference cannot be followed (a value that is not readable, a
        registry that staging does not have).
        """

    def problems(self, entry: Entry[S], sides: Sides, view: View) -> Why | None:
        """Why this entry cannot be judged at all, with the remedy: what CEL cannot express.

        Reasons, e.g.: SameThing, NamespaceNotListed, NoRegistry (an environment lacks the server).
        """

    def refusal(self, entry: Entry[S], sides: Sides) -> Why | None:
        """Why no refresh can ever follow this entry, though it is compared."""

    def grants(self, entry: Entry[S], sides: Sides) -> frozenset[Grant]:
        """What both environments must grant as long as a refresh of this entry writes, beside the
        use of the environments themselves.
        """

    def writes(self, entry: Entry[S], sides: Sides) -> frozenset[Place]:
        """What a refresh of this entry writes; a restart is no write."""

    def production_places(self, entry: Entry[S], sides: Sides) -> frozenset[Place]:
        """What this entry names as production's and could be written; nothing may ever write there.
        What production's environment does not let it name is left out: anybody could name it.
        Namespaces of Production environments are protected as a whole, whoever names them.
        """

    def production_places_in(
        self, environment: str, offers: Offering, raw: Mapping[str, object]
    ) -> frozenset[Place]:
        """The same of an entry that cannot be parsed: ``raw`` may be wrong in any way. ``offers``:
        what production's environment lets be named.
        """


class OnlyCompared(Generic[S]):
    """What kinds have in common of which nothing is ever written: a base of them."""

    never_written: Why

    def plan(
        self, entry: Entry[S], sides: Sides, production: Seen, staging: Observation, view: View
    ) -> tuple[ExecutableStep, ...]:
        return ()

    def refusal(self, entry: Entry[S], sides: Sides) -> Why | None:
        return self.never_written

    def grants(self, entry: Entry[S], sides: Sides) -> frozenset[Grant]:
        return frozenset()

    def writes(self, entry: Entry[S], sides: Sides) -> frozenset[Place]:
        return frozenset()

    def production_places(self, entry: Entry[S], sides: Sides) -> frozenset[Place]:
        return frozenset()

    def production_places_in(
        self, environment: str, offers: Offering, raw: Mapping[str, object]
    ) -> frozenset[Place]:
        return frozenset()


# By name. Any: the name of an entry's kind selects the kind, so that both have the same spec.
Catalogue = Mapping[str, Kind[Any]]
