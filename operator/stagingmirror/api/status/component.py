"""One component of a status: its verdict in words, and the facts that are shown for it."""

from stagingmirror.api.status.acceptances import accepted_in_words, beside, ending
from stagingmirror.api.status.differences import (
    accepted_of,
    counted,
    difference_status,
    differences_of,
    kept,
)
from stagingmirror.api.status.groups import in_groups
from stagingmirror.api.status.model import ComponentStatus
from stagingmirror.api.status.report import ComponentReport
from stagingmirror.api.status.sides import distinguishing, in_words, one
from stagingmirror.api.status.truncation import Limits, cut, ended, listed, short
from stagingmirror.api.types.times import not_after, rfc3339
from stagingmirror.drift.facts import (
    DETAIL,
    PRESENT,
    Absent,
    Difference,
    Fact,
    Observation,
    Observations,
    Seen,
    Unseen,
)
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Unknown
from stagingmirror.reasons import Reason

# Characters that one component's name and message have at least, where there are many.
_LEAST = 100
_MORE = "and {} more"
# Facts that are named one by one; more are named in groups.
MAX_NAMED = 5
# The version that the alias names.
ALIAS = "alias"


def component_status(
    component: ComponentReport, *, now: float, former: ComponentStatus | None, limits: Limits
) -> ComponentStatus:
    """The entry of ``status.components``. ``former`` is the component's entry so far."""
    differences = differences_of(component)
    verdict, reason = type(component.verdict).__name__, reason_of(component)
    same = former is not None and (former.verdict, former.reason) == (verdict, reason)
    shown, accepted = kept(differences, limits.differences), set(accepted_of(component))
    soon = ending(
        component.verdict, () if former is None else former.ending, now=now, limits=limits
    )
    first = {each.fact for each in differences}
    observations = component.observations
    production, hidden = _facts(observations.production, first, limits)
    staging, hidden_too = _facts(observations.staging, first, limits)
    return ComponentStatus(
        name=component.name,
        kind=component.kind,
        verdict=verdict,
        reason=reason,
        since=(not_after(former.since, now) if former is not None and same else None)
        or rfc3339(now),
        # Zero: a side was never observed.
        observed_at=rfc3339(observations.oldest) if observations.oldest > 0 else None,
        production=production,
        staging=staging,
        differences=tuple(
            difference_status(each, limits, accepted=each in accepted) for each in shown
        ),
        unlisted=(len(counted(differences)) - len(counted(shown))) or None,
        **({"ending": soon} if soon else {}),
        message=_whole_message(component, hidden + hidden_too, len(differences), limits),
    )


def reason_of(component: ComponentReport) -> str | None:
    """Why the verdict is this one, in one word; None where the verdict needs none."""
    match component.verdict:
        case Unknown(why):
            return why.reason
        case Held(hold):
            return hold
        case InSync(declared=True):
            return Reason.DECLARED
        case InSync() | Drifted() | Accepted():
            return None


def message_of(component: ComponentReport) -> str:
    """The verdict in words, without what a reader should know beside it."""
    match component.verdict:
        case InSync() as verdict:
            return _in_sync(verdict, component.observations)
        case Drifted(differences):
            return _drift(differences, component)
        case Accepted(accepted, reasons):
            return accepted_in_words(len(counted(accepted)), reasons)
        case Held() as verdict:
            return _held(verdict, component)
        case Unknown() as verdict:
            return _unknown(verdict, component.observations)


