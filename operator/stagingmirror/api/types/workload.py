"""The workloads that can be named, and those of them that a refresh never writes."""

from typing import Literal

WorkloadKind = Literal[
    "Deployment", "StatefulSet", "CronJob", "Rollout", "DaemonSet", "InferenceService"
]
# Of an InferenceService; one that names no part means its predictor.
ServicePart = Literal["Predictor", "Transformer", "Explainer"]
# Whatever has a pod template and pods of its own: a workload, of an InferenceService its predictor,
# or one of its other parts.
TemplateKind = Literal[WorkloadKind, "Transformer", "Explainer"]

PARTS: frozenset[TemplateKind] = frozenset({"Transformer", "Explainer"})
# Compared only.
READ_ONLY: frozenset[TemplateKind] = frozenset({"DaemonSet"})
# In custom resources: the API server merges no lists of theirs by name.
CUSTOM: frozenset[TemplateKind] = PARTS.union({"Rollout", "InferenceService"})


def template_kind(kind: WorkloadKind, part: ServicePart | None) -> TemplateKind:
    """What is meant by a workload of this kind and its part."""
    return kind if part is None or part == "Predictor" else part


def object_kind(kind: TemplateKind) -> WorkloadKind:
    """The kind of the object in which it is declared."""
    return "InferenceService" if kind == "Transformer" or kind == "Explainer" else kind


def template_kinds(kind: TemplateKind) -> tuple[TemplateKind, ...]:
    """All that an object of this kind may declare."""
    return (kind, "Transformer", "Explainer") if kind == "InferenceService" else (kind,)
