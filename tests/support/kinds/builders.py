"""Builders of what a view answers, and a view that answers with plain values.

Each builder has a default for everything that a test does not care about.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, TypeVar

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.mirror import Track
from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.component import Entry, Side, Sides
from stagingmirror.drift.command.words import NO_WORDS, Words
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.places import Place
from stagingmirror.engine.ownership.track_entries import known
from stagingmirror.sources.endpoint.subjects import AnswerSubject
from stagingmirror.sources.index.subjects import IndexAlias, IndexSubject
from stagingmirror.sources.kubernetes.subjects import (
    ConfigMap,
    ConfigMapSubject,
    Container,
    Pod,
    Variable,
    Workload,
    WorkloadSubject,
)
from stagingmirror.sources.mlflow.subjects import (
    AliasSubject,
    Content,
    FileHash,
    ModelAlias,
    ModelVersion,
    RegistryAlias,
    VersionSubject,
)
from stagingmirror.sources.objectstore.subjects import FolderSubject, TableSubject
from stagingmirror.view import Observed, Subject
from support.clock import NOW as NOW
from support.resources.resources import EVERYTHING, READABLE

T = TypeVar("T")

PRODUCTION, STAGING = "ml-prod", "ml-staging"
UPSTREAM = {AliasSubject, VersionSubject, FolderSubject, IndexSubject}
UPSTREAM |= {TableSubject, AnswerSubject}
NOT_ANSWERED = Why("NotAnswered", "the API server did not answer within 10 s.")

ROLLING_OUT = Why("RollingOut", "Deployment ml-prod/features is rolling out.")

DIGEST_A = f"sha256:{'a' * 64}"
DIGEST_B = f"sha256:{'b' * 64}"
DIGEST_C = f"sha256:{'c' * 64}"


def container(
    image: str = "registry.example/app:1",
    variables: Mapping[str, str | Variable] | None = None,
    *,
    env_from: bool = False,
    words: Words = NO_WORDS,
) -> Container:
    known = {
        name: value if isinstance(value, Variable) else Variable(value)
        for name, value in (variables or {}).items()
    }
    return Container(image, known, env_from, words=words)


def pod(
    container: Container | None = None,
    *,
    name: str = "app",
    digest: str | None = None,
    ready: bool = True,
    terminating: bool = False,
    started: float | None = NOW - 3600,
) -> Pod:
    """``digest``: what the node reports of the container's image."""
    return Pod(
        name="pod-0",
        ready=ready,
        terminating=terminating,
        started=started,
        containers={} if container is None else {name: container},
        image_ids={} if digest is None else {name: f"registry.example/app@{digest}"},
    )


def workload(
    name: str = "features",
    namespace: str = PRODUCTION,
    kind: WorkloadKind = "Deployment",
    *,
    containers: Mapping[str, Container] | None = None,
    pods: tuple[Pod, ...] = (),
    annotations: Mapping[str, str] | None = None,
    rolling_out: bool = False,
    loads: str = "",
) -> Workload:
    return Workload(
        kind=kind,
        namespace=namespace,
        name=name,
        uid=f"{namespace}-{name}",
        generation=1,
        resource_version="1",
        containers=containers or {},
        annotations=annotations or {},
        replicas=len(pods),
        pods=pods,
        unsettled=ROLLING_OUT if rolling_out else None,
        template=0,
        loads=loads,
    )


def config_map(
    data: Mapping[str, str],
    *,
    name: str = "training-data",
    namespace: str = PRODUCTION,
    changed: Mapping[str, float] | None = None,
    binary: Collection[str] = (),
) -> ConfigMap:
    return ConfigMap(namespace, name, "1", data, changed or {}, frozenset(binary))


def content(files: Mapping[str, str], *, read: float = NOW - 60) -> Content:
    """The bytes of a model, given as text by path."""
    hashes = {
        path: FileHash(sha256(text.encode()).hexdigest(), len(text)) for path, text in files.items()
    }
    tree = "\n".join(sorted(f"{each.sha256} {each.size} {path}" for path, each in hashes.items()))
    return Content(sha256(tree.encode()).hexdigest(), hashes, read)


def version(
    number: str = "12",
    model: str = "fraud-detector",
    *,
    files: Mapping[str, str] | None = None,
    created: float = NOW - 86400,
    **other: Any,
) -> ModelVersion:
    given: dict[str, Any] = {
        "origin_run_id": "run-12",
        "parameters": {"max_depth": "12"},
        "tags": {},
        "run_tags": {},
        "dataset_inputs": (),
        "signature": None,
        "requirements": None,
        "content": content(files or {"model.skops": "twelve"}),
        **other,
    }
    return ModelVersion(model=model, version=number, created=created, **given)


