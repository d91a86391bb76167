"""What is watched, and how each of it is requested."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

from stagingmirror.api.types.workload import PARTS
from stagingmirror.sources.kubernetes.objects import parse
from stagingmirror.sources.kubernetes.objects.parse import Body
from stagingmirror.sources.kubernetes.objects.serving.autoscalers import horizontal, scaled_object
from stagingmirror.sources.kubernetes.objects.serving.nodes import node
from stagingmirror.sources.kubernetes.objects.store import E, Store
from stagingmirror.sources.kubernetes.objects.stores import Stores


@dataclass(frozen=True, slots=True)
class Resource(Generic[E]):
    """``metadata_only``: the rest is not even sent. ConfigMaps hold up to a MiB each, and of a
    ReplicaSet only its owner and revision matter. ``on_demand``: watched only while a workload of
    this kind is wanted; a cluster may not have it, and an account need not be permitted to read it.
    ``optional``: where it is not installed, that is an answer: there is none. ``cluster_wide``: its
    objects are in no namespace.
    """

    kind: str
    group: str
    plural: str
    parse: Callable[[Body], E]
    store: Callable[[Stores], Store[E]]
    metadata_only: bool = False
    on_demand: bool = False
    optional: bool = False
    cluster_wide: bool = False

    def path(self, namespace: str | None, name: str | None = None) -> str:
        root = f"/apis/{self.group}" if "/" in self.group else f"/api/{self.group}"
        space = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}{space}/{self.plural}" + (f"/{name}" if name else "")

    def space(self, metadata: Body) -> str:
        """The namespace of an object; empty: of this kind, it is in none."""
        return "" if self.cluster_wide else str(metadata["namespace"])


RESOURCES: dict[str, Resource[Any]] = {
    one.kind: one
    for one in (
        Resource(
            "Deployment",
            "apps/v1",
            "deployments",
            parse.deployment,
            lambda stores: stores.deployments,
        ),
        Resource(
            "StatefulSet",
            "apps/v1",
            "statefulsets",
            parse.stateful_set,
            lambda stores: stores.declared["StatefulSet"],
        ),
        Resource(
            "CronJob",
            "batch/v1",
            "cronjobs",
            parse.cron_job,
            lambda stores: stores.declared["CronJob"],
        ),
        Resource(
            "Rollout",
            "argoproj.io/v1alpha1",
            "rollouts",
            parse.rollout,
            lambda stores: stores.declared["Rollout"],
            on_demand=True,
        ),
        Resource(
            "DaemonSet",
            "apps/v1",
            "daemonsets",
            parse.daemon_set,
            lambda stores: stores.declared["DaemonSet"],
            on_demand=True,
        ),
        Resource(
            "InferenceService",
            "serving.kserve.io/v1beta1",
            "inferenceservices",
            parse.inference_service,
            lambda stores: stores.declared["InferenceService"],
            on_demand=True,
        ),
        Resource(
            "ReplicaSet",
            "apps/v1",
            "replicasets",
            parse.replica_set,
            lambda stores: stores.replica_sets,
            metadata_only=True,
        ),
        Resource("Job", "batch/v1", "jobs", parse.job, lambda stores: stores.jobs),
        Resource("Pod", "v1", "pods", parse.pod, lambda stores: stores.pods),
        Resource(
            "ConfigMap",
            "v1",
            "configmaps",
            parse.metadata_of,
            lambda stores: stores.config_maps,
            metadata_only=True,
        ),
        Resource(
            "HorizontalPodAutoscaler",
            "autoscaling/v2",
            "horizontalpodautoscalers",
            horizontal,
            lambda stores: stores.scalers["HorizontalPodAutoscaler"],
            on_demand=True,
        ),
        Resource(
            "ScaledObject",
            "keda.sh/v1alpha1",
            "scaledobjects",
            scaled_object,
            lambda stores: stores.scalers["ScaledObject"],
            on_demand=True,
            optional=True,
        ),
        Resource(
            "Node",
            "v1",
            "nodes",
            node,
            lambda stores: stores.nodes,
            metadata_only=True,
            on_demand=True,
            cluster_wide=True,
        ),
    )
}
# Those that are watched whatever is wanted.
ALWAYS = frozenset(kind for kind, one in RESOURCES.items() if not one.on_demand)
# Per kind of subject, the kinds whose watches make its answer.
NEEDED: dict[str, tuple[str, ...]] = {
    "Deployment": ("Deployment", "ReplicaSet", "Pod"),
    "StatefulSet": ("StatefulSet", "Pod"),
    "CronJob": ("CronJob", "Job", "Pod"),
    "Rollout": ("Rollout", "Deployment", "ReplicaSet", "Pod"),
    "DaemonSet": ("DaemonSet", "Pod"),
    **dict.fromkeys(
        ("InferenceService", *PARTS), ("InferenceService", "Deployment", "ReplicaSet", "Pod")
    ),
    "ConfigMap": ("ConfigMap",),
    "Autoscaler": ("HorizontalPodAutoscaler", "ScaledObject"),
    "Nodes": ("Node",),
}
# What is wanted of a kind of subject, where that is watched on demand.
_DEMANDED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(PARTS, ("InferenceService",)),
    "Autoscaler": NEEDED["Autoscaler"],
    "Nodes": NEEDED["Nodes"],
}


def resource_of(kind: str) -> Resource[Any]:
    """Of the objects in which workloads and ConfigMaps of this kind are declared."""
    return RESOURCES["InferenceService" if kind in PARTS else kind]


def demanded(kind: str) -> tuple[str, ...]:
    """The kinds that are watched on demand of a subject of this kind, among others."""
    return _DEMANDED.get(kind, (kind,))