def messages_of(components: tuple[ComponentReport, ...], most: int) -> str:
    """The message of each component, by name; those in sync only where all are. In ``most``
    characters: messages give way before names do, and components that have no room are counted.
    """
    wrong = [each for each in components if not isinstance(each.verdict, InSync)]
    parts = [f"{each.name}: {message_of(each).rstrip('.')}" for each in wrong or components]
    whole = "; ".join(parts)
    if len(whole) <= most:
        return whole
    room = max(_LEAST, (most - len(_MORE)) // len(parts) - 2)
    short_parts = [ended(each, room) for each in parts]
    kept = (most - len(_MORE)) // (room + 2)
    if len(parts) <= kept:
        return "; ".join(short_parts)
    return "; ".join([*short_parts[:kept], _MORE.format(len(parts) - kept)])


def _whole_message(
    component: ComponentReport, hidden: int, differences: int, limits: Limits
) -> str:
    unlisted = getattr(component.verdict, "unlisted", 0) + max(0, differences - limits.differences)
    parts = [
        message_of(component),
        _not_proven(component),
        *beside(component.verdict, counted(accepted_of(component))),
        f"{unlisted} further differences are not listed" if unlisted else "",
        *_findings(component.observations),
        f"{hidden} facts are not shown" if hidden else "",
    ]
    once = dict.fromkeys(part.rstrip(".") for part in parts if part)
    return ended("; ".join(once), limits.message)


def _in_sync(verdict: InSync, observations: Observations) -> str:
    facts = observations.production.facts if isinstance(observations.production, Seen) else {}
    compared = [name for name, fact in facts.items() if fact.compared and DETAIL not in name]
    if verdict.compared == 1 and len(compared) == 1:
        return short(facts[compared[0]].value)
    return f"{verdict.compared} facts are equal"


def _not_proven(component: ComponentReport) -> str:
    """Which of the facts that a verdict rests on are only written down somewhere."""
    declared = [] if isinstance(component.verdict, Unknown) else _declared(component.observations)
    return f"declared, not proven to run: {listed(declared)}" if declared else ""


def _drift(differences: tuple[Difference, ...], component: ComponentReport) -> str:
    facts = counted(differences)
    if [each.fact for each in facts] == [PRESENT]:
        return f"staging does not have {_missing(component.observations.staging)}"
    text = _what_runs(component, facts)
    if text is None and len(facts) == 1:
        return one(facts[0])
    names = [each.fact for each in facts]
    differ = f"{listed(names)} differ{'s' * (len(names) == 1)}"
    if len(names) > MAX_NAMED:
        differ = f"{len(names)} facts differ: {in_groups(names)}"
    return f"{text}; {differ}" if text else differ


def _held(verdict: Held, component: ComponentReport) -> str:
    text = f"held by {verdict.hold}: {verdict.reason}"
    if verdict.unseen is not None:
        return f"{text}; not seen: {verdict.unseen.message}"
    return f"{text}; {_drift(verdict.differences, component)}" if verdict.differences else text


def _unknown(verdict: Unknown, observations: Observations) -> str:
    """Production's reason is the verdict; where staging was not seen either, that follows."""
    text = _on(verdict.side, verdict.why.message)
    staging = observations.staging
    if verdict.side == "staging" or not isinstance(staging, Unseen) or staging.why == verdict.why:
        return text
    return f"{text.rstrip('.')}; {_on('staging', staging.why.message)}"


def _what_runs(component: ComponentReport, differences: tuple[Difference, ...]) -> str | None:
    """``production runs version 12, staging runs version 11``, where people know what runs by a
    name that is not compared (registries count for themselves). Where both have the same one, what
    tells them apart is added; None where nothing does.
    """
    sides, name = component.observations, next(iter(component.headline), "")
    production, staging = _fact(sides.production, name), _fact(sides.staging, name)
    if production is None or staging is None or production.compared or staging.compared:
        return None
    shown, aside = in_words(production.value, staging.value), ("", "")
    if shown[0] == shown[1]:
        if (found := distinguishing(differences)) is None:
            return None
        one_value, other = in_words(found.production, found.staging)
        aside = f" ({found.fact} {one_value})", f" ({found.fact} {other})"
    return ", ".join(
        (
            f"{_runs('production', sides.production, production)} {name} {shown[0]}{aside[0]}",
            f"{_runs('staging', sides.staging, staging)} {name} {shown[1]}{aside[1]}",
        )
    )


def _runs(side: str, observation: Observation, fact: Fact) -> str:
    """What is not proven to run is what the alias names, or what a template is set to."""
    if not fact.declared:
        return f"{side} runs"
    alias = _fact(observation, ALIAS)
    if alias is None or alias.value == fact.value:
        return f"{side}'s alias names"
    return f"{side} is set to"


def _findings(observations: Observations) -> list[str]:
    sides = (("production", observations.production), ("staging", observations.staging))
    return [
        _on(side, finding)
        for side, observation in sides
        if isinstance(observation, Seen)
        for finding in observation.findings
    ]


def _on(side: str | None, sentence: str) -> str:
    """The sentence, with the side that it is about."""
    if side is None or sentence.startswith(side):
        return sentence
    return f"{side}: {sentence}"


def _declared(observations: Observations) -> list[str]:
    return sorted(
        {
            name
            for observation in (observations.production, observations.staging)
            if isinstance(observation, Seen)
            for name, fact in observation.facts.items()
            if fact.compared and fact.declared and DETAIL not in name
        }
    )


def _missing(observation: Observation) -> str:
    return observation.what if isinstance(observation, Absent) else "it"


def _fact(observation: Observation, name: str) -> Fact | None:
    return observation.facts.get(name) if isinstance(observation, Seen) else None


def _facts(observation: Observation, first: set[str], limits: Limits) -> tuple[dict[str, str], int]:
    """What is shown of one side: what differs first, then what is compared, then the rest; and how
    many facts are not shown.
    """
    if not isinstance(observation, Seen):
        return {}, 0
    names = sorted(
        (name for name in observation.facts if DETAIL not in name),
        key=lambda name: (name not in first, not observation.facts[name].compared, name),
    )
    shown = {
        name: cut(observation.facts[name].value, limits.value) for name in names[: limits.facts]
    }
    return shown, len(names) - len(shown)
