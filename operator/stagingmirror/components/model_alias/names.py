"""What an entry names on each side: the alias, and the workloads that load the model."""

from stagingmirror.api.spec.model_alias import LoadedBy, ModelAlias
from stagingmirror.component import Side
from stagingmirror.reading.places import workload_of
from stagingmirror.sources.kubernetes.subjects import WorkloadSubject
from stagingmirror.sources.mlflow.subjects import RegistryAlias


def alias_in(entry: ModelAlias, side: Side) -> RegistryAlias:
    """Staging's own names where it gives them, else those of production."""
    production, staging = entry.production, entry.staging
    if side.role == "production":
        return RegistryAlias(side.environment, production.model, production.alias)
    return RegistryAlias(
        side.environment, staging.model or production.model, staging.alias or production.alias
    )


def loaders_in(entry: ModelAlias, side: Side) -> tuple[LoadedBy, ...]:
    own = entry.staging.loaded_by if side.role == "staging" else None
    return entry.production.loaded_by if own is None else own


def workloads_in(entry: ModelAlias, side: Side) -> tuple[WorkloadSubject, ...]:
    return tuple(dict.fromkeys(workload_of(each, side) for each in loaders_in(entry, side)))
