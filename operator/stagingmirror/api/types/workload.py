"""The workloads that a refresh can write."""

from typing import Literal

WorkloadKind = Literal["Deployment", "StatefulSet", "CronJob"]
