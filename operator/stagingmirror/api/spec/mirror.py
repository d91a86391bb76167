"""StagingMirror: what of a namespace must track production (DESIGN section 3)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from stagingmirror.api.spec.model_alias import (
    LoadedBy,
    ModelAlias,
    ModelAliasProduction,
    ModelAliasStaging,
)
from stagingmirror.api.spec.pipeline_image import (
    PipelineImage,
    PipelineImageProduction,
    PipelineImageStaging,
)
from stagingmirror.api.spec.references import WorkloadReference
from stagingmirror.api.spec.setting import (
    AnnotationOf,
    ConfigMapKey,
    Load,
    Setting,
    SettingProduction,
    SettingStaging,
    VariableOf,
)
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import (
    Duration,
    Label,
    Line,
    Moment,
    Namespace,
    Rule,
    at_least,
    unique,
)
from stagingmirror.api.types.duration import seconds

__all__ = [
    "Accept",
    "AnnotationOf",
    "ComponentKind",
    "ConfigMapKey",
    "Load",
    "LoadedBy",
    "ModelAlias",
    "ModelAliasProduction",
    "ModelAliasStaging",
    "PipelineImage",
    "PipelineImageProduction",
    "PipelineImageStaging",
    "ProductionSide",
    "Refresh",
    "Setting",
    "SettingProduction",
    "SettingStaging",
    "StagingMirrorSpec",
    "StagingSide",
    "Track",
    "VariableOf",
    "WorkloadReference",
]

ComponentKind = Literal["modelAlias", "pipelineImage", "setting"]


class ProductionSide(Model):
    """The side that is followed. It is only ever read."""

    environment: Label
    """Name of a MirrorEnvironment with role Production that is usable from here."""
    namespace: Namespace
    """The namespace that is meant where a reference names none; the environment must list it."""


class StagingSide(Model):
    """The side that follows. Its namespace is always the mirror's own."""

    environment: Label
    """Name of a MirrorEnvironment with role Staging that is usable from here."""


class Refresh(Model):
    """When staging is made like production. Five fields or @hourly, @daily, @weekly."""

    schedule: Annotated[str, Field(min_length=1, max_length=128)]
    """Five fields (minute hour day month weekday) or @hourly, @daily, @weekly, e.g. "0 6 * * 1-5".
    The time zone belongs into timeZone.
    """
    time_zone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"
    """IANA name of the time zone of the schedule, e.g. Europe/Berlin."""
    suspend: bool = False
    """True: no refresh starts. Checks go on."""
    starting_deadline: Annotated[
        Duration, at_least("1s", "startingDeadline must be at least 1s, else every tick is skipped")
    ] = "1h"
    """A refresh that could not start within this time after its tick is skipped and told."""
    settle: Duration = "5m"
    """Production must have been seen, whole and unchanged, for this long before it is followed."""
    timeout: Annotated[
        Duration, at_least("1s", "timeout must be at least 1s, else every refresh is rolled back")
    ] = "2h"
    """Of the whole refresh; past it, what was changed is rolled back."""
    rollout_timeout: Annotated[
        Duration,
        at_least("1s", "rolloutTimeout must be at least 1s, else every rollout is rolled back"),
    ] = "10m"
    """Of the rollouts of staging's workloads; past it, what was changed is rolled back."""


