"""What a refresh would do: the steps that the kinds propose, merged and in order.

A component is done whole or left: where one of its steps cannot be done, none is. Ids of steps come
from their content, so the same plan has the same ids in every process.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, Literal, TypeVar

from stagingmirror.drift.facts import DETAIL, Why
from stagingmirror.drift.merge import conflicts, merged, named, parts_of
from stagingmirror.drift.steps import Left, Plan, Step
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Unknown, Verdict
from stagingmirror.reasons import Reason

S_co = TypeVar("S_co", bound=Step, covariant=True)
S = TypeVar("S", bound=Step)

REPORTED = "only reported (mode Report)"
# Why a kind proposes no steps, where this may end by itself: the next observations may prove more.
PASSING = frozenset({Reason.REGISTRY_NOT_PROVEN})
# The text of a component that is Unknown begins so: a refresh without a step waits for it.
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Proposal(Generic[S_co]):
    """One component with the steps its kind proposes, or why it cannot be refreshed
    (``CannotRefresh``).

    Steps count only where the verdict is Drifted and the mode is Refresh. Their ids need
    only be unique within the component: ``Produced.step`` names one of them.
    """

    component: str
    mode: Literal["Refresh", "Report"]
    verdict: Verdict
    steps: tuple[S_co, ...] | Why = ()
    companions: tuple[str, ...] = ()
    """Components without which this one is left."""


def make(proposals: Sequence[Proposal[S]], without: Mapping[str, str]) -> Plan[S]:
    """The plan for these components, in their order. What is in sync is in neither list.

    ``without``: components that would be refreshed and are left now, each with the reason.
    """
    own = {each.component: why for each in proposals if (why := _left(each)) is not None}
    left = {**without, **own}
    wanted = {
        each.component: named(each.steps)
        for each in proposals
        if each.component not in left
        and not isinstance(each.verdict, InSync)
        and not isinstance(each.steps, Why)
    }
    for component, why in conflicts(wanted).items():
        left[component] = why
        del wanted[component]
    companions = {each.component: each.companions for each in proposals}
    for component, why in left_with(companions, _not_following(proposals, left)).items():
        if wanted.pop(component, None) is not None:
            left[component] = why
    steps = [step for each in wanted.values() for step in each]
    return Plan(
        steps=merged(steps),
        parts=parts_of(steps),
        left=tuple(
            Left(each.component, left[each.component], passes=_passes(each, left[each.component]))
            for each in proposals
            if each.component in left
        ),
    )


def left_with(companions: Mapping[str, Sequence[str]], left: Collection[str]) -> dict[str, str]:
    """The components that are left because one of their companions is, each with the reason."""
    found, gone = dict[str, str](), set(left)
    while True:
        more = {
            name: f"left with {each}, which it names in with"
            for name, others in companions.items()
            for each in others
            if each in gone and name not in gone
        }
        if not more:
            return found
        found |= more
        gone |= more.keys()


def _not_following(proposals: Sequence[Proposal[Step]], left: Collection[str]) -> set[str]:
    """What is left, but for what needs nothing: its differences are accepted."""
    return {
        each.component
        for each in proposals
        if each.component in left and not isinstance(each.verdict, Accepted)
    }


def _left(proposal: Proposal[Step]) -> str | None:
    """Why a refresh would not touch this component; None: it would, or it has nothing to do."""
    match proposal.verdict:
        case InSync():
            return None
        case Unknown() if proposal.mode == "Report":
            return REPORTED
        case Unknown(why, side):
            return f"{NOT_KNOWN}{f' in {side}' if side else ''}: {why.message}"
        case Held(hold, reason, until=until):
            return f"held by {hold}: {reason}{_until(until)}"
        case Accepted(_, reasons):
            return f"accepted: {'; '.join(reasons)}"
        case Drifted(accepted=accepted):
            return _left_drifted(proposal, tuple(each.fact for each in accepted))


def _left_drifted(proposal: Proposal[Step], accepted: Sequence[str]) -> str | None:
    """What is accepted is never written, and steps write all facts of a component together."""
    if proposal.mode == "Report":
        return REPORTED
    if accepted:
        facts = ", ".join(fact for fact in accepted if DETAIL not in fact)
        return f"would write what is accepted too ({facts}); accept the rest as well, or nothing"
    if isinstance(proposal.steps, Why):
        return proposal.steps.message
    return None if proposal.steps else "differs in nothing that a refresh could write"


def _passes(proposal: Proposal[Step], why: str) -> bool:
    steps = proposal.steps
    return isinstance(steps, Why) and steps.reason in PASSING and steps.message == why


def _until(until: float | None) -> str:
    if until is None:
        return ""
    return f", until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC"
