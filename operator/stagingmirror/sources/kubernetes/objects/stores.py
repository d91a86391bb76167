"""Everything that is watched of one cluster, and what in it belongs to which workload."""

from dataclasses import dataclass, field

from stagingmirror.sources.kubernetes.objects.argo import refers_to
from stagingmirror.sources.kubernetes.objects.entries import (
    Declared,
    Entry,
    Made,
    Running,
    Versioned,
)
from stagingmirror.sources.kubernetes.objects.kserve import serves
from stagingmirror.sources.kubernetes.objects.store import Store


@dataclass(frozen=True, slots=True)
class Stores:
    """By kind."""

    deployments: Store[Declared] = field(default_factory=Store)
    stateful_sets: Store[Declared] = field(default_factory=Store)
    cron_jobs: Store[Declared] = field(default_factory=Store)
    rollouts: Store[Declared] = field(default_factory=Store)
    daemon_sets: Store[Declared] = field(default_factory=Store)
    inference_services: Store[Declared] = field(default_factory=Store)
    replica_sets: Store[Made] = field(default_factory=Store)
    jobs: Store[Made] = field(default_factory=Store)
    pods: Store[Running] = field(default_factory=Store)
    config_maps: Store[Versioned] = field(default_factory=Store)

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
                or self.rollouts.get(space, owner)
                or self.cron_jobs.get(space, owner)
            )
        between = self.replica_sets.get(space, owner) or self.jobs.get(space, owner)
        if between is not None:
            return self.workload_of(between)
        return self.stateful_sets.get(space, owner) or self.daemon_sets.get(space, owner)

    def referring(self, entry: Entry) -> tuple[Declared, ...]:
        """The workloads that have their template, or their pods, from this one."""
        if not isinstance(entry, Declared) or entry.kind != "Deployment":
            return ()
        rollouts = self.rollouts.within(entry.namespace)
        services = self.inference_services.within(entry.namespace)
        return (
            *(each for each in rollouts if refers_to(each, entry)),
            *(each for each in services if serves(each, entry)),
        )
