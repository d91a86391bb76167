"""What is known of the aliases and versions of one server, and who hears of it when it changes."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TypeVar

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.sources.mlflow.poll.version_cache import Key
from stagingmirror.sources.mlflow.subjects import (
    AliasHistory,
    AliasSubject,
    ModelAlias,
    ModelVersion,
    VersionSubject,
)
from stagingmirror.view import Observed

T = TypeVar("T")
SubjectType = type[AliasSubject] | type[VersionSubject]
Announce = Callable[[SubjectType, Key], None]
"""Called with the type and key of what changed, beyond its age."""


class Published:
    def __init__(self, announce: Announce) -> None:
        self._announce = announce
        self.aliases: dict[Key, Observed[ModelAlias] | Unseen] = {}
        self.versions: dict[Key, Observed[ModelVersion] | Unseen] = {}
        self._former: dict[Key, AliasHistory] = {}

    def adopt(self, key: Key, former: AliasHistory) -> None:
        """What was seen of an alias before a restart."""
        self._former[key] = former

    def set_alias(self, key: Key, version: str | None, began: float, *, answered: float) -> None:
        """What the alias names now; None: the server said that there is no such alias or model.
        ``answered`` (POSIX s) is when it had said so.
        """
        found = None
        if version is not None:
            moved, unmoved = self._move(key, version, answered)
            found = ModelAlias(*key, version=version, moved=moved, unmoved=unmoved)
        self._put(self.aliases, AliasSubject, key, Observed(found, began))

    def set_version(self, key: Key, found: ModelVersion | None, began: float) -> None:
        self._put(self.versions, VersionSubject, key, Observed(found, began))

    def alias_trouble(self, key: Key, why: Why, began: float) -> None:
        """Asking failed: what was known stands, with its age, and why there is nothing newer."""
        self._put(self.aliases, AliasSubject, key, _older(self.aliases.get(key), why, began))

    def version_trouble(self, key: Key, why: Why, began: float) -> None:
        self._put(self.versions, VersionSubject, key, _older(self.versions.get(key), why, began))

    def keep(self, aliases: Collection[Key], versions: Collection[Key]) -> None:
        """Forget all others."""
        self.aliases = {key: look for key, look in self.aliases.items() if key in aliases}
        self.versions = {key: look for key, look in self.versions.items() if key in versions}

    def names(self, key: Key) -> str | None:
        """The version that an alias named when it was last seen."""
        look = self.aliases.get(key)
        return look.value.version if isinstance(look, Observed) and look.value is not None else None

    def _move(self, key: Key, version: str, answered: float) -> tuple[float | None, float | None]:
        """The times between which the alias came to name this version, where we saw that."""
        look, former = self.aliases.get(key), self._former.pop(key, None)
        if not isinstance(look, Observed):
            return _moved_since(former, version, answered)
        if look.value is None or look.value.version != version:
            return answered, look.began
        return look.value.moved, look.value.unmoved

    def _put(
        self,
        observations: dict[Key, Observed[T] | Unseen],
        kind: SubjectType,
        key: Key,
        look: Observed[T] | Unseen,
    ) -> None:
        before = observations.get(key)
        observations[key] = look
        if before is None or _without_age(before) != _without_age(look):
            self._announce(kind, key)


def _moved_since(
    former: AliasHistory | None, version: str, answered: float
) -> tuple[float | None, float | None]:
    if former is None:
        return None, None
    if former.version != version:
        return answered, former.seen
    return former.moved, former.unmoved


def _older(before: Observed[T] | Unseen | None, why: Why, began: float) -> Observed[T] | Unseen:
    return replace(before, trouble=why) if isinstance(before, Observed) else Unseen(why, began)


def _without_age(look: Observed[T] | Unseen) -> Observed[T] | Unseen:
    return replace(look, began=0.0)
