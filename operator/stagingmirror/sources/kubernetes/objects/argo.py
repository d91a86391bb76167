"""What a Rollout of Argo Rollouts shows of its update, in its spec and status. Pure.

An update is complete once the ReplicaSet of the newest template is the stable one
(``status.stableRS`` = ``status.currentPodHash``); until then the stable one is what it was before.
Source: argo-rollouts, pkg/apis/rollouts/v1alpha1/types.go, utils/rollout/rolloututil.go.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.entries import Declared, Reference, Update
from stagingmirror.sources.kubernetes.objects.store import Store

Body = Mapping[str, Any]

# The label of ReplicaSets and pods that names their template, as the status does.
HASH_LABEL = "rollouts-pod-template-hash"
# What a workloadRef may name so that the template is read there.
_READ = "Deployment"
_STEPS = (
    "pause",
    "analysis",
    "experiment",
    "setCanaryScale",
    "setHeaderRoute",
    "setMirrorRoute",
    "plugin",
)
# It waits for a person, whatever its strategy is.
_INCONCLUSIVE = frozenset({"InconclusiveAnalysisRun", "InconclusiveExperiment"})


def update_of(spec: Body, status: Body) -> Update:
    return Update(
        at=position(spec, status),
        aborted=bool(status.get("abort")),
        has_spares=has_spares(spec),
        reference=_reference(spec, status),
    )


def number(text: object) -> int:
    """``observedGeneration`` is a text of any content here; 0: no number."""
    return int(text) if isinstance(text, str | int) and str(text).isdecimal() else 0


def position(spec: Body, status: Body) -> str:
    """Where an update is in its strategy, for people."""
    steps, index = _steps(spec), status.get("currentStepIndex")
    if steps and isinstance(index, int) and index < len(steps):
        return f"canary step {index + 1} of {len(steps)} ({_called(steps[index])})"
    if "blueGreen" in _strategy(spec):
        return "its new ReplicaSet is not the active one yet"
    return ""


def awaits_promotion(spec: Body, status: Body) -> bool:
    """Whether it waits now, without an end, for somebody who promotes it."""
    reasons = {one.get("reason") for one in status.get("pauseConditions") or ()}
    if reasons & _INCONCLUSIVE:
        return True
    index = status.get("currentStepIndex")
    if "CanaryPauseStep" in reasons and isinstance(index, int):
        return any(map(_is_endless, _steps(spec)[index : index + 1]))
    return "BlueGreenPause" in reasons and _is_manual(spec)


def promotion_step(spec: Body) -> str | None:
    """The field at which each update waits without an end for somebody; None: there is none."""
    if _is_manual(spec):
        return "spec.strategy.blueGreen.autoPromotionEnabled: false"
    for index, step in enumerate(_steps(spec)):
        if _is_endless(step):
            return f"spec.strategy.canary.steps[{index}]: a pause without a duration"
    return None


def has_spares(spec: Body) -> bool:
    """As of ``Update``."""
    strategy = _strategy(spec)
    return "blueGreen" in strategy or bool((strategy.get("canary") or {}).get("trafficRouting"))


def is_complete(status: Body) -> bool:
    """The newest template that the controller has seen is the stable one."""
    return bool(status.get("stableRS")) and status.get("stableRS") == status.get("currentPodHash")


def _strategy(spec: Body) -> Body:
    return {name: part for name, part in (spec.get("strategy") or {}).items() if part is not None}


def _steps(spec: Body) -> list[Body]:
    return list((_strategy(spec).get("canary") or {}).get("steps") or ())


def _is_endless(step: Body) -> bool:
    return "pause" in step and (step["pause"] or {}).get("duration") is None


def _is_manual(spec: Body) -> bool:
    blue_green = _strategy(spec).get("blueGreen") or {}
    is_off = blue_green.get("autoPromotionEnabled") is False
    return is_off and not blue_green.get("autoPromotionSeconds")


def _called(step: Body) -> str:
    """Numbers and names of fields only: the rest is the team's own text."""
    if "setWeight" in step:
        return f"setWeight {number(step['setWeight'])}"
    return next((name for name in _STEPS if name in step), "another step")


def _reference(spec: Body, status: Body) -> Reference | None:
    found = spec.get("workloadRef")
    if not found:
        return None
    seen = number(status.get("workloadObservedGeneration"))
    return Reference(str(found.get("kind", "")), str(found.get("name", "")), seen)


class HasDeployments(Protocol):
    @property
    def deployments(self) -> Store[Declared]: ...


def refers_to(declared: Declared, workload: Declared) -> bool:
    """Whether its template is that of this Deployment."""
    reference = declared.update.reference if declared.update else None
    return reference is not None and (reference.kind, reference.name) == (_READ, workload.name)


def resolved(declared: Declared, stores: HasDeployments) -> tuple[Declared, Why | None]:
    """With the pod template of what a Rollout's workloadRef names, or why that is not known. Its
    controller has caught up only where it has seen the newest generation of both.
    """
    reference = declared.update.reference if declared.update else None
    if reference is None:
        return declared, None
    who = f"{declared.kind} {declared.namespace}/{declared.name}"
    where = f"{reference.kind} {reference.name} (workloadRef)"
    if reference.kind != _READ:
        what = (
            f"{who} has its pod template from {where}, which is not read; name a Deployment there."
        )
        return declared, Why(Reason.TEMPLATE_ELSEWHERE, what)
    found = stores.deployments.named(declared.namespace, reference.name)
    if found is None:
        what = f"{who} has its pod template from {where}, which is not there; create it."
        return declared, Why(Reason.NOT_THERE, what)
    with_template = replace(
        declared,
        containers=found.containers,
        template=found.template,
        config_maps=found.config_maps,
        caught_up=declared.caught_up and reference.seen >= found.generation,
    )
    return with_template, None
