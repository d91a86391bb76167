"""What kinds can observe of a cluster, and what is written in the one that the operator runs in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.drift.command.words import NO_WORDS, Words
from stagingmirror.drift.facts import Why
from stagingmirror.drift.places import Place
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects.serving import (
    AutoscalerSubject,
    Facts,
    NodesSubject,
    PodSettings,
)
from stagingmirror.view import Subject

# ``reference``: it refers to a variable that is not known. ``tooLong``: no program could be started
# with it.
VariableSource: TypeAlias = Literal[
    "value", "reference", "tooLong", "configMapKeyRef", "secretKeyRef", "fieldRef", "other"
]
# The label by which the owner of a CronJob lets a refresh make Jobs of it; its value is the name of
# the variable that is set.
LOADER = "stagingmirror.dev/loader"
# The cluster that the operator runs in, where a subject names one. Staging is always there.
OWN = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """A container's variable. ``value`` is None where it comes from elsewhere or is not known;
    ``source`` then says why. ``made_from``: the other variables whose values are in it.
    """

    value: str | None
    source: VariableSource = "value"
    made_from: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Container:
    image: str
    variables: Mapping[str, Variable]
    env_from: bool = False
    """Variables also come from whole ConfigMaps or Secrets (``envFrom``): one that is not in
    ``variables`` is then not proven to be absent.
    """
    repeated: frozenset[str] = frozenset()
    """Variables that stand more than once in ``env``: the container gets the last one."""
    fetches: tuple[str, ...] = ()
    """Of KServe's storage initializer: the URIs that it fetches before the others are started."""
    words: Words | None = NO_WORDS
    """Its command and arguments as they are declared; None: more than are read."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the workload's *current* template. Times are POSIX seconds."""

    name: str
    ready: bool
    terminating: bool
    started: float | None
    """When its node accepted it, by the node's clock."""
    containers: Mapping[str, Container]
    image_ids: Mapping[str, str]
    """Per container what the node reports as running, e.g. ``registry/features@sha256:…``; absent
    until it has started.
    """
    restarted: float | None = None
    """When the youngest of its containers started, for the first time or again: with a new sandbox
    (its node was rebooted) also those of init containers do.
    """
    created: float | None = None
    """By the API server's clock; None: not known. What runs was started after it."""
    settings: PodSettings = field(default_factory=PodSettings)
    node: str = ""
    """The name of the node that it is on; empty: it is on none yet."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where a predictor of KServe is declared to have its model from. ``uris``: by a field each;
    ``keyed``: by ``storage.path``, a path in a place that only KServe's own Secret names.
    ``given``: what its template passes on to its pods, in the same order; of ``keyed`` not a URI.
    ``field``: the path of the one URI in its body; empty: there is not one, or it is the variable
    STORAGE_URI of a container.
    """

    uris: tuple[str, ...]
    keyed: bool
    field: tuple[str, ...]
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workload:
    kind: TemplateKind
    namespace: str
    name: str
    uid: str
    generation: int
    resource_version: str
    containers: Mapping[str, Container]
    annotations: Mapping[str, str]
    replicas: int
    pods: tuple[Pod, ...]
    """Non-terminating pods of the current template. For a CronJob: of its last finished Job of the
    current template.
    """
    unsettled: Why | None
    """Why its pods do not prove what it runs: pods of another template still run, or its controller
    has not caught up with the newest generation. None: they do, or there is none.
    """
    template: int
    """Of the whole pod template as it is declared; means nothing in another process."""
    catching_up: bool = False
    """It is ``unsettled`` and yet no pod of another template is seen: where its template is the one
    that was settled before, nothing that runs has changed.
    """
    no_pods: str = ""
    """Where no pod is to be seen: why, for people."""
    revision: str = ""
    """Names the newest template as its controller does; changes with a rollout and with nothing
    else (scaling is none). Empty: not known.
    """
    rolled: float | None = None
    """When a Deployment's newest rollout was complete (POSIX s), also where no pod had to be
    replaced for it; None: not known.
    """
    loads: str = ""
    """Of a CronJob the variable with which its label ``LOADER`` lets Jobs be made of it."""
    config_maps: frozenset[str] | None = None
    """The names of those that its template refers to; None: not known."""
    beside: str = ""
    """Of the predictor of an InferenceService the other parts, which have pods of their own, for
    people; empty: none.
    """
    storage: Storage | None = None
    """Of the predictor of an InferenceService."""
    settings: PodSettings = field(default_factory=PodSettings)
    """Those of its template."""
    service: Facts = field(default_factory=dict)
    """Of a part of an InferenceService how KServe serves and scales it."""


@dataclass(frozen=True, slots=True)
class ConfigMap:
    namespace: str
    name: str
    resource_version: str
    data: Mapping[str, str]
    changed: Mapping[str, float]
    """Per key when it was last written (POSIX s), by managedFields; a missing key means not
    known.
    """
    binary: frozenset[str] = frozenset()
    """Keys of ``binaryData``: they are there, and are not read."""
    immutable: bool = False


class _Workload(NamedTuple):
    cluster: str
    """``OWN``, or the environment whose ``cluster`` says where it is."""
    kind: TemplateKind
    namespace: str
    name: str


class WorkloadSubject(_Workload, Subject[Workload]):
    __slots__ = ()

    @property
    def environment(self) -> str:
        return self.cluster

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}{_of(self.cluster)}"


class _ConfigMap(NamedTuple):
    cluster: str
    """As a workload has it."""
    namespace: str
    name: str
    kind: Literal["ConfigMap"] = "ConfigMap"


class ConfigMapSubject(_ConfigMap, Subject[ConfigMap]):
    __slots__ = ()

    @property
    def environment(self) -> str:
        return self.cluster

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}{_of(self.cluster)}"


ClusterSubject = WorkloadSubject | ConfigMapSubject | AutoscalerSubject | NodesSubject


def _of(cluster: str) -> str:
    return "" if cluster == OWN else f' of environment "{cluster}"'


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
class Loader(Place):
    """A CronJob from which a refresh starts Jobs: what those load."""

    namespace: str
    cron_job: str

    def __str__(self) -> str:
        return f"CronJob {self.cron_job} as loader"


def not_a_loader(cron_job: str, variable: str, allowed: str | None) -> Why | None:
    """Why no Job may be made of this CronJob with this variable; None: its owner allows it.
    ``allowed``: the value of its label ``LOADER``.
    """
    if allowed == variable:
        return None
    return Why(
        Reason.NOT_A_LOADER,
        f"CronJob {cron_job} does not carry the label {LOADER}: {variable}, so a refresh makes no "
        "Job of it; ask its owner to add it.",
    )


@dataclass(frozen=True, slots=True)
class LoaderVariable(Place):
    """The variable of a loader's container that names what to load."""

    namespace: str
    cron_job: str
    container: str
    variable: str

    def __str__(self) -> str:
        return f"CronJob {self.cron_job} variable {self.variable} of {self.container}"