def environment(role: str = "Production", **fields: Any) -> MirrorEnvironmentSpec:
    """It makes readable what the tests use, and everything else comparable."""
    namespace = PRODUCTION if role == "Production" else STAGING
    given: dict[str, Any] = {
        "role": role,
        "usableFrom": [STAGING],
        "namespaces": [namespace],
        "readable": READABLE
        | {
            "variables": ["MODEL_VERSION", "EMBEDDING_URL"],
            "annotations": ["example.com/snapshot"],
        },
        "comparable": EVERYTHING,
        "mlflow": {"url": f"http://mlflow.{namespace}.svc:5000"},
        **fields,
    }
    return MirrorEnvironmentSpec.model_validate(given)


def sides(
    production: MirrorEnvironmentSpec | None = None, staging: MirrorEnvironmentSpec | None = None
) -> Sides:
    return Sides(
        production=Side(
            "production", "production", production or environment("Production"), PRODUCTION
        ),
        staging=Side("staging", "staging", staging or environment("Staging"), STAGING),
        mirror="mirror",
    )


def track(name: str = "component", **entry: Any) -> Track:
    """An entry as a user would write it: ``track(setting={…})``."""
    return Track.model_validate({"name": name, **entry})


def entry_of(name: str = "component", **entry: Any) -> Entry[Any]:
    """The same, as its kind takes it."""
    found = known(track(name, **entry))
    assert found is not None, f"no kind of the catalogue takes {entry}"
    return found[1]


def proving(one_registry: bool | None) -> "World":
    """An empty world in which both sides are, or are not, proven to be one registry."""
    world = World()
    world.one_registry = one_registry
    return world


class World:
    """A view that knows what it was given, and nothing else: everything else is not there.

    ``silent`` things answer with an Unseen; so does everything while ``nobody_answers``. What a
    source observes that has no builder here is in ``others``, by its subject.
    """

    subjects = frozenset({WorkloadSubject, ConfigMapSubject, *UPSTREAM})
    places = frozenset({RegistryAlias, IndexAlias})
    clock_margin = 30.0

    def __init__(self) -> None:
        self.workloads: dict[tuple[str, str, str], Workload] = {}
        self.config_maps: dict[tuple[str, str], ConfigMap] = {}
        self.aliases: dict[tuple[str, str, str], ModelAlias] = {}
        self.versions: dict[tuple[str, str, str], ModelVersion] = {}
        self.others: dict[Subject[Any], Any] = {}
        self.silent: set[str] = set()
        self.nobody_answers: Why | None = None
        self.began = NOW - 5
        self.trouble: Why | None = None
        self.older: dict[str, float] = {}
        self.one_registry: bool | None = False
        self.productions: set[Place] = set()

    def add(self, *things: Workload | ConfigMap) -> "World":
        for thing in things:
            if isinstance(thing, Workload):
                self.workloads[(thing.kind, thing.namespace, thing.name)] = thing
            else:
                self.config_maps[(thing.namespace, thing.name)] = thing
        return self

    def register(self, environment: str, *versions: ModelVersion) -> "World":
        for each in versions:
            self.versions[(environment, each.model, each.version)] = each
        return self

    def alias(
        self,
        environment: str,
        number: str,
        *,
        model: str = "fraud-detector",
        name: str = "champion",
        moved: float | None = None,
        unmoved: float | None = None,
    ) -> "World":
        key = (environment, model, name)
        self.aliases[key] = ModelAlias(model, name, number, moved, unmoved, NOW - 90 * 86400)
        return self

    def change(self, key: tuple[str, str, str], **fields: Any) -> "World":
        """The same workload with other fields."""
        self.workloads[key] = replace(self.workloads[key], **fields)
        return self

    def put(self, subject: Subject[T], value: T) -> "World":
        self.others[subject] = value
        return self

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        found: Any
        match subject:
            case WorkloadSubject(_, kind, namespace, name):
                found = self.workloads.get((kind, namespace, name))
            case ConfigMapSubject(_, namespace, name):
                kind, found = subject.kind, self.config_maps.get((namespace, name))
            case AliasSubject(environment, model, name):
                kind, found = "ModelAlias", self.aliases.get((environment, model, name))
            case VersionSubject(environment, model, name):
                kind, found = "ModelVersion", self.versions.get((environment, model, name))
            case _:
                kind, name, found = "", str(subject), self.others.get(subject)
        if self.nobody_answers is not None or kind in self.silent or name in self.silent:
            return Unseen(self.nobody_answers or NOT_ANSWERED, self.began)
        return Observed(found, self.older.get(name, self.began), self.trouble)

    def same_place(self, one: Place, other: Place) -> bool | None:
        return self.one_registry

    def is_production(self, place: Place) -> bool:
        return place in self.productions

    def seal(self, place: str, value: str, *, form: str) -> str:
        return self.hide(place, value)

    def hide(self, place: str, value: str) -> str:
        return f"hmac-sha256:{sha256(f'key {place} {value}'.encode()).hexdigest()}"
