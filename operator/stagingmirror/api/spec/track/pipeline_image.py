"""``pipelineImage``: which image a workload really runs."""

from typing import Annotated, ClassVar

from pydantic import Field

from stagingmirror.api.spec.kind_spec import KindSpec, Mode
from stagingmirror.api.spec.references import WorkloadReference
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Label, ObjectName, Rule, shape
from stagingmirror.api.types.workload import (
    ServicePart,
    TemplateKind,
    WorkloadKind,
    template_kind,
)

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
    part: ServicePart | None = None
    """Of an InferenceService: Predictor, Transformer or Explainer. Omitted: as in production."""
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

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=(
                "!has(self.staging) || !has(self.staging.part) || (has(self.staging.kind)"
                " ? self.staging.kind : self.production.kind) == 'InferenceService'"
            ),
            message=(
                "staging.part is for an InferenceService; remove it, or set staging.kind: "
                "InferenceService"
            ),
            holds=lambda entry: (
                entry.staging.part is None or entry.staging_kind == "InferenceService"
            ),
        ),
    )

    production: PipelineImageProduction
    """The workload and container that production runs."""
    staging: PipelineImageStaging = PipelineImageStaging()
    """Where staging differs in names. Omitted: everything is called as in production."""

    @property
    def staging_kind(self) -> WorkloadKind:
        return self.staging.kind or self.production.kind

    @property
    def staging_template(self) -> TemplateKind:
        """What is meant in staging by kind and part."""
        part = self.staging.part or self.production.part
        is_service = self.staging_kind == "InferenceService"
        return template_kind(self.staging_kind, part if is_service else None)

    @property
    def default_mode(self) -> Mode:
        return "Refresh"
