"""What differs of one component, as its status lists it."""

from stagingmirror.api.status.model import DifferenceStatus
from stagingmirror.api.status.report import ComponentReport
from stagingmirror.api.status.truncation import Limits, cut, ended
from stagingmirror.api.types.constraints import MAX_FACT
from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.accept import reason_of
from stagingmirror.drift.facts import DETAIL, Difference
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Unknown


def differences_of(component: ComponentReport) -> tuple[Difference, ...]:
    """Those that are not accepted first, each followed by its details."""
    match component.verdict:
        case Drifted(differences, accepted):
            return differences + accepted
        case Held(differences=differences):
            return differences
        case Accepted(accepted):
            return accepted
        case InSync() | Unknown():
            return ()


def accepted_of(component: ComponentReport) -> tuple[Difference, ...]:
    match component.verdict:
        case Drifted(accepted=accepted) | Accepted(accepted=accepted):
            return accepted
        case _:
            return ()


def kept(differences: tuple[Difference, ...], most: int) -> tuple[Difference, ...]:
    """As many as there may be, in their order: details are left out before facts are."""
    if len(differences) <= most:
        return differences
    facts = {each.fact for each in differences}
    details = [_explains(each.fact, facts) for each in differences]
    first = sorted(range(len(differences)), key=lambda place: (details[place], place))
    return tuple(differences[place] for place in sorted(first[:most]))


def counted(differences: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Without the details that follow a fact."""
    facts = {each.fact for each in differences}
    return tuple(each for each in differences if not _explains(each.fact, facts))


def difference_status(
    difference: Difference, limits: Limits, *, accepted: bool
) -> DifferenceStatus:
    """The entry of ``differences``; ``accepted``: it does not count."""
    production, staging, expected = (
        None if value is None else cut(value, limits.value)
        for value in (difference.production, difference.staging, difference.expected)
    )
    by = difference.acceptance
    over = None if by is None or accepted else by.until
    return DifferenceStatus(
        fact=cut(difference.fact, MAX_FACT),
        production=production,
        staging=staging,
        expected=expected,
        accepted=ended(reason_of(by), limits.value) if by is not None and accepted else None,
        acceptance_ended=None if over is None else rfc3339(over),
    )


def _explains(name: str, facts: set[str]) -> bool:
    parts = name.split(DETAIL)
    return any(DETAIL.join(parts[:end]) in facts for end in range(1, len(parts)))
