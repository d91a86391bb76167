"""What is kept of one cached object: the few fields that a verdict needs.

Two entries are equal where nothing that we read differs, whatever their resourceVersions: an event
that changes nothing for us wakes no mirror.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import Container, Pod, Storage
from stagingmirror.sources.kubernetes.subjects.serving import Facts, PodSettings


@dataclass(frozen=True, slots=True)
class Entry:
    """``owner`` is the uid of what made it, or empty."""

    uid: str
    namespace: str
    name: str
    resource_version: str = field(compare=False)
    owner: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a Rollout has its pod template from (``workloadRef``). ``seen``: the generation of it
    that the controller has seen; 0: not known.
    """

    kind: str
    name: str
    seen: int


@dataclass(frozen=True, slots=True)
class Update:
    """``at``: where the update is, for people; empty where nothing is known of that. ``aborted``:
    it went back to the stable ReplicaSet. ``has_spares``: its strategy routes traffic, so pods of
    another ReplicaSet than the stable one serve no requests once it is complete or aborted, and may
    be kept for long. ``reference``: None where the template is its own.
    """

    at: str
    aborted: bool
    has_spares: bool
    reference: Reference | None


@dataclass(frozen=True, slots=True)
class Serving:
    """How a part of KServe serves. ``traffic``: of Knative, the revisions that get some, with
    their percent; ``newest`` and ``ready``: the revision that was made last, and the last one that
    got ready. ``transition``: of the model, as KServe has it. ``elsewhere``: why no Deployment
    alone serves it, for people; empty: one does, or will. ``parts``: of a predictor the others.
    ``service``: how it serves and scales, as facts.
    """

    is_knative: bool
    newest: str
    ready: str
    traffic: tuple[tuple[str, int], ...]
    transition: str
    elsewhere: str
    storage: Storage | None
    parts: Mapping[TemplateKind, "Serving"] = field(default_factory=dict)
    service: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared(Entry):
    """A workload.

    ``current`` names its newest template as its controller does: a Deployment's revision, a
    StatefulSet's revision hash, a Rollout's hash, a DaemonSet's generation of its template, and for
    CronJobs our own digest. ``pods`` and ``updated`` are what the controller counts: pods that are
    not terminating, and those of the newest template.
    """

    kind: TemplateKind
    generation: int
    caught_up: bool
    """The controller has seen the newest generation."""
    containers: Mapping[str, Container]
    annotations: Mapping[str, str]
    replicas: int
    current: str
    pods: int
    updated: int
    template: int
    """Of the whole pod template as it is declared; means nothing in another process."""
    former: str
    """A StatefulSet's ``currentRevision`` and a Rollout's stable hash: another one than ``current``
    until it has replaced all pods.
    """
    halted: Reason | None
    rolled: float | None
    """When a Deployment's newest rollout was complete (POSIX s); None: it is not, or not known."""
    prunes: frozenset[bool]
    gap: float
    """Of a CronJob, see ``controllers``."""
    keeps: float
    """Seconds for which its Jobs are kept once they have finished, where its history keeps them."""
    loads: str
    """The value of the label ``LOADER``."""
    config_maps: frozenset[str]
    """Those that its template refers to."""
    made_by: str = ""
    """The uid of its controller. ``part``: of KServe, which component of the service it serves."""
    part: str = ""
    update: Update | None = None
    """Of a Rollout."""
    serving: Serving | None = None
    """Of an InferenceService. ``given``: what KServe has its pods fetch."""
    given: tuple[str, ...] = ()
    settings: PodSettings = field(default_factory=PodSettings)


@dataclass(frozen=True, slots=True)
class Made(Entry):
    """A ReplicaSet or Job, between a workload and its pods. ``template`` compares with
    ``Declared.current``. The rest is for Jobs: ``finished`` (POSIX s), whether it ``succeeded``,
    whether the CronJob's controller counts it as its own, and the seconds for which it is kept.
    """

    template: str
    finished: float | None = None
    succeeded: bool = False
    controlled: bool = False
    kept: float = inf


@dataclass(frozen=True, slots=True)
class Running(Entry):
    """A pod with what only the roll-up needs. ``template`` is its StatefulSet's revision hash,
    ``until`` when a terminating one is killed at the latest (POSIX s), ``template_generation`` what
    its DaemonSet was at when it was made; empty: it does not say.
    """

    template: str
    finished: bool
    pod: Pod
    until: float | None = None
    template_generation: str = ""


@dataclass(frozen=True, slots=True)
class Versioned(Entry):
    """Something of which only metadata are watched: each new version is a change."""

    version: str
