"""What a probe found: counts, names and types. Never a sample, nor a value of one.

All of it is plain: ``dataclasses.asdict`` makes what JSON can hold.
"""

from dataclasses import dataclass
from typing import Literal

from stagingmirror.drift.parity.rules import Comparison

# Of each of the tuples of a result; what is left out is counted.
MOST_FEATURES = 40
MOST_FINDINGS = 20
MOST_IGNORED = 20

Group = Literal["logic", "data", "values"]
Measure = Literal["absolute", "1 - cosine", "norm", "seconds"]


@dataclass(frozen=True, slots=True)
class FeatureParity:
    """One feature in one group. A feature has ``logic`` and ``data`` where both sides give event
    timestamps, and ``values`` where a sample that differs has none, or nothing has.

    ``name`` is as it is shown. ``type`` is what its values are, e.g. ``number`` or
    ``embedding of 768``; ``comparison`` and whether it was ``inferred`` show how it was compared.

    ``judged``: samples that could show such a difference: for ``logic`` those with the same event
    timestamp on both sides; none on which both have an error, or what is out of date, in the
    value's place. None judged: nothing is known, which is not equal. ``valued``: those of them for
    which production has a value; of the others the sides agree on there being none. ``noise``:
    samples on which production contradicts itself; they are in no group's ``judged``. ``noisy``: so
    many are noise that ``differing`` proves nothing. ``differs``: more than ``max_mismatches``
    differ, and noise does not explain them.

    With magnitudes, and only then: the ``largest`` difference as ``measured``, what was
    ``allowed`` there, and the likely ``cause`` as a sentence without its end.
    """

    name: str
    group: Group
    type: str
    comparison: Comparison
    inferred: bool
    judged: int
    differing: int
    noise: int
    noisy: bool
    differs: bool
    largest: float | None = None
    measured: Measure | None = None
    allowed: float | None = None
    cause: str | None = None
    valued: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Features of one group that ``Parity.features`` has no room for. Those that differ have it
    first, so ``differing`` is 0 as long as fewer differ than there is room for. ``judged``: of the
    one that fewest samples were judged of. ``valued``: samples of all of them together.
    """

    group: Group
    features: int
    differing: int
    noisy: int
    judged: int
    valued: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """A feature that a rule leaves out, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Parity:
    """``samples`` were answered by both sides, production twice; ``failed`` were not, and are in
    no other count.

    ``structure``: each way in which staging's answers are made otherwise than production's, as a
    short text without a value: a name that is missing or extra, a type, a shape, a dimension.
    ``unsteady``: ways in which production's two answers are made otherwise than each other;
    nothing is claimed of staging there. ``shown``: what counts for nothing, such as the order of
    names. Each is cut at ``MOST_FINDINGS``; the numbers are whole.
    """

    samples: int
    failed: int
    structure: tuple[str, ...]
    unsteady: tuple[str, ...]
    shown: tuple[str, ...]
    structure_differs: int
    features: tuple[FeatureParity, ...]
    left_out: tuple[LeftOut, ...]
    ignored: tuple[Ignored, ...]
    ignored_features: int
