"""``modelFiles``: a model that workloads load from an object store, without MLflow."""

from typing import Annotated, ClassVar

from pydantic import Field

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.kind_spec import KindSpec, Mode
from stagingmirror.api.spec.references import OWN_NAMESPACE, WorkloadReference, all_at_home
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Label, Rule, VariableName

_PARTS = (
    "loadedBy needs container and variable; the predictor of an InferenceService may be given "
    "without both: what its storageUri names then counts"
)


class FilesLoadedBy(WorkloadReference):
    """A workload, and the variable that holds the folder that it loads. Of an InferenceService
    without a variable it is the storageUri of its predictor.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *WorkloadReference.rules,
        Rule(
            cel=(
                "has(self.container) == has(self.variable) && (has(self.variable)"
                " || (self.kind == 'InferenceService'"
                " && (!has(self.part) || self.part == 'Predictor')))"
            ),
            message=_PARTS,
            holds=lambda loaded: (
                (loaded.container is None) == (loaded.variable is None)
                and (loaded.variable is not None or loaded.template == "InferenceService")
            ),
        ),
    )

    container: Label | None = None
    """The container that loads the model."""
    variable: VariableName | None = None
    """The container's environment variable that holds the folder, e.g. s3://models/ranker/12."""


LoadedFrom = Annotated[tuple[FilesLoadedBy, ...], Field(min_length=1, max_length=16)]


class ModelFilesProduction(Model):
    loaded_by: LoadedFrom
    """Workloads that load it: the folder that their pods were started with counts."""


class ModelFilesStaging(Model):
    """Staging's workloads. Omitted: they are called as in production."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.loadedBy) || self.loadedBy.all(w, !has(w.namespace))",
            message=OWN_NAMESPACE,
            holds=lambda staging: all_at_home(staging.loaded_by),
        ),
        Rule(
            cel="!has(self.keep) || has(self.store)",
            message="keep needs store: it is about the copies there",
            holds=lambda staging: staging.keep is None or staging.store is not None,
        ),
    )

    loaded_by: LoadedFrom | None = None
    """Workloads that load it. Omitted: as in production."""
    store: Label | None = None
    """Name of the entry in objectStores of staging's environment that copies go to: into
    <its url>/<namespace>/<mirror>/<component>/<first 12 digits of the hash>, which it must list in
    readable. Omitted: the component is only reported.
    """
    keep: Annotated[int, Field(ge=0, le=32)] | None = None
    """How many old copies stay, beside the last one. After a refresh has succeeded, older ones that
    refreshes of this mirror made are deleted, unless anything in a listed namespace names them.
    Omitted: nothing is ever deleted.
    """


class ModelFiles(KindSpec):
    """A model's files in an object store, as workloads load them. Compared are the bytes: a hash
    over all files of the folder. A refresh copies them into a folder of their own, and sets the
    variable of staging's workloads to it.
    """

    production: ModelFilesProduction
    """The workloads that load production's model."""
    staging: ModelFilesStaging = ModelFilesStaging()
    """Where staging differs in names. Omitted: everything is called as in production."""

    @property
    def default_mode(self) -> Mode:
        return "Report" if self.staging.store is None else "Refresh"

    def keeps(self, staging: MirrorEnvironmentSpec) -> int | None:
        return self.staging.keep
