"""What of a registry's answers outlives a restart: the hashes of bytes, and when aliases moved.

Reading all bytes again after each restart would take hours, and a pod that runs a former version
would pass for one that runs the newest.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

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


class _Exported(NamedTuple):
    name: str
    kept: Kept
    entry: Mapping[str, Any]


class Exports:
    """An entry is the same object until there is something new that is worth being written. An
    export without news encodes nothing: there may be thousands of subjects.
    """

    def __init__(self) -> None:
        self._exported: dict[RegistrySubject, _Exported] = {}
        # What was adopted at the start and is not wanted yet.
        self._adopted: dict[RegistrySubject, _Exported] = {}

    def export(
        self, answers: Iterable[tuple[RegistrySubject, Answer]]
    ) -> dict[str, Mapping[str, Any] | None]:
        """By name; None where there is no answer now. All other subjects are forgotten."""
        entries: dict[str, Mapping[str, Any] | None] = {}
        before, self._exported = self._exported, {}
        for subject, answer in answers:
            known = before.get(subject) or self._adopted.pop(subject, None)
            now = _kept(answer, None if known is None else known.kept)
            if now is not None and (known is None or now is not known.kept):
                name = json.dumps(subject) if known is None else known.name
                known = _Exported(name, now, _ENTRY.dump_python(now, mode="json"))
            if known is None:
                entries[json.dumps(subject)] = None
            else:
                self._exported[subject] = known
                entries[known.name] = None if now is None else known.entry
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
                self._adopted[subject] = _Exported(name, kept, entry)
                yield subject, kept


def _kept(answer: Answer, before: Kept | None) -> Kept | None:
    """What is to be kept now: ``before`` itself where nothing is new that is worth being written;
    None where there is no answer.
    """
    match answer:
        case Observed(ModelAlias() as alias, began):
            now = AliasHistory(
                alias.version,
                began,
                alias.moved,
                alias.unmoved,
                alias.model_created,
                alias.renamed,
            )
            return before if isinstance(before, AliasHistory) and _stays(before, now) else now
        case Observed(ModelVersion(content=Content() as content)):
            return before if content == before else content
        case _:
            return None


def _stays(before: AliasHistory, now: AliasHistory) -> bool:
    return now.seen <= before.seen + SEEN_EVERY and now == replace(before, seen=now.seen)


def _subject(name: str) -> RegistrySubject:
    """Raises ValueError or TypeError."""
    environment, model, key, kind = map(str, json.loads(name))
    return (AliasSubject if kind == "ModelAlias" else VersionSubject)(environment, model, key)