class Track(Model):
    """One component: a name and exactly one kind."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=(
                "[has(self.modelAlias), has(self.pipelineImage), has(self.setting)]"
                ".exists_one(x, x)"
            ),
            message="give exactly one of modelAlias, pipelineImage, setting",
            # None is right here: a newer CRD may have a kind that this operator does not know.
            holds=lambda track: _kinds(track) <= 1,
        ),
    )

    name: Label
    """Name of the component, unique in the mirror."""
    mode: Literal["Refresh", "Report"] | None = None
    """Refresh: staging is made like production. Report: differences are only told. Omitted:
    Refresh, but Report for setting.variable.
    """
    model_alias: ModelAlias | None = None
    """A registered model's alias in MLflow, and the workloads that load the version it names."""
    pipeline_image: PipelineImage | None = None
    """Which image a workload really runs."""
    setting: Setting | None = None
    """Any named value: a ConfigMap's key, a container's variable, or an annotation."""

    @property
    def kind(self) -> ComponentKind | None:
        """The kind that is set; None for a kind that this operator does not know (its verdict is
        Unknown).
        """
        if self.model_alias is not None:
            return "modelAlias"
        if self.pipeline_image is not None:
            return "pipelineImage"
        if self.setting is not None:
            return "setting"
        return None

    @property
    def effective_mode(self) -> Literal["Refresh", "Report"]:
        """Refresh unless said otherwise; Report for a variable, which a refresh would otherwise
        take from its owner.
        """
        if self.mode is not None:
            return self.mode
        is_variable = self.setting is not None and self.setting.production.variable is not None
        return "Report" if is_variable else "Refresh"


def _kinds(track: Track) -> int:
    return sum(k is not None for k in (track.model_alias, track.pipeline_image, track.setting))


class Accept(Model):
    """A difference that is understood. If values are given, only those are accepted."""

    component: Label
    """Name of a component in track."""
    fact: Annotated[str, Field(min_length=1, max_length=253)]
    """The fact that may differ, as the command diff shows it, e.g. parameters.max_depth."""
    reason: Line
    """Why this is right, for whoever reads it later."""
    production: Annotated[str, Field(max_length=1024)] | None = None
    """Production's value that is accepted. Omitted: any."""
    staging: Annotated[str, Field(max_length=1024)] | None = None
    """Staging's value that is accepted. Omitted: any."""
    until: Moment | None = None
    """When the acceptance ends, RFC 3339, e.g. "2027-01-31T00:00:00Z". Omitted: never."""


class StagingMirrorSpec(Model):
    """What must track production, how often that is checked, and when staging is refreshed."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="self.production.environment != self.staging.environment",
            message=(
                "production.environment and staging.environment are the same; name an environment"
                " with role Staging for staging"
            ),
            holds=lambda spec: spec.production.environment != spec.staging.environment,
        ),
        Rule(
            cel="duration(self.checkInterval) >= duration('5s')",
            message="checkInterval must be at least 5s",
            holds=lambda spec: seconds(spec.check_interval) >= 5,
        ),
        Rule(
            cel="duration(self.staleAfter) > duration(self.checkInterval)",
            message=(
                "staleAfter must be longer than checkInterval, else every look is too old; three"
                " times as long is a good value"
            ),
            holds=lambda spec: seconds(spec.stale_after) > seconds(spec.check_interval),
        ),
        Rule(
            cel=(
                "!has(self.accept) || self.accept.all(a, self.track.exists(t, t.name =="
                " a.component))"
            ),
            message="accept names a component that is not in track; correct its name or remove it",
            holds=lambda spec: {a.component for a in spec.accept} <= {t.name for t in spec.track},
        ),
    )

    production: ProductionSide
    """The side that is followed: an environment and a namespace in it. It is only ever read."""
    staging: StagingSide
    """The side that follows: an environment. Its namespace is always the mirror's own."""
    check_interval: Duration = "30s"
    """How often what cannot be watched is asked again (MLflow). At least 5s."""
    stale_after: Duration = "2m"
    """A look older than this is no look: the component is Unknown. One failed look changes nothing
    by itself. Longer than checkInterval.
    """
    max_drift_age: Duration = "24h"
    """Drift older than this is overdue: condition DriftOverdue, metric and alert."""
    refresh: Refresh | None = None
    """When staging is made like production. Omitted: watch and tell, never write."""
    track: Annotated[tuple[Track, ...], unique("name", least=1, most=64)]
    """The components that must be in sync, each with a name and exactly one kind."""
    accept: Annotated[tuple[Accept, ...], unique(("component", "fact"), most=128)] = ()
    """Differences that are understood; they do not count as drift."""
