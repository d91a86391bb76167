"""What of a registry's answers outlives a restart: the hashes of bytes, and when aliases moved.

Reading all bytes again after each restart would take hours, and a pod that runs a former version
would pass for one that runs the newest.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from stagingmirror.drift.facts import Unseen
from stagingmirror.sources.mlflow.subjects import (
    AliasHistory,
    AliasSubject,
    Content,
    ModelAlias,
    ModelVersion,
    RegistrySubject,
    VersionSubject,
)
from stagingmirror.view import Observed

# Seconds after which it is exported anew that an alias still names the same version.
SEEN_EVERY = 3600.0

Kept = Content | AliasHistory
Answer = Observed[ModelAlias] | Observed[ModelVersion] | Unseen
_ENTRY: TypeAdapter[Kept] = TypeAdapter(Content | AliasHistory)


class Exports:
    """An entry is the same object until there is something new that is worth being written."""

    def __init__(self) -> None:
        self._exported: dict[RegistrySubject, tuple[Kept, Mapping[str, Any]]] = {}
        # What was adopted at the start and is not wanted yet.
        self._adopted: dict[RegistrySubject, tuple[Kept, Mapping[str, Any]]] = {}

    def export(
        self, answers: Iterable[tuple[RegistrySubject, Answer]]
    ) -> dict[str, Mapping[str, Any] | None]:
        """By name; None where there is no answer now. All other subjects are forgotten."""
        before, self._exported, entries = self._exported, {}, {}
        for subject, answer in answers:
            known, now = before.get(subject) or self._adopted.pop(subject, None), _kept(answer)
            if now is not None and (known is None or _is_news(now, known[0])):
                known = now, _ENTRY.dump_python(now, mode="json")
            if known is not None:
                self._exported[subject] = known
            entries[json.dumps(subject)] = None if now is None or known is None else known[1]
        return entries

    def adopt(
        self, entries: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[tuple[RegistrySubject, Kept]]:
        """What an earlier process exported; entries that are damaged are left out."""
        for name, entry in entries.items():
            try:
                subject, kept = _subject(name), _ENTRY.validate_python(entry)
            except (ValueError, TypeError):
                continue
            if isinstance(kept, Content) is isinstance(subject, VersionSubject):
                self._adopted[subject] = kept, entry
                yield subject, kept


def _kept(answer: Answer) -> Kept | None:
    match answer:
        case Observed(ModelAlias() as alias, began):
            return AliasHistory(alias.version, began, alias.moved, alias.unmoved)
        case Observed(ModelVersion(content=Content() as content)):
            return content
        case _:
            return None


def _is_news(now: Kept, before: Kept) -> bool:
    if isinstance(now, AliasHistory) and isinstance(before, AliasHistory):
        return replace(now, seen=before.seen) != before or now.seen > before.seen + SEEN_EVERY
    return now != before


def _subject(name: str) -> RegistrySubject:
    """Raises ValueError or TypeError."""
    environment, model, key, kind = map(str, json.loads(name))
    return (AliasSubject if kind == "ModelAlias" else VersionSubject)(environment, model, key)
