"""A constant factor, a constant offset, and units."""

import numpy as np

from stagingmirror.drift.parity.answers import Floats
from stagingmirror.drift.parity.causes.evidence import Evidence, shifted, varied
from stagingmirror.drift.parity.comparing.scalars import is_times, unit_of

# How near a factor must be to one of these.
_NEAR = 1e-4
# What factors that are meant to be one may be apart, as a share.
_ONE_FACTOR = 1e-3
# Of whole families of units the plainest example.
_UNITS = (
    (10.0, "as between mm and cm"),
    (100.0, "as between a share and percent, or cm and m"),
    (1_000.0, "as between seconds and milliseconds, or m and km"),
    (1_000_000.0, "as between seconds and microseconds"),
    (1e9, "as between seconds and nanoseconds"),
    (60.0, "as between seconds and minutes"),
    (3_600.0, "as between seconds and hours"),
    (24.0, "as between hours and days"),
    (7.0, "as between days and weeks"),
    (86_400.0, "as between seconds and days"),
    (1_024.0, "as between bytes and KiB"),
    (1_048_576.0, "as between bytes and MiB"),
    (8.0, "as between bits and bytes"),
    (2.54, "as between inches and cm"),
    (0.3048, "as between feet and m"),
    (1.609344, "as between miles and km"),
    (0.45359237, "as between pounds and kg"),
    (3.6, "as between m/s and km/h"),
    (np.pi / 180, "as between degrees and radians"),
)


def factor(evidence: Evidence) -> str | None:
    """Staging's are production's times one number."""
    if (found := evidence.numbers) is None:
        return None
    p, s = found
    nonzero = p != 0
    if not nonzero.any() or not varied(p[nonzero]):
        return None
    ratio = float(np.median(s[nonzero] / p[nonzero]))
    if not np.isfinite(ratio) or ratio == 0 or abs(ratio - 1) <= evidence.tolerance.relative:
        return None
    if not evidence.explains(p * ratio, s):
        return None
    where = _where(evidence, evidence.equal_numbers[0] * ratio)
    return f"times {_digits(ratio)}{_unit(ratio)}{where}"


def offset(evidence: Evidence) -> str | None:
    """Staging's are production's plus one number."""
    if (found := evidence.numbers) is None:
        return None
    p, s = found
    if not varied(p):
        return None
    added = float(np.median(s - p))
    if abs(added) <= evidence.tolerance.absolute or not evidence.explains(p + added, s):
        return None
    if is_times(p):
        return shifted(added * unit_of(evidence.production))
    sign = "plus" if added > 0 else "minus"
    where = _where(evidence, evidence.equal_numbers[0] + added)
    return f"{sign} {_digits(abs(added))}{where}"


def temperature(evidence: Evidence) -> str | None:
    """Celsius and Fahrenheit, which no factor turns into each other."""
    if (found := evidence.numbers) is None or not varied(found[0]):
        return None
    p, s = found
    if evidence.explains(p * 1.8 + 32, s):
        return "Fahrenheit in place of Celsius"
    if evidence.explains((p - 32) / 1.8, s):
        return "Celsius in place of Fahrenheit"
    return None


def unit_length(evidence: Evidence) -> str | None:
    """Vectors of one direction, each of its own factor: those of one side have the norm 1."""
    if (found := evidence.vectors) is None or found[0].shape[1] < 2:
        return None
    p, s = found
    norms = np.linalg.norm(p, axis=1), np.linalg.norm(s, axis=1)
    if not (norms[0].all() and norms[1].all()):
        return None
    # Of one factor for all of them ``factor`` is the cause.
    ratios = norms[1] / norms[0]
    if np.ptp(ratios) <= _ONE_FACTOR * ratios.max():
        return None
    if not evidence.explains(p / norms[0][:, None], s / norms[1][:, None]):
        return None
    if np.allclose(norms[1], 1, atol=1e-5):
        return "vectors normalised to length 1"
    if np.allclose(norms[0], 1, atol=1e-5):
        return "vectors not normalised to length 1"
    return None


def _where(evidence: Evidence, expected: Floats) -> str:
    """Whether samples that do not differ contradict the cause."""
    return "" if evidence.explains(expected, evidence.equal_numbers[1]) else ", where it differs"


def _unit(ratio: float) -> str:
    for number, text in _UNITS:
        if abs(ratio / number - 1) <= _NEAR or abs(ratio * number - 1) <= _NEAR:
            return f": another unit, {text}?"
    return ""


def _digits(number: float) -> str:
    return f"{number:.4g}"
