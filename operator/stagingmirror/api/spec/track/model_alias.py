"""``modelAlias``: a registered model's alias, and the workloads that load the version it names."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from stagingmirror.api.spec.kind_spec import KindSpec, Mode
from stagingmirror.api.spec.references import OWN_NAMESPACE, WorkloadReference, all_at_home
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Label, ModelName, Rule, VariableName

ALIAS_PARTS = "loadedBy needs container and variable, or restart: true alone"


class LoadedBy(WorkloadReference):
    """How a workload learns its model version: a variable of a container, or by reading the alias
    when it starts.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *WorkloadReference.rules,
        Rule(
            cel=(
                "has(self.restart) && self.restart"
                " ? !has(self.container) && !has(self.variable) && !has(self.value)"
                " : has(self.container) && has(self.variable)"
            ),
            message=ALIAS_PARTS,
            holds=lambda loaded: (
                loaded.container is None and loaded.variable is None
                if loaded.restart
                else loaded.container is not None and loaded.variable is not None
            ),
        ),
    )

    container: Label | None = None
    """The container that loads the model."""
    variable: VariableName | None = None
    """The container's environment variable that names the version it loads."""
    value: Literal["Version", "URI"] = "Version"
    """What the variable holds: the version's number (Version), or models:/NAME/NUMBER (URI)."""
    restart: bool = False
    """True: the workload reads the alias when it starts; new pods load the new version."""


LoadedByList = Annotated[tuple[LoadedBy, ...], Field(max_length=16)]


class ModelAliasProduction(Model):
    model: ModelName
    """Name of the registered model."""
    alias: ModelName
    """The alias that names the version which counts, e.g. champion."""
    loaded_by: LoadedByList = ()
    """Workloads that load it. What their pods run counts; without, only what the alias names."""


class ModelAliasStaging(Model):
    """Staging's model. Omitted fields are as in production."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.loadedBy) || self.loadedBy.all(w, !has(w.namespace))",
            message=OWN_NAMESPACE,
            holds=lambda staging: all_at_home(staging.loaded_by),
        ),
    )

    model: ModelName | None = None
    """Name of the registered model. Omitted: as in production."""
    alias: ModelName | None = None
    """The alias that a refresh moves. Omitted: as in production."""
    loaded_by: LoadedByList | None = None
    """Workloads that load it. Omitted: as in production."""


class ModelAlias(KindSpec):
    """A registered model's alias in MLflow, and the workloads that load the version it names.

    Compared are the bytes (a hash over all files), the run it came from, the data snapshot,
    parameters, signature and requirements.
    """

    production: ModelAliasProduction
    """The model and alias that production runs."""
    staging: ModelAliasStaging = ModelAliasStaging()
    """Where staging differs in names. Omitted: everything is called as in production."""
    data_snapshot_tag: Annotated[str, Field(min_length=1, max_length=250)] | None = None
    """Tag of the version or its run that holds the date of the data it was trained on. Omitted: the
    run's dataset inputs.
    """

    @property
    def default_mode(self) -> Mode:
        return "Refresh"
