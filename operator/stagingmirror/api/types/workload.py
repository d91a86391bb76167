"""The workloads that can be named, and those of them that a refresh never writes."""

from typing import Literal

WorkloadKind = Literal[
    "Deployment", "StatefulSet", "CronJob", "Rollout", "DaemonSet", "InferenceService"
]

# Compared only.
READ_ONLY: frozenset[WorkloadKind] = frozenset({"DaemonSet"})
# Custom resources: the API server merges no lists of theirs by name.
CUSTOM: frozenset[WorkloadKind] = frozenset({"Rollout", "InferenceService"})
