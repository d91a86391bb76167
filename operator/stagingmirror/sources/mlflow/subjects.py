"""What kinds can observe of the MLflow registry of an environment, and what is written in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, Self

from stagingmirror.drift.facts import Unseen
from stagingmirror.drift.places import Place
from stagingmirror.sources.content.subjects import Content as Content
from stagingmirror.sources.content.subjects import FileHash as FileHash
from stagingmirror.view import Subject


class Renamed(NamedTuple):
    """When the name of a registered model came to be another model's, between these two (POSIX s):
    models were renamed, or one was deleted and registered anew. Names of models are given again,
    and their numbers with them.
    """

    after: float
    by: float


@dataclass(frozen=True, slots=True)
class ModelAlias:
    """The version that an alias names. ``moved`` is when this operator saw it move; None: it
    has not.
    """

    model: str
    alias: str
    version: str
    moved: float | None = None
    unmoved: float | None = None
    """Where ``moved`` is set: when it was last seen naming the former version. The move was between
    the two: a pod that started before ``unmoved`` read the former version, one that started after
    ``moved`` the new one.
    """
    model_created: float | None = None
    """When the registered model was created, by the registry's clock: before it, its numbers may
    have been those of a former model of the same name. None: not known.
    """
    renamed: Renamed | None = None
    """Where the model's name was seen to be another model's before."""


@dataclass(frozen=True, slots=True)
class AliasHistory:
    """What is kept of an alias over a restart: else a pod that runs a former version would pass for
    one that runs the newest.
    """

    version: str
    seen: float
    """When it was seen naming that version (POSIX s)."""
    moved: float | None
    unmoved: float | None
    model_created: float | None = None
    renamed: Renamed | None = None
    """As in ``ModelAlias``."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One registered version with the run that made it and its bytes. Every mapping is flat text.

    For a version that was copied between registries, ``origin_run_id`` and ``data_snapshot`` are
    the origin's (from the tags that the copy wrote), so that both sides can be compared.
    """

    model: str
    version: str
    created: float
    """By the registry's clock."""
    origin_run_id: str | None
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    run_tags: Mapping[str, str]
    dataset_inputs: tuple[str, ...]
    """``name@digest`` or source of each dataset input of the run, sorted."""
    signature: str | None
    requirements: str | None
    content: Content | Unseen = field(repr=False)
    skew: float = 0.0
    """Seconds by which the registry's clock is seen to differ from this process's."""


@dataclass(frozen=True, slots=True)
class RegistryAlias(Place):
    """An alias of a registered model. Two environments may lead to one registry."""

    environment: str
    model: str
    alias: str

    def __str__(self) -> str:
        return f"alias {self.model} {self.alias}"

    def anywhere(self) -> "Place":
        return replace(self, environment="")


class _Alias(NamedTuple):
    environment: str
    model: str
    alias: str
    kind: Literal["ModelAlias"] = "ModelAlias"


class AliasSubject(_Alias, Subject[ModelAlias]):
    __slots__ = ()

    @classmethod
    def of(cls, place: RegistryAlias) -> Self:
        return cls(place.environment, place.model, place.alias)

    @property
    def key(self) -> tuple[str, str]:
        """What it is within its registry."""
        return self.model, self.alias

    def __str__(self) -> str:
        return (
            f'alias "{self.alias}" of registered model "{self.model}" '
            f'in environment "{self.environment}"'
        )


class _Version(NamedTuple):
    environment: str
    model: str
    version: str
    kind: Literal["ModelVersion"] = "ModelVersion"


class VersionSubject(_Version, Subject[ModelVersion]):
    __slots__ = ()
    deep = "bytes"

    @property
    def key(self) -> tuple[str, str]:
        """What it is within its registry."""
        return self.model, self.version

    def __str__(self) -> str:
        return (
            f'version {self.version} of registered model "{self.model}" '
            f'in environment "{self.environment}"'
        )


RegistrySubject = AliasSubject | VersionSubject
