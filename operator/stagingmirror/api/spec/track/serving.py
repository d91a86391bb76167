"""``serving``: how a workload serves, from what runs. Only compared."""

from typing import Annotated, ClassVar, Literal

from stagingmirror.api.spec.kind_spec import KindSpec, Mode
from stagingmirror.api.spec.references import PART
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Label, Namespace, ObjectName, Rule, unique
from stagingmirror.api.types.workload import ServicePart, TemplateKind, template_kind

# What serves for as long as it runs.
ServingKind = Literal["Deployment", "StatefulSet", "Rollout", "DaemonSet", "InferenceService"]

_Containers = Annotated[tuple[Label, ...], unique(most=16)]


class ServingProduction(Model):
    """The workload that serves in production."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.part) || self.kind == 'InferenceService'",
            message=PART,
            holds=lambda named: named.part is None or named.kind == "InferenceService",
        ),
    )

    kind: ServingKind
    """Deployment, StatefulSet, Rollout (Argo Rollouts), DaemonSet or InferenceService (KServe)."""
    part: ServicePart | None = None
    """Of an InferenceService: Predictor, Transformer or Explainer. Omitted: its predictor."""
    name: ObjectName
    """Name of the workload."""
    namespace: Namespace | None = None
    """Another namespace that the environment lists. Omitted: that of the mirror's production."""
    containers: _Containers = ()
    """Names of the containers that count. Omitted: all of its template that serve."""

    @property
    def template(self) -> TemplateKind:
        """What is meant by kind and part."""
        return template_kind(self.kind, self.part)


class ServingStaging(Model):
    """Staging's workload. Omitted fields are as in production."""

    kind: ServingKind | None = None
    """Deployment, StatefulSet, Rollout, DaemonSet or InferenceService. Omitted: as in production.
    """
    part: ServicePart | None = None
    """Of an InferenceService: Predictor, Transformer or Explainer. Omitted: as in production."""
    name: ObjectName | None = None
    """Name of the workload. Omitted: as in production."""
    containers: _Containers = ()
    """Where staging's have other names: one for each of production's, in the same order. Facts
    carry production's names. Omitted: as in production.
    """


class Serving(KindSpec):
    """How a workload serves: replicas, resources, nodes, autoscaling and flags of its server, from
    what runs. Only compared; nothing of it is ever written.
    """

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
        Rule(
            cel=(
                "!has(self.staging) || !has(self.staging.containers) ||"
                " size(self.staging.containers) in [0, has(self.production.containers)"
                " ? size(self.production.containers) : 0]"
            ),
            message=(
                "staging.containers needs one name for each of production.containers, in the same"
                " order; correct it, or remove it"
            ),
            holds=lambda entry: (
                len(entry.staging.containers) in (0, len(entry.production.containers))
            ),
        ),
    )

    production: ServingProduction
    """The workload that serves in production, and its containers."""
    staging: ServingStaging = ServingStaging()
    """Where staging differs in names. Omitted: everything is called as in production."""

    @property
    def staging_kind(self) -> ServingKind:
        return self.staging.kind or self.production.kind

    @property
    def staging_template(self) -> TemplateKind:
        """What is meant in staging by kind and part."""
        part = self.staging.part or self.production.part
        is_service = self.staging_kind == "InferenceService"
        return template_kind(self.staging_kind, part if is_service else None)

    @property
    def default_mode(self) -> Mode:
        return "Report"
