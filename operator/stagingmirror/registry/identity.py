"""Which registry answers at an address: proven by what it holds, not by how it is spelled."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    created: int
    """Milliseconds since 1970."""
    versions: Mapping[str, int]
    """Of the versions that a search shows, when each was created (ms)."""


@dataclass(frozen=True, slots=True)
class RegistryIdentity:
    founded: int | None
    """When the default experiment, which every MLflow makes with its database, was created (ms);
    None: we may not see it.
    """
    models: Mapping[str, ModelIdentity]


def same(one: RegistryIdentity, other: RegistryIdentity) -> bool | None:
    """Whether both are one registry; None where nothing proves it either way.

    Two registries never share a model's creation time by chance. One that was restored from the
    other's backup does, until a version of it has another creation time here than there; taking it
    for the same registry until then is the safe side.
    """
    verdicts = [
        _same_model(one.models[name], other.models[name])
        for name in one.models.keys() & other.models.keys()
    ]
    if False in verdicts:
        return None if True in verdicts else False
    if True in verdicts:
        return True
    if one.founded is not None and other.founded is not None:
        return one.founded == other.founded
    return None


def _same_model(one: ModelIdentity, other: ModelIdentity) -> bool:
    shared = one.versions.keys() & other.versions.keys()
    return one.created == other.created and all(
        one.versions[version] == other.versions[version] for version in shared
    )
