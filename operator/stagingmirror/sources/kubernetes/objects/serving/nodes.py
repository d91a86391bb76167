"""Nodes by their well-known labels, and those that the pods of a workload are, or were, on.

Source: kubernetes, well-known labels; the labels of accelerators are those of GPU feature
discovery, GKE, EKS, Karpenter and AKS; that of a kernel is Node Feature Discovery's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from sys import intern
from typing import Any, TypeAlias

from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.entries import Entry
from stagingmirror.sources.kubernetes.objects.store import Store
from stagingmirror.sources.kubernetes.subjects import Pod
from stagingmirror.sources.kubernetes.subjects.serving import Node, Nodes, NodesSubject

Body: TypeAlias = Mapping[str, Any]
_INSTANCE_TYPES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
_ARCHITECTURES = ("kubernetes.io/arch", "beta.kubernetes.io/arch")
_ACCELERATORS = (
    "nvidia.com/gpu.product",
    "cloud.google.com/gke-accelerator",
    "cloud.google.com/gke-tpu-accelerator",
    "k8s.amazonaws.com/accelerator",
    "karpenter.k8s.aws/instance-gpu-name",
    "karpenter.k8s.aws/instance-accelerator-name",
    "kubernetes.azure.com/accelerator",
    "amd.com/gpu.product-name",
    "accelerator",
)
_KERNELS = ("feature.node.kubernetes.io/kernel-version.full",)
# Seconds for which a node counts as one that pods of a workload were on.
RECENT = 86400.0
_GONE = Why(Reason.NOT_THERE, "a node that a pod is on is not known yet, or was removed")


@dataclass(frozen=True, slots=True)
class Located(Entry):
    """A node."""

    node: Node


def node(body: Body) -> Located:
    """From metadata alone."""
    metadata = body["metadata"]
    labels = metadata.get("labels") or {}
    version = str(metadata["resourceVersion"])
    int(version)
    found = (
        next((intern(labels[each]) for each in names if labels.get(each)), "")
        for names in (_INSTANCE_TYPES, _ARCHITECTURES, _ACCELERATORS, _KERNELS)
    )
    return Located(metadata["uid"], "", metadata["name"], version, "", Node(*found))


class NodeHistory:
    """The distinct nodes of each workload that is wanted, and when a pod was last seen on one. In
    memory: what was before this process started is not known.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[NodesSubject, dict[Node, float]] = {}
        self._names: dict[NodesSubject, frozenset[str]] = {}

    def on(self, name: str) -> tuple[NodesSubject, ...]:
        """The workloads of which a pod was on the node of this name when last read."""
        return tuple(each for each, names in self._names.items() if name in names)

    def forget(self, subject: NodesSubject) -> None:
        self._seen.pop(subject, None)
        self._names.pop(subject, None)

    def answer(
        self, subject: NodesSubject, pods: Iterable[Pod], nodes: Store[Located], *, kept: bool
    ) -> Nodes | Why:
        """The nodes of these pods; Why: not all are known. ``kept``: they are remembered."""
        names = frozenset(pod.node for pod in pods if pod.ready and not pod.terminating)
        found = [each.node for name in names if (each := nodes.named("", name)) is not None]
        recent = current = frozenset(found)
        if kept:
            self._names[subject] = names
            recent = self._remembered(subject, current)
        return _GONE if len(found) < len(names) else Nodes(current, recent)

    def _remembered(self, subject: NodesSubject, current: frozenset[Node]) -> frozenset[Node]:
        seen, at = self._seen.setdefault(subject, {}), self._clock()
        seen |= dict.fromkeys(current, at)
        for each in [each for each, last in seen.items() if at - last > RECENT]:
            del seen[each]
        return frozenset(seen)
