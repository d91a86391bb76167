"""What scales a workload: HorizontalPodAutoscalers, and ScaledObjects of KEDA. Pure.

KEDA scales by a HorizontalPodAutoscaler of its own, which counts no more than its ScaledObject.
Source: keda, apis/keda/v1alpha1/scaledobject_types.go; kubernetes, pkg/apis/autoscaling.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from stagingmirror.api.types.quantity import canonical
from stagingmirror.sources.kubernetes.objects.entries import Entry
from stagingmirror.sources.kubernetes.objects.serving.metrics import metrics
from stagingmirror.sources.kubernetes.subjects.serving import Autoscaler, Facts

Body: TypeAlias = Mapping[str, Any]
_PAUSED = "autoscaling.keda.sh/paused"
# Of what a trigger of KEDA is given, what says how much: all else may be an address or a login.
_AMOUNTS = ("threshold", "value", "length", "count", "replicas", "lag")
# Characters of an amount.
_LONGEST = 32
_AMOUNT = re.compile(
    r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3}|[numkMGTPE]|[KMGTPE]i)?", re.ASCII
)
_OWNER = "ScaledObject"
# The groups of the workloads that can be named, by kind.
_GROUPS = {"Deployment": "apps", "StatefulSet": "apps", "Rollout": "argoproj.io"}


@dataclass(frozen=True, slots=True)
class Scaler(Entry):
    """``scales``: group, kind and name of a workload. ``by_other``: another one made it."""

    kind: str
    scales: tuple[str, str, str]
    by_other: bool
    facts: Facts


def horizontal(body: Body) -> Scaler:
    spec = body["spec"]
    owners = body["metadata"].get("ownerReferences") or ()
    facts = {
        "autoscaling.minReplicas": str(_given(spec.get("minReplicas"), 1)),
        "autoscaling.maxReplicas": str(spec["maxReplicas"]),
        **dict(metrics(spec.get("metrics") or ())),
        **dict(_behavior(spec.get("behavior") or {})),
    }
    by_other = any(each.get("kind") == _OWNER for each in owners)
    return _scaler("HorizontalPodAutoscaler", body, facts, by_other=by_other)


def scaled_object(body: Body) -> Scaler:
    """One that has not the shape of its kind scales nothing: KEDA refuses it too."""
    try:
        return _scaler(_OWNER, body, _keda(body), by_other=False)
    except (KeyError, TypeError, ValueError, AttributeError):
        bare = {"metadata": body["metadata"], "spec": {"scaleTargetRef": {"name": ""}}}
        return _scaler(_OWNER, bare, {}, by_other=False)


def scaling(kind: str, name: str, found: Iterable[Scaler]) -> Autoscaler:
    """What scales the workload of this kind and name, of those in its namespace."""
    target = (_GROUPS.get(kind, ""), kind, name)
    scalers = sorted(
        (each for each in found if each.scales == target and not each.by_other),
        key=lambda each: (each.kind, each.name),
    )
    facts: dict[str, str] = {}
    for each in scalers:
        for fact, text in each.facts.items():
            facts[fact] = f"{facts[fact]} and {text}" if fact in facts else text
    return Autoscaler(tuple(f"{each.kind} {each.name}" for each in scalers), facts)


def _scaler(kind: str, body: Body, facts: Facts, *, by_other: bool) -> Scaler:
    metadata = body["metadata"]
    target = body["spec"]["scaleTargetRef"]
    group = str(target.get("apiVersion") or "apps/v1").partition("/")[0]
    version = str(metadata["resourceVersion"])
    int(version)
    return Scaler(
        uid=metadata["uid"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        resource_version=version,
        owner="",
        kind=kind,
        scales=(group, str(target.get("kind") or "Deployment"), str(target["name"])),
        by_other=by_other,
        facts=facts,
    )


def _keda(body: Body) -> dict[str, str]:
    spec, annotations = body["spec"], body["metadata"].get("annotations") or {}
    facts = {
        "autoscaling.minReplicas": str(_given(spec.get("minReplicaCount"), 0)),
        "autoscaling.maxReplicas": str(_given(spec.get("maxReplicaCount"), 100)),
        "autoscaling.pollingInterval": f"{_given(spec.get('pollingInterval'), 30)}s",
        "autoscaling.cooldownPeriod": f"{_given(spec.get('cooldownPeriod'), 300)}s",
    }
    if spec.get("idleReplicaCount") is not None:
        facts["autoscaling.idleReplicas"] = str(spec["idleReplicaCount"])
    if spec.get("initialCooldownPeriod"):
        facts["autoscaling.initialCooldownPeriod"] = f"{spec['initialCooldownPeriod']}s"
    if fallback := spec.get("fallback"):
        behavior = fallback.get("behavior")
        facts["autoscaling.fallback"] = (
            f"{fallback.get('replicas')} replicas after {fallback.get('failureThreshold')} failures"
            f"{f', {behavior}' if behavior else ''}"
        )
    if annotations.get(_PAUSED) == "true" or f"{_PAUSED}-replicas" in annotations:
        facts["autoscaling.paused"] = annotations.get(f"{_PAUSED}-replicas") or "yes"
    advanced = (spec.get("advanced") or {}).get("horizontalPodAutoscalerConfig") or {}
    triggers: dict[str, list[str]] = {}
    for each in spec.get("triggers") or ():
        name = str(each.get("name") or each["type"])
        triggers.setdefault(f"autoscaling.metric.{name}", []).append(_trigger(each))
    facts |= {name: " and ".join(sorted(texts)) for name, texts in triggers.items()}
    return facts | dict(_behavior(advanced.get("behavior") or {}))


def _trigger(trigger: Body) -> str:
    amounts = [
        f"{name} {canonical('', str(value))}"
        for name, value in sorted((trigger.get("metadata") or {}).items())
        if name.lower().endswith(_AMOUNTS) and _is_number(str(value))
    ]
    kind = trigger.get("metricType")
    return ", ".join([str(trigger["type"]), *([str(kind)] if kind else []), *amounts])


def _is_number(text: str) -> bool:
    """As KEDA reads amounts: a number, or a quantity."""
    return len(text) <= _LONGEST and _AMOUNT.fullmatch(text) is not None


def _behavior(behavior: Body) -> Iterator[tuple[str, str]]:
    for direction in ("scaleUp", "scaleDown"):
        if not (rules := behavior.get(direction)):
            continue
        policies = sorted(
            f"{each.get('value')}{' %' if each.get('type') == 'Percent' else ''}"
            f" per {each.get('periodSeconds')}s"
            for each in rules.get("policies") or ()
        )
        window = rules.get("stabilizationWindowSeconds")
        steady = [] if window is None else [f"steady for {window}s"]
        select = [str(rules["selectPolicy"])] if rules.get("selectPolicy") else []
        tolerance = rules.get("tolerance")
        more = [] if tolerance is None else [f"tolerance {canonical('', str(tolerance))}"]
        yield f"autoscaling.{direction}", ", ".join([*policies, *select, *steady, *more])


def _given(value: Any, default: int) -> Any:
    return default if value is None else value
