"""How much a refresh can keep: its record is one ConfigMap, and holds what is written, what was
there before, and what is said of each step.
"""

from collections.abc import Iterable, Iterator

from stagingmirror.actions.config_map import MOST_BYTES
from stagingmirror.actions.step import ExecutableStep, stored_bytes
from stagingmirror.drift.facts import Observations, Seen, Why
from stagingmirror.reasons import Reason
from stagingmirror.view import View

MOST = MOST_BYTES
# Of these bytes, what is left for messages while the refresh runs.
_LATER = 64 * 1024
BEFORE_WRITING = MOST - _LATER
# A record without steps; a step and a fact without their texts.
_RECORD, _STEP, _FACT = 2048, 1024, 128

Steps = tuple[ExecutableStep, ...]


def fitting(
    proposed: Iterable[tuple[Steps | Why, Observations]], view: View
) -> Iterator[Steps | Why]:
    """The steps of each component, or why they are left: alone or with those before them, a record
    would not hold what they replace.
    """
    left = BEFORE_WRITING - _RECORD
    for steps, observations in proposed:
        if isinstance(steps, Why) or not steps:
            yield steps
            continue
        needed = _kept(steps, observations, view)
        if needed > left:
            yield Why(Reason.TOO_LARGE, _message(needed, left))
            continue
        left -= needed
        yield steps


def _message(needed: int, left: int) -> str:
    what = f"to be able to roll back, a refresh would have to keep {needed} bytes of it"
    most = BEFORE_WRITING - _RECORD
    if needed > most:
        return f"{what}, and can keep {most}; make the value shorter."
    return f"{what}, and can keep {left} more beside the other components; the next one does it."


def _kept(steps: Steps, observations: Observations, view: View) -> int:
    production = observations.production
    facts = production.facts if isinstance(production, Seen) else {}
    texts = (text for name, f in facts.items() for text in (name, f.value, f.expected))
    return (
        sum(map(stored_bytes, texts))
        + _FACT * len(facts)
        + sum(_STEP + step.kept(view) for step in steps)
    )
