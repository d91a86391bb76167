"""Deploys: every rollout of a tracked workload, by anyone, with the provenance of what runs now.

A rollout counts once it is over and its side has been seen: provenance is what runs, not what was
promised. Which rollouts are new follows from the deploys of the former status, so a new leader
reports nothing twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypedDict

from stagingmirror.drift.facts import DETAIL, Difference, Observations, Seen, public
from stagingmirror.drift.legible import legible, shortened
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Unknown, Verdict

SideName = Literal["production", "staging"]

# Facts that are kept of one deploy, the headline of its kind first; further ones are left out.
MAX_PROVENANCE = 16
MAX_VALUE = 128
MAX_MISMATCHES = 16


class DeployKey(NamedTuple):
    component: str
    side: SideName


class Judged(NamedTuple):
    """One component with what both sides showed. ``headline``: as its kind has it."""

    observations: Observations
    verdict: Verdict
    headline: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Running:
    """What runs of one component on one side.

    ``revisions`` names each of its workloads (``Deployment fraud-server``) with a text that changes
    with a rollout and with nothing else (scaling is none). ``at`` is when the youngest of its pods
    started, or its controller called the rollout complete, if that was later (POSIX s). ``over`` is
    False while pods of another template still run or none is ready. ``seen``: when it was seen
    (POSIX s), of what may be older than the deploy that it takes the place of.
    """

    key: DeployKey
    revisions: Mapping[str, str]
    at: float
    over: bool
    seen: float | None = None


@dataclass(frozen=True, slots=True)
class Deploy:
    """The last rollout of one component on one side.

    ``workloads`` are those that it changed. ``verified``: both sides were seen and compared, if not
    at once then as soon as they were; ``mismatch`` names the facts in which they differed then,
    ``accepted`` those in which they may. ``declared``: they agreed in what is written down only,
    none of it proven to run on both sides. ``first``: it ran already when it was first observed,
    and is never reported. ``message``: the sentence that ``describe`` made of it.
    """

    key: DeployKey
    revisions: Mapping[str, str]
    workloads: tuple[str, ...]
    at: float
    provenance: Mapping[str, str] = field(default_factory=dict)
    verified: bool = False
    mismatch: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    declared: bool = False
    findings: tuple[str, ...] = ()
    first: bool = False
    message: str = field(default="", compare=False)


def latest(
    former: Iterable[Deploy],
    rollouts: Iterable[Running],
    judged: Mapping[str, Judged],
) -> tuple[Deploy, ...]:
    """The last deploy per component and side: a new one where a rollout is over, its side is seen
    and it is not the one that is already known. What is no component any more is dropped.
    """
    known = {each.key: each for each in former if each.key.component in judged}
    for rollout in rollouts:
        if rollout.key.component in judged:
            deploy = _deploy(known.get(rollout.key), rollout, judged[rollout.key.component])
            if deploy is not None:
                known[rollout.key] = deploy
    order = {name: place for place, name in enumerate(judged)}
    return tuple(
        replace(each, message=describe(each, judged[each.key.component].headline))
        for each in sorted(
            known.values(), key=lambda each: (order[each.key.component], each.key.side)
        )
    )


def news(former: Sequence[Deploy], now: Sequence[Deploy]) -> tuple[Deploy, ...]:
    """The deploys that happened since. What was never seen before is none of them: when it was
    rolled out is not known.
    """
    known = {each.key: each for each in former}
    return tuple(
        each for each in now if each.key in known and known[each.key].revisions != each.revisions
    )


def compared_late(former: Sequence[Deploy], now: Sequence[Deploy]) -> tuple[Deploy, ...]:
    """The deploys that were reported already, and could be compared only now."""
    known = {each.key: each for each in former}
    return tuple(
        each
        for each in now
        if each.verified
        and not each.first
        and each.key in known
        and known[each.key].revisions == each.revisions
        and not known[each.key].verified
    )


def to_dict(deploy: Deploy) -> dict[str, Any]:
    """As JSON, for ``status.deploys``; ``at`` is left to the caller."""
    return {
        "component": deploy.key.component,
        "side": deploy.key.side,
        "workloads": list(deploy.workloads),
        "revisions": dict(deploy.revisions),
        "provenance": dict(deploy.provenance),
        "verified": deploy.verified,
        "mismatch": list(deploy.mismatch),
        **({"accepted": list(deploy.accepted)} if deploy.accepted else {}),
        **({"declared": True} if deploy.declared else {}),
        "findings": list(deploy.findings),
        "message": deploy.message,
        **({"first": True} if deploy.first else {}),
    }


def from_dict(written: Mapping[str, Any], *, at: float) -> Deploy | None:
    """What ``to_dict`` wrote; None for an entry of another version of the operator."""
    match written:
        case {
            "component": str(component),
            "side": "production" | "staging" as side,
            "revisions": Mapping() as revisions,
        }:
            return Deploy(
                DeployKey(component, side),
                {str(key): str(value) for key, value in revisions.items()},
                _texts(written.get("workloads")),
                at,
                dict(written.get("provenance") or {}),
                written.get("verified") is True,
                _texts(written.get("mismatch")),
                _texts(written.get("accepted")),
                written.get("declared") is True,
                _texts(written.get("findings")),
                first=written.get("first") is True,
                message=str(written.get("message") or ""),
            )
        case _:
            return None


def describe(deploy: Deploy, headline: Sequence[str]) -> str:
    """One sentence: where, what, and whether it is what the other side runs. ``headline`` names the
    facts that stand for the whole, as its kind has them.
    """
    known = deploy.provenance
    what = ", ".join(f"{name} {_short(known[name])}" for name in headline if name in known)
    return (
        f"{deploy.key.component} in {deploy.key.side}: {', '.join(deploy.workloads)} rolled out "
        f"with {what or 'nothing that can be shown'}; {_agreement(deploy)}"
    )


def _deploy(former: Deploy | None, rollout: Running, judged: Judged) -> Deploy | None:
    observations = judged.observations
    shown = observations.production if rollout.key.side == "production" else observations.staging
    if not rollout.over or not isinstance(shown, Seen):
        return former
    known = former.revisions if former is not None else {}
    if former is not None and known == rollout.revisions:
        return former if former.verified else _compared_late(former, shown, judged)
    changed = (name for name, revision in rollout.revisions.items() if known.get(name) != revision)
    return Deploy(
        rollout.key,
        rollout.revisions,
        tuple(changed) or tuple(rollout.revisions),
        _at(former, rollout),
        _provenance(shown, judged.headline),
        **_compared(judged.verdict),
        findings=shown.findings,
        first=former is None,
    )


def _at(former: Deploy | None, rollout: Running) -> float:
    """What is older than what it takes the place of was led back to, by the time it was seen."""
    if former is None or rollout.seen is None or rollout.at > former.at:
        return rollout.at
    return rollout.seen


def _compared_late(former: Deploy, shown: Seen, judged: Judged) -> Deploy:
    """The same deploy, once the other side is seen as well."""
    found = _compared(judged.verdict)
    if not found["verified"]:
        return former
    return replace(
        former,
        provenance=_provenance(shown, judged.headline),
        **found,
        findings=shown.findings,
    )


def _provenance(shown: Seen, headline: tuple[str, ...]) -> dict[str, str]:
    facts = sorted(name for name in shown.facts if DETAIL not in name)
    facts.sort(key=lambda name: headline.index(name) if name in headline else len(headline))
    return {name: public(shown.facts[name].value)[:MAX_VALUE] for name in facts[:MAX_PROVENANCE]}


class _Compared(TypedDict):
    """The fields of a ``Deploy`` that a verdict decides."""

    verified: bool
    mismatch: tuple[str, ...]
    accepted: tuple[str, ...]
    declared: bool


def _compared(verdict: Verdict) -> _Compared:
    unseen = isinstance(verdict, Held) and verdict.unseen is not None
    return _Compared(
        verified=not (unseen or isinstance(verdict, Unknown)),
        mismatch=_facts(verdict.differences) if isinstance(verdict, Drifted | Held) else (),
        accepted=_facts(verdict.accepted) if isinstance(verdict, Drifted | Accepted) else (),
        declared=isinstance(verdict, InSync) and verdict.declared,
    )


def _facts(differences: Iterable[Difference]) -> tuple[str, ...]:
    facts = (each.fact for each in differences if DETAIL not in each.fact)
    return tuple(facts)[:MAX_MISMATCHES]


def _agreement(deploy: Deploy) -> str:
    other = "staging" if deploy.key.side == "production" else "production"
    if not deploy.verified:
        return f"not verified: {other} was not seen"
    if deploy.mismatch:
        return f"differs from {other} in {', '.join(deploy.mismatch)}"
    return agreed(deploy)


def agreed(deploy: Deploy) -> str:
    """How far a deploy without a mismatch is as the other side."""
    other = "staging" if deploy.key.side == "production" else "production"
    if deploy.declared:
        return f"declared as {other}, not proven to run"
    if deploy.accepted:
        return f"verified: as {other}, but for what is accepted: {', '.join(deploy.accepted)}"
    return f"verified: as {other}"


def _short(value: str) -> str:
    if value.startswith("sha256:"):
        return value[:15]
    return shortened(legible(value), 40)


def _texts(written: object) -> tuple[str, ...]:
    return tuple(str(each) for each in written) if isinstance(written, list) else ()
