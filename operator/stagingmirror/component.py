"""The contract of a kind of component. A new kind is one file in ``components/`` that fulfils it,
and its test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.mirror import ComponentKind, Track
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place, RegistryAlias
from stagingmirror.drift.steps import Step
from stagingmirror.view import View

Role = Literal["production", "staging"]


@dataclass(frozen=True, slots=True)
class Side:
    """Where one side's things are looked for: an environment, and the namespace in it that a mirror
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


class Kind(Protocol):
    """What the engine asks of a kind. All methods are pure: no calls, no clock, no waiting.

    ``observe`` must answer for every state of the world: nobody answering is ``Unseen``, never an
    exception, never ``Absent``. Production's facts carry ``expected`` where staging must show
    something else than the same value.

    ``plan`` returns the steps that make staging like production; nothing where nothing needs doing.
    It is asked only where production is Seen and whole. It raises ``CannotRefresh`` with a reason
    where a difference cannot be followed (a value that is not readable, a registry that staging
    does not have).

    ``problems``, ``refusal``, ``writes`` and ``names`` need nothing but the entry and its
    environments: what CEL cannot say of it (``same_registry`` is whether both environments were
    proven to be one registry; None: not known), why no refresh can ever follow it though it is
    compared, what a refresh of it writes (a restart is no write: two may ask for it), and which
    aliases it names as production's.
    """

    name: ComponentKind

    def observe(
        self, track: Track, sides: Sides, role: Role, view: View, now: float
    ) -> Observation: ...

    def plan(
        self, track: Track, sides: Sides, production: Seen, staging: Observation, view: View
    ) -> tuple[Step, ...]: ...

    def problems(self, track: Track, sides: Sides, *, same_registry: bool | None) -> Why | None: ...

    def refusal(self, track: Track, sides: Sides) -> Why | None: ...

    def writes(self, track: Track, sides: Sides) -> frozenset[Place]: ...

    def names(self, track: Track, sides: Sides) -> frozenset[RegistryAlias]: ...


Catalogue = Mapping[ComponentKind, Kind]
