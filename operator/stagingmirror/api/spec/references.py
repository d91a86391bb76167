"""References to workloads, as the kinds of component share them."""

from collections.abc import Iterable

from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Namespace, ObjectName
from stagingmirror.api.types.workload import WorkloadKind

OWN_NAMESPACE = (
    "staging's things are always in the mirror's own namespace; remove namespace from staging"
)


class WorkloadReference(Model):
    kind: WorkloadKind
    """Deployment, StatefulSet, CronJob, Rollout (Argo Rollouts), InferenceService (KServe, its
    predictor), or DaemonSet, which is only compared.
    """
    name: ObjectName
    """Name of the workload."""
    namespace: Namespace | None = None
    """In production only: another namespace that the environment lists."""


def all_at_home(references: Iterable[WorkloadReference] | None) -> bool:
    """Whether none of staging's references names a namespace."""
    return all(reference.namespace is None for reference in references or ())
