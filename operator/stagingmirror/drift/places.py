"""Places: where something is written in staging, or read in production. Two mirrors must not write
the same place, and no mirror may write one that another names as production's.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Self
from unicodedata import normalize


@dataclass(frozen=True, slots=True)
class Place(ABC):
    """A field of an object, an alias of a registry, …"""

    @abstractmethod
    def __str__(self) -> str:
        """As messages name it: without its namespace or environment."""

    def anywhere(self) -> "Place":
        """The place without the environment in which it was named: two environments may lead to one
        system. Two places may be one only if these are equal.
        """
        return self

    def folded(self) -> Self:
        """The place with case, Unicode composition and trailing blanks removed from its names: two
        places may be one in a store that ignores them if their folded forms are equal.
        """
        names = (each.name for each in fields(self))
        return replace(self, **{name: _fold(getattr(self, name)) for name in names})


@dataclass(frozen=True, slots=True)
class WorkloadField(Place):
    """``field`` is the field as messages name it: ``image of server``."""

    kind: str
    namespace: str
    name: str
    field: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.field}"


@dataclass(frozen=True, slots=True)
class ConfigMapKey(Place):
    namespace: str
    name: str
    key: str

    def __str__(self) -> str:
        return f"ConfigMap {self.name} {self.key}"


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


@dataclass(frozen=True, slots=True)
class Loader(Place):
    """A CronJob from which a refresh starts Jobs: what those load."""

    namespace: str
    cron_job: str

    def __str__(self) -> str:
        return f"CronJob {self.cron_job} as loader"


@dataclass(frozen=True, slots=True)
class LoaderVariable(Place):
    """The variable of a loader's container that names what to load."""

    namespace: str
    cron_job: str
    container: str
    variable: str

    def __str__(self) -> str:
        return f"CronJob {self.cron_job} variable {self.variable} of {self.container}"


# Whether two places are one; None: not known.
SamePlace = Callable[[Place, Place], bool | None]


def shared(ones: Iterable[Place], others: frozenset[Place], same_place: SamePlace) -> Place | None:
    """The first of ``ones`` that is among the others. Two places that are not known to be two count
    as one.
    """
    for one in sorted(ones, key=str):
        if any(_may_be_same(one, each, same_place) for each in others):
            return one
    return None


def _may_be_same(one: Place, other: Place, same_place: SamePlace) -> bool:
    alike = one.anywhere() == other.anywhere()
    return one == other or (alike and same_place(one, other) is not False)


def _fold(name: str) -> str:
    return normalize("NFC", normalize("NFC", name).casefold()).rstrip()
