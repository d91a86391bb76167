"""StagingMirror: what of a namespace must track production (DESIGN section 3)."""

from typing import Literal

from stagingmirror.api.model import Model
from stagingmirror.drift.steps import WorkloadKind

ComponentKind = Literal["modelAlias", "pipelineImage", "setting"]


class ProductionSide(Model):
    environment: str
    namespace: str


class StagingSide(Model):
    """Staging's namespace is always the mirror's own."""

    environment: str


class Refresh(Model):
    schedule: str
    time_zone: str = "UTC"
    suspend: bool = False
    starting_deadline: str = "1h"
    settle: str = "5m"
    timeout: str = "2h"
    rollout_timeout: str = "10m"


class WorkloadReference(Model):
    kind: WorkloadKind
    name: str
    namespace: str | None = None
    """Production references only: another namespace that the environment lists."""


class LoadedBy(WorkloadReference):
    """How a workload learns its model version: a variable of a container, or by reading the alias
    when it starts.
    """

    container: str | None = None
    variable: str | None = None
    value: Literal["Version", "URI"] = "Version"
    restart: bool = False


class ModelAliasProduction(Model):
    model: str
    alias: str
    loaded_by: tuple[LoadedBy, ...] = ()


class ModelAliasStaging(Model):
    """Omitted fields are as in production."""

    model: str | None = None
    alias: str | None = None
    loaded_by: tuple[LoadedBy, ...] | None = None


class ModelAlias(Model):
    production: ModelAliasProduction
    staging: ModelAliasStaging = ModelAliasStaging()
    data_snapshot_tag: str | None = None


class PipelineImageProduction(WorkloadReference):
    container: str


class PipelineImageStaging(Model):
    kind: WorkloadKind | None = None
    name: str | None = None
    container: str | None = None
    repository: str | None = None
    """Where staging pulls from; omitted: production's repository. The digest is always
    production's.
    """


class PipelineImage(Model):
    production: PipelineImageProduction
    staging: PipelineImageStaging = PipelineImageStaging()


class ConfigMapKey(Model):
    name: str
    key: str
    namespace: str | None = None


class VariableOf(WorkloadReference):
    container: str
    variable: str


class AnnotationOf(WorkloadReference):
    key: str


class SettingProduction(Model):
    """Exactly one of ``configMap``, ``variable``, ``annotation``."""

    config_map: ConfigMapKey | None = None
    variable: VariableOf | None = None
    annotation: AnnotationOf | None = None
    used_by: tuple[WorkloadReference, ...] = ()


class SettingStaging(Model):
    """``value`` is the form of the value in staging, with ``{value}`` for production's. Omitted
    places are as in production.
    """

    value: str = "{value}"
    config_map: ConfigMapKey | None = None
    variable: VariableOf | None = None
    annotation: AnnotationOf | None = None
    used_by: tuple[WorkloadReference, ...] | None = None


class Load(Model):
    """Staging's own loader: a Job made from this CronJob, with the variable set to the value to
    load.
    """

    cron_job: str
    container: str
    variable: str
    timeout: str = "1h"


class Setting(Model):
    production: SettingProduction
    staging: SettingStaging = SettingStaging()
    load: Load | None = None
    warn_older_than: str | None = None


class Track(Model):
    """One component: a name and exactly one kind."""

    name: str
    mode: Literal["Refresh", "Report"] | None = None
    model_alias: ModelAlias | None = None
    pipeline_image: PipelineImage | None = None
    setting: Setting | None = None

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


class Accept(Model):
    component: str
    fact: str
    reason: str
    production: str | None = None
    staging: str | None = None
    until: str | None = None
    """RFC 3339."""


class StagingMirrorSpec(Model):
    production: ProductionSide
    staging: StagingSide
    check_interval: str = "30s"
    stale_after: str = "2m"
    max_drift_age: str = "24h"
    refresh: Refresh | None = None
    track: tuple[Track, ...]
    accept: tuple[Accept, ...] = ()
