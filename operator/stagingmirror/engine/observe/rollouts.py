"""What runs of a component on one side: workloads and their revisions, or the index that an alias
leads to. They identify a deploy.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from stagingmirror.drift.deploys import DeployKey, Running, SideName
from stagingmirror.engine.observe.view import RecordingView
from stagingmirror.sources.index.subjects import IndexSubject
from stagingmirror.sources.kubernetes.subjects import Workload, WorkloadSubject
from stagingmirror.view import Observed, Subject, View


def rollouts(
    parts: Mapping[DeployKey, RecordingView], environments: Mapping[SideName, str]
) -> list[Running]:
    """What runs of every component on both sides, where it is known.

    A kind may read the other side to know what the facts of one mean; that is nothing of this side.
    """
    found = [
        _served(key, part, environments[key.side])
        if any(isinstance(subject, IndexSubject) for subject in part.subjects)
        else running(key, part.subjects - _theirs(key, parts), part)
        for key, part in parts.items()
    ]
    return [each for each in found if each is not None]


def running(key: DeployKey, subjects: Iterable[Subject[Any]], view: View) -> Running | None:
    """``subjects`` are what observing the component on this side has read; None where it has no
    workload, or one that is not seen whole.
    """
    read = sorted(subject for subject in subjects if isinstance(subject, WorkloadSubject))
    answers = [view.get(subject) for subject in read]
    seen = [each.value for each in answers if isinstance(each, Observed)]
    known = [each for each in seen if each is not None and each.revision]
    if not known or len(known) < len(answers):
        return None
    started = [pod.started for each in known for pod in each.pods if pod.started is not None]
    # A template that is rolled back to may find its former pods still there: they are older.
    rolled = [each.rolled for each in known if each.rolled is not None]
    return Running(
        key=key,
        revisions={f"{each.kind} {each.name}": f"{each.uid}/{each.revision}" for each in known},
        at=max([*started, *rolled], default=0.0),
        over=bool(started) and all(_settled(each) for each in known),
    )


def _served(key: DeployKey, part: RecordingView, environment: str) -> Running | None:
    """An alias that leads to another index is a deploy, whoever moved it. When that was is known
    only of what a refresh made.
    """
    revisions, at, seen = dict[str, str](), 0.0, 0.0
    for alias in part.subjects:
        if not isinstance(alias, IndexSubject) or alias.environment != environment:
            continue
        answer = part.get(alias)
        facts = answer.value.facts if isinstance(answer, Observed) and answer.value else None
        if facts is None:
            return None
        revisions[f"alias {alias.alias}"] = facts.target
        at = max(at, answer.began if facts.mark is None else facts.mark.at)
        seen = max(seen, answer.began)
    return Running(key, revisions, at, over=True, seen=seen) if revisions else None


def _theirs(key: DeployKey, parts: Mapping[DeployKey, RecordingView]) -> set[Subject[Any]]:
    production = parts.get(DeployKey(key.component, "production"))
    return set() if key.side == "production" or production is None else production.subjects


def _settled(workload: Workload) -> bool:
    # Pods of a CronJob have finished, and are not ready any more.
    is_up = workload.kind == "CronJob" or all(
        pod.ready and not pod.terminating for pod in workload.pods
    )
    return is_up and workload.unsettled is None
