"""What an entry names on each side: the alias, and the workloads that load the model."""

from typing import TypeVar

from stagingmirror.api.spec.track.model_alias import LoadedBy, ModelAlias
from stagingmirror.component import Side
from stagingmirror.drift.facts import Absent
from stagingmirror.reading.places import workload_of
from stagingmirror.reading.reading import Ended, Reading
from stagingmirror.sources.kubernetes.subjects import WorkloadSubject
from stagingmirror.sources.mlflow.subjects import RegistryAlias
from stagingmirror.view import Subject

T = TypeVar("T")


def alias_in(entry: ModelAlias, side: Side) -> RegistryAlias:
    """Staging's own names where it gives them, else those of production."""
    production, staging = entry.production, entry.staging
    if side.role == "production":
        return RegistryAlias(side.environment, production.model, production.alias)
    return RegistryAlias(
        side.environment, staging.model or production.model, staging.alias or production.alias
    )


def in_registry(reading: Reading, side: Side, subject: Subject[T]) -> T:
    """What the side's registry has. Raises Ended; what is not there names the workspace that was
    asked.
    """
    try:
        return reading.get(subject)
    except Ended as ended:
        workspace = side.spec.mlflow and side.spec.mlflow.workspace
        if isinstance(ended.observation, Absent) and workspace:
            raise reading.absent(f'{subject}, in workspace "{workspace}"') from None
        raise


def loaders_in(entry: ModelAlias, side: Side) -> tuple[LoadedBy, ...]:
    own = entry.staging.loaded_by if side.role == "staging" else None
    return entry.production.loaded_by if own is None else own


def workloads_in(entry: ModelAlias, side: Side) -> tuple[WorkloadSubject, ...]:
    return tuple(dict.fromkeys(workload_of(each, side) for each in loaders_in(entry, side)))
