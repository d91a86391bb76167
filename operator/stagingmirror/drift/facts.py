"""What was seen of one component on one side, as flat, comparable statements.

Facts are what all kinds have in common: a kind translates its system into facts, and everything
behind it (judgement, status, metrics, screens) knows only facts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

# Separates a fact from its details: ``contentHash/tokenizer.json`` explains ``contentHash``.
DETAIL = "/"
# After the group of a fact, in place of the names of all that are not listed one by one.
OTHERS = "(others)"
# The fact that differs where staging does not have the component at all.
PRESENT = "present"
# What explains one fact, by name. There may be thousands: called only where the fact differs.
Details: TypeAlias = Callable[[], Mapping[str, str]]
# A value that begins so is an HMAC. It is compared, and never shown.
SEAL = "hmac-sha256:"
# What is shown in its place.
SEALED = "(sealed)"


def one_fact(name: str) -> str:
    """A name that somebody else gave, as a fact of its own: a slash would make it a detail of
    another one, which does not count.
    """
    return name.replace("%", "%25").replace(DETAIL, "%2F")


def public(value: str) -> str:
    """The value as it may be shown."""
    return SEALED if value.startswith(SEAL) else value


@dataclass(frozen=True, slots=True)
class Why:
    """A reason in CamelCase for machines and one sentence for people (what, and what to do)."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about a component on one side.

    ``value`` is what is compared and shown; where the value may not be shown it is an HMAC
    (``SEAL``). ``expected`` (production only) is what staging must show where that is not the same
    value, e.g. ``masked/…``. ``compared=False`` is shown but never judged (version numbers count
    per registry). ``declared``: the value is written down somewhere, not proven to run.
    ``made_from`` (production only): the variables whose values are in this one. ``doubt``: why what
    runs may have another value; being equal then proves nothing, while a difference counts.
    """

    value: str
    expected: str | None = None
    compared: bool = True
    declared: bool = False
    made_from: tuple[str, ...] = ()
    doubt: Why | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The component is there. ``began`` is when the oldest of all requests began that it rests on
    (POSIX s).

    ``findings`` are sentences that a reader should know without being a difference (an alias that
    moved away from the running pods, a reference that can change under its name). ``trouble`` is
    why the newest request failed, where an older answer still stands in for it; it becomes the
    verdict once that answer is older than ``staleAfter``. ``details`` explain facts and never
    count. ``probed``: when the samples were sent that it rests on (POSIX s); ``began`` is later
    where these count for longer than other answers do.
    """

    facts: Mapping[str, Fact]
    began: float
    findings: tuple[str, ...] = ()
    trouble: Why | None = None
    details: Mapping[str, Details] = field(default_factory=dict, compare=False, repr=False)
    probed: float | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The component is proven not to be there: the system answered that it is not. ``what`` names
    the missing thing.
    """

    what: str
    began: float
    trouble: Why | None = None


@dataclass(frozen=True, slots=True)
class Unseen:
    """No request was answered, or not usably (half-read, garbage, pods that disagree)."""

    why: Why
    began: float


Observation = Seen | Absent | Unseen


@dataclass(frozen=True, slots=True)
class Difference:
    """One compared fact that differs; None means that this side does not have the fact.

    ``expected`` is what staging should show, where that is not production's own value.
    ``acceptance``: the one that covers it, or did until it ended.
    """

    fact: str
    production: str | None
    staging: str | None
    expected: str | None = None
    acceptance: "Acceptance | None" = field(default=None, compare=False)


class Observations(NamedTuple):
    """Both sides of one component, as last seen."""

    production: Observation
    staging: Observation

    @property
    def oldest(self) -> float:
        """When the older of the two observations began, in POSIX seconds."""
        return min(self.production.began, self.staging.began)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A difference that is understood. Values that are given must match; ``until`` is in POSIX
    seconds. ``environment``: the one that accepts it; None: the mirror itself does.
    """

    component: str
    fact: str
    reason: str
    production: str | None = None
    staging: str | None = None
    until: float | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody needs staging left alone until ``until`` (POSIX s). No components: the whole
    mirror.
    """

    name: str
    reason: str
    until: float
    components: frozenset[str] = field(default_factory=frozenset)
