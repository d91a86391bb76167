"""How pods serve, and what scales them: texts by the name of a fact, of a container or a whole pod.

What was given and what Kubernetes gives in its place where nothing was are one text: quantities are
spelled one way, and constant defaults are filled in. No text is of a Secret, of a variable or of a
program that a probe runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.view import Subject

Facts = Mapping[str, str]


class Mount(NamedTuple):
    """Keys of a ConfigMap as files. ``items``: each key that is one, with its path below ``path``;
    empty: every key, by its own name. ``only``: the one of these files that is mounted, at ``path``
    itself; empty: all are.
    """

    config_map: str
    path: str
    items: tuple[tuple[str, str], ...] = ()
    only: str = ""


@dataclass(frozen=True, slots=True)
class ContainerSettings:
    """``serves``: it runs as long as its pod; an init container that ends does not. ``mounts``: in
    their order.
    """

    serves: bool
    facts: Facts
    mounts: tuple[Mount, ...] = ()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class PodSettings:
    """``containers`` by name, in their order."""

    facts: Facts = field(default_factory=dict)
    containers: Mapping[str, ContainerSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """What scales a workload. ``names``: the objects that do; empty: none does."""

    names: tuple[str, ...]
    facts: Facts


class _Autoscaler(NamedTuple):
    cluster: str
    """As a workload has it."""
    of: TemplateKind
    namespace: str
    name: str
    kind: Literal["Autoscaler"] = "Autoscaler"


class AutoscalerSubject(_Autoscaler, Subject[Autoscaler]):
    """Of the workload of this kind and name. There is always an answer: that none scales it."""

    __slots__ = ()

    @property
    def environment(self) -> str:
        return self.cluster

    def __str__(self) -> str:
        return f"autoscaler of {self.of} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Node:
    """By its labels; a text is empty where a node has no such label."""

    instance_type: str
    architecture: str
    accelerator: str
    kernel: str


@dataclass(frozen=True, slots=True)
class Nodes:
    """The distinct nodes that a workload's pods are on now, and were on in the last 24 h as far as
    that was observed.
    """

    now: frozenset[Node]
    recent: frozenset[Node]


class _Nodes(NamedTuple):
    cluster: str
    of: TemplateKind
    space: str
    """The namespace of the workload; nodes are in none."""
    name: str
    kind: Literal["Nodes"] = "Nodes"


class NodesSubject(_Nodes, Subject[Nodes]):
    """The nodes that the pods of this workload are on."""

    __slots__ = ()

    @property
    def environment(self) -> str:
        return self.cluster

    @property
    def namespace(self) -> str:
        return ""

    def __str__(self) -> str:
        return f"nodes of {self.of} {self.space}/{self.name}"
