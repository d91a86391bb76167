"""The view of one pass: what the sources know now, and what the mirror reads of it."""

from collections.abc import Callable
from typing import Protocol, cast

from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Unseen
from stagingmirror.drift.steps import WorkloadKind
from stagingmirror.engine.observe.initial_sync import is_unanswered
from stagingmirror.view import (
    LOCAL,
    ConfigMap,
    ModelAlias,
    ModelVersion,
    Observed,
    Subject,
    Workload,
)

IsProductions = Callable[[str, str, str], bool]
"""Told environment, registered model and alias."""


class ClusterLooks(Protocol):
    """The half of the view that a cluster answers."""

    def workload(
        self, kind: WorkloadKind, namespace: str, name: str
    ) -> Observed[Workload] | Unseen: ...

    def config_map(self, namespace: str, name: str) -> Observed[ConfigMap] | Unseen: ...


class RegistryLooks(Protocol):
    """The half of the view that the registries answer."""

    def model_alias(
        self, environment: str, model: str, alias: str
    ) -> Observed[ModelAlias] | Unseen: ...

    def model_version(
        self, environment: str, model: str, version: str
    ) -> Observed[ModelVersion] | Unseen: ...

    def same_registry(self, one: str, other: str) -> bool | None: ...


class RecordingView:
    """A ``View`` that remembers the subjects that were read through it."""

    def __init__(
        self,
        cluster: ClusterLooks,
        registry: RegistryLooks,
        seal: Callable[[str], str],
        *,
        is_productions: IsProductions = lambda environment, model, alias: False,
    ) -> None:
        self._cluster = cluster
        self._registry = registry
        self._seal = seal
        self._is_productions = is_productions
        self.subjects: set[Subject] = set()
        self.parts: dict[DeployKey, RecordingView] = {}
        """What was read for one component on one side."""

    def part(self, key: DeployKey) -> "RecordingView":
        """The same view for one component on one side; what it reads counts here as well."""
        part = RecordingView(
            self._cluster, self._registry, self._seal, is_productions=self._is_productions
        )
        self.parts[key] = part
        return part

    def everything(self) -> frozenset[Subject]:
        """What was read here and in all parts."""
        return frozenset(self.subjects.union(*(part.subjects for part in self.parts.values())))

    def unanswered(self) -> frozenset[Subject]:
        """What was read, here or in a part, and has no first answer yet."""
        answers = {
            each: answer_of(self._cluster, self._registry, each) for each in self.everything()
        }
        return frozenset(each for each, answer in answers.items() if is_unanswered(answer))

    def workload(
        self, kind: WorkloadKind, namespace: str, name: str
    ) -> Observed[Workload] | Unseen:
        self.subjects.add(Subject(LOCAL, kind, namespace, name))
        return self._cluster.workload(kind, namespace, name)

    def config_map(self, namespace: str, name: str) -> Observed[ConfigMap] | Unseen:
        self.subjects.add(Subject(LOCAL, "ConfigMap", namespace, name))
        return self._cluster.config_map(namespace, name)

    def model_alias(
        self, environment: str, model: str, alias: str
    ) -> Observed[ModelAlias] | Unseen:
        self.subjects.add(Subject(environment, "ModelAlias", model, alias))
        return self._registry.model_alias(environment, model, alias)

    def model_version(
        self, environment: str, model: str, version: str
    ) -> Observed[ModelVersion] | Unseen:
        self.subjects.add(Subject(environment, "ModelVersion", model, version))
        return self._registry.model_version(environment, model, version)

    def same_registry(self, one: str, other: str) -> bool | None:
        return self._registry.same_registry(one, other)

    def is_productions(self, environment: str, model: str, alias: str) -> bool:
        return self._is_productions(environment, model, alias)

    def seal(self, value: str) -> str:
        return self._seal(value)


def answer_of(
    cluster: ClusterLooks, registry: RegistryLooks, subject: Subject
) -> (
    Observed[Workload]
    | Observed[ConfigMap]
    | Observed[ModelAlias]
    | Observed[ModelVersion]
    | Unseen
):
    """What is known of a subject now."""
    where, kind, namespace, name = subject
    match kind:
        case "ModelAlias":
            return registry.model_alias(where, namespace, name)
        case "ModelVersion":
            return registry.model_version(where, namespace, name)
        case "ConfigMap":
            return cluster.config_map(namespace, name)
        case _:
            return cluster.workload(cast("WorkloadKind", kind), namespace, name)
