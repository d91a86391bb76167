"""References to workloads, as the kinds of component share them."""

from collections.abc import Iterable
from typing import ClassVar

from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Namespace, ObjectName, Rule
from stagingmirror.api.types.workload import (
    ServicePart,
    TemplateKind,
    WorkloadKind,
    template_kind,
)

OWN_NAMESPACE = (
    "staging's things are always in the mirror's own namespace; remove namespace from staging"
)


PART = "part is for an InferenceService; remove it, or set kind: InferenceService"


class WorkloadReference(Model):
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.part) || self.kind == 'InferenceService'",
            message=PART,
            holds=lambda named: named.part is None or named.kind == "InferenceService",
        ),
    )

    kind: WorkloadKind
    """Deployment, StatefulSet, CronJob, Rollout (Argo Rollouts), InferenceService (KServe), or
    DaemonSet, which is only compared.
    """
    part: ServicePart | None = None
    """Of an InferenceService: Predictor, Transformer or Explainer. Omitted: its predictor."""
    name: ObjectName
    """Name of the workload."""
    namespace: Namespace | None = None
    """In production only: another namespace that the environment lists."""

    @property
    def template(self) -> TemplateKind:
        """What is meant by kind and part."""
        return template_kind(self.kind, self.part)


def all_at_home(references: Iterable[WorkloadReference] | None) -> bool:
    """Whether none of staging's references names a namespace."""
    return all(reference.namespace is None for reference in references or ())
