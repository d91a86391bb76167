"""What is known of the aliases and versions of one server; changes are announced."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import NamedTuple, TypeVar

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.sources.mlflow.client.wire_types import RegisteredModel
from stagingmirror.sources.mlflow.poll.version_cache import Key
from stagingmirror.sources.mlflow.subjects import (
    AliasHistory,
    AliasSubject,
    ModelAlias,
    ModelVersion,
    Renamed,
    VersionSubject,
)
from stagingmirror.view import Observed

T = TypeVar("T")
SubjectType = type[AliasSubject] | type[VersionSubject]
# Called with the type and key of what changed, beyond its age.
Announce = Callable[[SubjectType, Key], None]


class Published:
    def __init__(self, announce: Announce) -> None:
        self._announce = announce
        self.aliases: dict[Key, Observed[ModelAlias] | Unseen] = {}
        self.versions: dict[Key, Observed[ModelVersion] | Unseen] = {}
        self._former: dict[Key, AliasHistory] = {}
        self._models: dict[Key, _Model] = {}

    def adopt(self, key: Key, former: AliasHistory) -> None:
        """What was seen of an alias before a restart."""
        self._former[key] = former
        if former.model_created is not None:
            self._models[key] = _Model(former.model_created, former.seen, former.renamed)

    def set_alias(
        self, key: Key, model: RegisteredModel | None, began: float, *, answered: float
    ) -> None:
        """What the alias of this model names now; None: the server confirmed that there is no such
        model. ``answered`` (POSIX s) is when it had answered.
        """
        found = None
        if model is not None and key[1] in model.aliases:
            version, created = model.aliases[key[1]], model.created / 1000
            moved, unmoved = self._move(key, version, created, answered)
            renamed = self._renamed(key, created, began, answered)
            found = ModelAlias(*key, version, moved, unmoved, created, renamed)
        self._put(self.aliases, AliasSubject, key, Observed(found, began))

    def set_version(self, key: Key, found: ModelVersion | None, began: float) -> None:
        self._put(self.versions, VersionSubject, key, Observed(found, began))

    def alias_trouble(self, key: Key, why: Why, began: float) -> None:
        """The request failed: what was known stands, with its age, and with the reason."""
        self._put(self.aliases, AliasSubject, key, _older(self.aliases.get(key), why, began))

    def version_trouble(self, key: Key, why: Why, began: float) -> None:
        self._put(self.versions, VersionSubject, key, _older(self.versions.get(key), why, began))

    def keep(self, aliases: Collection[Key], versions: Collection[Key]) -> None:
        """Forget all others."""
        self.aliases = {key: answer for key, answer in self.aliases.items() if key in aliases}
        self.versions = {key: answer for key, answer in self.versions.items() if key in versions}
        self._models = {key: model for key, model in self._models.items() if key in aliases}

    def names(self, key: Key) -> str | None:
        """The version that an alias named when it was last seen."""
        answer = self.aliases.get(key)
        found = answer.value if isinstance(answer, Observed) else None
        return None if found is None else found.version

    def named(self, aliases: Iterable[Key]) -> set[Key]:
        """The versions that these aliases named when they were last seen."""
        names = ((key[0], self.names(key)) for key in aliases)
        return {(model, version) for model, version in names if version is not None}

    def _move(
        self, key: Key, version: str, created: float, answered: float
    ) -> tuple[float | None, float | None]:
        """The times between which the alias came to name this version, where we saw that. The same
        number of another model is another version.
        """
        answer, former = self.aliases.get(key), self._former.pop(key, None)
        now = version, created
        if not isinstance(answer, Observed):
            if former is None:
                return None, None
            known = created if former.model_created is None else former.model_created
            is_same = (former.version, known) == now
            return (former.moved, former.unmoved) if is_same else (answered, former.seen)
        if answer.value is None or (answer.value.version, answer.value.model_created) != now:
            return answered, answer.began
        return answer.value.moved, answer.value.unmoved

    def _renamed(self, key: Key, created: float, began: float, answered: float) -> Renamed | None:
        known = self._models.get(key)
        renamed = None if known is None else known.renamed
        if known is not None and known.created != created:
            renamed = Renamed(known.seen, answered)
        self._models[key] = _Model(created, began, renamed)
        return renamed

    def _put(
        self,
        observations: dict[Key, Observed[T] | Unseen],
        kind: SubjectType,
        key: Key,
        answer: Observed[T] | Unseen,
    ) -> None:
        before = observations.get(key)
        observations[key] = answer
        if before is None or _without_age(before) != _without_age(answer):
            self._announce(kind, key)


class _Model(NamedTuple):
    """The registered model of an alias as it was last seen (POSIX s), also where it is gone now."""

    created: float
    seen: float
    renamed: Renamed | None


def _older(before: Observed[T] | Unseen | None, why: Why, began: float) -> Observed[T] | Unseen:
    return replace(before, trouble=why) if isinstance(before, Observed) else Unseen(why, began)


def _without_age(answer: Observed[T] | Unseen) -> Observed[T] | Unseen:
    return replace(answer, began=0.0)
