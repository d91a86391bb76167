"""One observation in the making: asks the view, and remembers how old and how doubtful its answers
are.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from stagingmirror.drift.facts import Absent, Fact, Observation, Seen, Unseen, Why
from stagingmirror.drift.places import RegistryAlias
from stagingmirror.drift.steps import WorkloadKind
from stagingmirror.reasons import Reason
from stagingmirror.view import ConfigMap, ModelAlias, ModelVersion, Observed, View, Workload

T = TypeVar("T")


class Ended(Exception):
    """The observation is decided before it is whole: a thing is absent, or cannot be seen."""

    def __init__(self, observation: Absent | Unseen) -> None:
        super().__init__()
        self.observation = observation

    @property
    def why(self) -> Why:
        """The reason as a sentence, also where the reason is that something is not there."""
        if isinstance(self.observation, Unseen):
            return self.observation.why
        return Why(Reason.NOT_THERE, f"{self.observation.what} is not there.")


class Reading:
    """Asks a view on behalf of one observation. Each question either has its answer or raises
    ``Ended``.
    """

    def __init__(self, view: View, now: float) -> None:
        self.view = view
        self._now = now
        self._began: float | None = None
        self._doubt: tuple[float, Why] | None = None
        self._findings: list[str] = []

    def workload(self, kind: WorkloadKind, namespace: str, name: str) -> Workload:
        return self._answer(self.view.workload(kind, namespace, name), f"{kind} {namespace}/{name}")

    def config_map(self, namespace: str, name: str) -> ConfigMap:
        return self._answer(self.view.config_map(namespace, name), f"ConfigMap {namespace}/{name}")

    def model_alias(self, alias: RegistryAlias) -> ModelAlias:
        return self._answer(
            self.view.model_alias(alias.environment, alias.model, alias.alias),
            f'alias "{alias.alias}" of registered model "{alias.model}" in environment '
            f'"{alias.environment}"',
        )

    def model_version(self, environment: str, model: str, version: str) -> ModelVersion:
        return self._answer(
            self.view.model_version(environment, model, version),
            f'version {version} of registered model "{model}" in environment "{environment}"',
        )

    def finding(self, sentence: str) -> None:
        """Something that a reader should know without being a difference; told once."""
        if sentence not in self._findings:
            self._findings.append(sentence)

    def seen(self, facts: Mapping[str, Fact]) -> Seen:
        return Seen(facts, self._oldest, tuple(self._findings), self._trouble)

    def absent(self, what: str) -> Ended:
        """To be raised where an answer proves that ``what`` is not there."""
        return Ended(Absent(what, self._oldest, self._trouble))

    def unseen(self, reason: str, message: str) -> Ended:
        """To be raised where the answers so far prove nothing."""
        return Ended(Unseen(Why(reason, message), self._oldest))

    def _answer(self, look: Observed[T] | Unseen, what: str) -> T:
        if isinstance(look, Unseen):
            began = look.began if self._began is None else min(self._began, look.began)
            raise Ended(Unseen(look.why, began))
        if self._began is None or look.began < self._began:
            self._began = look.began
        if look.trouble is not None and (self._doubt is None or look.began < self._doubt[0]):
            self._doubt = (look.began, look.trouble)
        if look.found is None:
            raise self.absent(what)
        return look.found

    @property
    def _oldest(self) -> float:
        return self._now if self._began is None else self._began

    @property
    def _trouble(self) -> Why | None:
        return None if self._doubt is None else self._doubt[1]


def observed(look: Callable[[], Seen]) -> Observation:
    """The whole observation, or what ended it early."""
    try:
        return look()
    except Ended as ended:
        return ended.observation
