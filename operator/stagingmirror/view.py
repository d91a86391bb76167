"""What the watchers and pollers last saw, as the kinds read it: plain values, no calls, no waiting.

A kind never asks a system. It reads the view; what it read is remembered as the mirror's
*subjects*, so that a change of any of them wakes the mirror up, and so that the sources know what
to watch and poll.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.steps import WorkloadKind

T = TypeVar("T")

LOCAL = "local"
"""The cluster that the operator runs in."""


class Subject(NamedTuple):
    """The key of one thing that can be looked at; sources announce changes by it.

    ``where`` is a cluster (``local``) or, for models, the name of the environment whose registry is
    meant. ``kind`` is a workload kind, ``ConfigMap``, ``ModelAlias`` (name ``alias``) or
    ``ModelVersion`` (name ``version``); for the last two ``namespace`` holds the registered model's
    name.
    """

    where: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Observed(Generic[T]):
    """One answer. ``found`` is None where the system said, and confirmed, that the thing is not
    there.

    ``began`` is when asking for this answer began (POSIX s). ``trouble`` says why the newest asking
    failed, where this is an older answer.
    """

    found: T | None
    began: float
    trouble: Why | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A container's variable. ``value`` is None where it comes from elsewhere; ``source`` then says
    from what.
    """

    value: str | None
    source: Literal[
        "value", "reference", "configMapKeyRef", "secretKeyRef", "fieldRef", "other"
    ] = "value"
    """``reference``: it refers to a variable that is not known."""


@dataclass(frozen=True, slots=True)
class Container:
    image: str
    variables: Mapping[str, Variable]
    env_from: bool = False
    """Variables also come from whole ConfigMaps or Secrets (``envFrom``): one that is not in
    ``variables`` is then not proven to be absent.
    """


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the workload's *current* template. Times are POSIX seconds."""

    name: str
    ready: bool
    terminating: bool
    started: float | None
    containers: Mapping[str, Container]
    image_ids: Mapping[str, str]
    """Per container what the node reports as running, e.g. ``registry/features@sha256:…``; absent
    until it has started.
    """


@dataclass(frozen=True, slots=True)
class Workload:
    kind: WorkloadKind
    namespace: str
    name: str
    uid: str
    generation: int
    resource_version: str
    containers: Mapping[str, Container]
    annotations: Mapping[str, str]
    replicas: int
    rolling_out: bool
    """True while pods of another template still run, or the controller has not caught up with the
    newest generation.
    """
    pods: tuple[Pod, ...]
    """Non-terminating pods of the current template. For a CronJob: of its last finished Job of the
    current template.
    """
    created: float = 0.0
    revision: str = ""
    """Names the newest template as its controller does; changes with a rollout and with nothing
    else (scaling is none). Empty: not known.
    """


@dataclass(frozen=True, slots=True)
class ConfigMap:
    namespace: str
    name: str
    resource_version: str
    data: Mapping[str, str]
    changed: Mapping[str, float]
    """Per key when it was last written (POSIX s), as managedFields tell; a missing key means not
    known.
    """
    binary: frozenset[str] = frozenset()
    """Keys of ``binaryData``: they are there, and are not read."""


@dataclass(frozen=True, slots=True)
class FileHash:
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a model version. ``tree_hash`` is SHA-256 over the sorted lines ``sha256 size
    path``.
    """

    tree_hash: str
    files: Mapping[str, FileHash]
    read: float
    """When the bytes were last read: when that began (POSIX s)."""
    listing: str = ""
    """Fingerprint of what the store said of the files then; kept over a restart, it tells whether
    the bytes may have changed meanwhile.
    """


@dataclass(frozen=True, slots=True)
class ModelAlias:
    """What the registry says an alias names. ``moved`` is when this operator saw it move; None: it
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
    origin_run_id: str | None
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    run_tags: Mapping[str, str]
    dataset_inputs: tuple[str, ...]
    """``name@digest`` or source of each dataset input of the run, sorted."""
    signature: str | None
    requirements: str | None
    content: Content | Unseen = field(repr=False)


class View(Protocol):
    """What the sources know now. Unseen: never answered so far, or not answerable (forbidden, not
    configured).
    """

    def workload(
        self, kind: WorkloadKind, namespace: str, name: str
    ) -> Observed[Workload] | Unseen: ...

    def config_map(self, namespace: str, name: str) -> Observed[ConfigMap] | Unseen: ...

    def model_alias(
        self, environment: str, model: str, alias: str
    ) -> Observed[ModelAlias] | Unseen: ...

    def model_version(
        self, environment: str, model: str, version: str
    ) -> Observed[ModelVersion] | Unseen: ...

    def same_registry(self, one: str, other: str) -> bool | None:
        """Whether the registries of two environments were proven to be one; None: not known."""
        ...

    def is_productions(self, environment: str, model: str, alias: str) -> bool:
        """Whether any mirror names this alias as production's, in whichever environment the same
        registry may be reached.
        """
        ...

    def seal(self, value: str) -> str:
        """The HMAC of a value that may not be shown, with the key of the installation: ``hmac-
        sha256:…``.
        """
        ...
