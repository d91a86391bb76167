"""What a refresh would do, as plain values. A plan is a tuple of steps; executing them is
``actions``' business.
"""

from dataclasses import dataclass
from typing import Literal

WorkloadKind = Literal["Deployment", "StatefulSet", "CronJob"]


@dataclass(frozen=True, slots=True)
class Produced:
    """A value that an earlier step will produce, e.g. the version number of a copied model.

    ``form`` is how it is written where it is used, with ``{value}`` for the produced text.
    """

    step: str
    form: str = "{value}"


Value = str | Produced


@dataclass(frozen=True, slots=True)
class CopyModel:
    """Prepare: bring a model version's bytes into staging's registry, as a new version that no
    alias names yet.

    Produces the version number in staging. A version with the same content that is already there is
    reused.
    """

    id: str
    component: str
    from_environment: str
    from_model: str
    from_version: str
    to_environment: str
    to_model: str
    tree_hash: str
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class RunLoader:
    """Prepare: run staging's own loader to its end, as a Job made from a CronJob with one variable
    set.
    """

    id: str
    component: str
    namespace: str
    cron_job: str
    container: str
    variable: str
    value: str
    timeout: float
    former: str | None
    """Staging's value now: with it the loader runs again where the refresh is rolled back. None:
    there was none.
    """


@dataclass(frozen=True, slots=True)
class SetConfigMapKey:
    """Switch: one key of one ConfigMap of staging."""

    id: str
    component: str
    namespace: str
    name: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class MoveAlias:
    """Switch: staging's alias. Never an alias that any mirror names as production's."""

    id: str
    component: str
    environment: str
    model: str
    alias: str
    version: Value


@dataclass(frozen=True, slots=True)
class SetVariable:
    container: str
    variable: str
    value: Value


@dataclass(frozen=True, slots=True)
class SetImage:
    container: str
    image: str


@dataclass(frozen=True, slots=True)
class SetAnnotation:
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Restart:
    """New pods from the same template, as ``kubectl rollout restart`` does."""


FieldWrite = SetVariable | SetImage | SetAnnotation | Restart


@dataclass(frozen=True, slots=True)
class PatchWorkload:
    """Switch: all fields of one workload in one patch, so one rollout. Several components may share
    it.
    """

    id: str
    components: tuple[str, ...]
    kind: WorkloadKind
    namespace: str
    name: str
    writes: tuple[FieldWrite, ...]


Step = CopyModel | RunLoader | SetConfigMapKey | MoveAlias | PatchWorkload


@dataclass(frozen=True, slots=True)
class Left:
    """A component that a refresh would not touch, and why (mode Report, held, accepted, nothing to
    do, not comparable).
    """

    component: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they run: prepare, then stores, then workloads."""

    steps: tuple[Step, ...]
    left: tuple[Left, ...]
