"""Differences that somebody understands, with a reason and an end that is enforced."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from stagingmirror.drift.facts import SEAL, Acceptance, Difference


def accepting(
    difference: Difference, component: str, acceptances: Iterable[Acceptance], now: float
) -> Acceptance | None:
    """The first acceptance in force at ``now`` (POSIX s) that covers this difference of this
    component.
    """
    return next((each for each in acceptances if _covers(each, difference, component, now)), None)


def reasons(acceptances: Sequence[Acceptance]) -> tuple[str, ...]:
    """The reasons of acceptances, each once, with its end, in their order."""
    return tuple(dict.fromkeys(_reason(each) for each in acceptances))


def _covers(acceptance: Acceptance, difference: Difference, component: str, now: float) -> bool:
    return (
        acceptance.component == component
        and acceptance.fact == difference.fact
        and (acceptance.until is None or now < acceptance.until)
        and _is_named(acceptance.production, difference.production)
        and _is_named(acceptance.staging, difference.staging)
    )


def _is_named(accepted: str | None, value: str | None) -> bool:
    """A sealed value cannot be named: naming one after the other would find it."""
    if accepted is None:
        return True
    return accepted == value and not value.startswith(SEAL)


def _reason(acceptance: Acceptance) -> str:
    if acceptance.until is None:
        return acceptance.reason
    end = datetime.fromtimestamp(acceptance.until, UTC)
    return f"{acceptance.reason} (until {end:%Y-%m-%d %H:%M} UTC)"
