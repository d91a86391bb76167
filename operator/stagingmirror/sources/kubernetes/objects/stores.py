"""Everything that is watched of one cluster, and what in it belongs to which workload."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.sources.kubernetes.objects.argo import refers_to
from stagingmirror.sources.kubernetes.objects.entries import (
    Declared,
    Entry,
    Made,
    Running,
    Versioned,
)
from stagingmirror.sources.kubernetes.objects.kserve import serves
from stagingmirror.sources.kubernetes.objects.serving.autoscalers import Scaler
from stagingmirror.sources.kubernetes.objects.serving.nodes import Located
from stagingmirror.sources.kubernetes.objects.store import Store


@dataclass(frozen=True, slots=True)
class Stores:
    """By kind; ``declared``: the workloads."""

    declared: Mapping[WorkloadKind, Store[Declared]] = field(
        default_factory=lambda: {kind: Store() for kind in get_args(WorkloadKind)}
    )
    replica_sets: Store[Made] = field(default_factory=Store)
    jobs: Store[Made] = field(default_factory=Store)
    pods: Store[Running] = field(default_factory=Store)
    config_maps: Store[Versioned] = field(default_factory=Store)
    scalers: Mapping[str, Store[Scaler]] = field(
        default_factory=lambda: {"HorizontalPodAutoscaler": Store(), "ScaledObject": Store()}
    )
    nodes: Store[Located] = field(default_factory=Store)

    @property
    def deployments(self) -> Store[Declared]:
        return self.declared["Deployment"]

    def workload_of(self, entry: Entry) -> Declared | None:
        """The workload that an entry is or belongs to."""
        if isinstance(entry, Declared):
            return entry
        if not entry.owner:
            return None
        space, owner = entry.namespace, entry.owner
        if isinstance(entry, Made):
            return (
                self.deployments.get(space, owner)
                or self.declared["Rollout"].get(space, owner)
                or self.declared["CronJob"].get(space, owner)
            )
        between = self.replica_sets.get(space, owner) or self.jobs.get(space, owner)
        if between is not None:
            return self.workload_of(between)
        return self.declared["StatefulSet"].get(space, owner) or self.declared["DaemonSet"].get(
            space, owner
        )

    def referring(self, entry: Entry) -> tuple[Declared, ...]:
        """The workloads that have their template, or their pods, from this one."""
        if not isinstance(entry, Declared) or entry.kind != "Deployment":
            return ()
        rollouts = self.declared["Rollout"].within(entry.namespace)
        services = self.declared["InferenceService"].within(entry.namespace)
        return (
            *(each for each in rollouts if refers_to(each, entry)),
            *(each for each in services if serves(each, entry)),
        )
