"""``pipelineImage``: which image a workload really runs."""

from typing import Annotated

from pydantic import Field

from stagingmirror.api.spec.kind_spec import KindSpec, Mode
from stagingmirror.api.spec.references import WorkloadReference
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Label, ObjectName, shape
from stagingmirror.api.types.workload import WorkloadKind

Repository = Annotated[
    str,
    Field(min_length=1, max_length=512),
    shape(
        r"^[a-zA-Z0-9.-]+(:[0-9]+)?(/[a-z0-9]([-._a-z0-9]*[a-z0-9])?)+$",
        "write registry and repository without tag and digest, e.g. registry.example/features",
    ),
]


class PipelineImageProduction(WorkloadReference):
    container: Label
    """The container whose image counts."""


class PipelineImageStaging(Model):
    """Staging's workload. Omitted fields are as in production."""

    kind: WorkloadKind | None = None
    """Deployment, StatefulSet, CronJob, Rollout, DaemonSet or InferenceService. Omitted: as in
    production.
    """
    name: ObjectName | None = None
    """Name of the workload. Omitted: as in production."""
    container: Label | None = None
    """The container whose image counts. Omitted: as in production."""
    repository: Repository | None = None
    """Where staging pulls from; omitted: production's repository. The digest is always
    production's.
    """


class PipelineImage(KindSpec):
    """Which image a workload really runs: the digests of its running pods are compared."""

    production: PipelineImageProduction
    """The workload and container that production runs."""
    staging: PipelineImageStaging = PipelineImageStaging()
    """Where staging differs in names. Omitted: everything is called as in production."""

    @property
    def default_mode(self) -> Mode:
        return "Refresh"
