"""The two sides of a difference, in words. Two that differ never read alike."""

from collections.abc import Iterable

from stagingmirror.api.status.truncation import MAX_IN_A_SENTENCE, SHA256, short
from stagingmirror.drift.facts import SEAL, Difference
from stagingmirror.drift.legible import pair

NOTHING = "nothing"
# What stands for a value. A value of the same words is put in quotation marks.
_STANDS_FOR = frozenset({NOTHING, short(SEAL)})


def one(difference: Difference) -> str:
    """One fact that differs, with both values, and with what staging should have where that is not
    production's value.
    """
    fact, expected = difference.fact, difference.expected
    if _is_sealed(difference.production) and _is_sealed(difference.staging):
        return f"{fact}: production's and staging's values differ, and are not shown"
    production, staging = in_words(difference.production, difference.staging)
    if expected is None or expected == difference.production:
        return f"{fact}: production has {production}, staging has {staging}"
    staging, wanted = in_words(difference.staging, expected)
    return (
        f"{fact}: production has {_in_words(difference.production)}, staging has {staging} "
        f"(staging should have {wanted})"
    )


def in_words(one: str | None, other: str | None) -> tuple[str, str]:
    """Two values as they stand in a sentence; None: that side does not have it. They are alike only
    where they are equal, or where both are sealed.
    """
    shown = _in_words(one), _in_words(other)
    if one is None or other is None or one == other or _is_sealed(one) or _is_sealed(other):
        return shown
    if shown[0] != shown[1] and (one.startswith(SHA256) or other.startswith(SHA256)):
        return shown
    return pair(one, other, MAX_IN_A_SENTENCE)


def distinguishing(differences: Iterable[Difference]) -> Difference | None:
    """The first that tells two things of the same name apart: both sides have it, and show it."""
    for each in differences:
        values = each.production, each.staging
        if None not in values and not any(map(_is_sealed, values)) and values[0] != values[1]:
            return each
    return None


def _is_sealed(value: str | None) -> bool:
    return value is not None and value.startswith(SEAL)


def _in_words(value: str | None) -> str:
    if value is None:
        return NOTHING
    shown = short(value)
    return f'"{shown}"' if value in _STANDS_FOR else shown
