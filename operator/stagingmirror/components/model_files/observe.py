"""The files of a model in an object store, as workloads load them.

The folder is what the pods of a workload were started with; its bytes are those that are there now.
Files that were written after a pod was started may not be the ones that it loaded: nothing then
proves what runs, and it is never in sync.
"""

from collections.abc import Iterable, Mapping
from functools import partial

from stagingmirror.api.spec.track.model_files import ModelFiles
from stagingmirror.api.types.times import rfc3339
from stagingmirror.component import Side
from stagingmirror.components.model_files.loads import Load, load_of, loaders_in
from stagingmirror.drift import wording
from stagingmirror.drift.facts import Fact, Seen, Why
from stagingmirror.reading.overwritten import doubts
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.stored_bytes import note_age
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.subjects import Content
from stagingmirror.sources.objectstore.subjects import FolderSubject, StoredFolder

CONTENT = "contentHash"
URI = "uri"


def seen(entry: ModelFiles, side: Side, reading: Reading) -> Seen:
    loads = [load_of(reading, side, each) for each in loaders_in(entry, side)]
    first = loads[0]
    if side.role == "production" and any(each.uri != first.uri for each in loads):
        named = ", ".join(f"{each.workload} {each.uri}" for each in loads)
        raise reading.unseen(
            Reason.VERSIONS_DIFFER,
            f"production's workloads load different folders: {named}; staging can follow one.",
        )
    folder = reading.get(FolderSubject(side.environment, first.uri))
    content = folder.content
    if not isinstance(content, Content):
        raise reading.unseen(content.why.reason, f"{first.uri}: {content.why.message}")
    note_age(reading, side, content)
    mine = [each for each in loads if each.uri == first.uri]
    doubt = _doubt(reading, folder, content, mine)
    declared = doubt is not None or any(each.declared for each in mine)
    facts = {
        CONTENT: Fact(content.tree_hash, declared=declared, doubt=doubt),
        URI: Fact(first.uri, compared=False, declared=first.declared),
        "files": Fact(str(len(content.files)), compared=False),
        "size": Fact(wording.size(sum(f.size for f in content.files.values())), compared=False),
        "contentRead": Fact(rfc3339(content.read), compared=False),
    }
    if side.role == "staging":
        facts |= _elsewhere(loads, first)
    return reading.seen(facts, {CONTENT: partial(_files, content)})


def _files(content: Content) -> Mapping[str, str]:
    return {path: f"sha256:{file.sha256}" for path, file in content.files.items()}


def _elsewhere(loads: Iterable[Load], first: Load) -> dict[str, Fact]:
    """Production has no such facts, so each of them is a difference."""
    return {
        f"loadedBy.{each.workload.kind}/{each.workload.name}": Fact(f"loads {each.uri}")
        for each in loads
        if each.uri != first.uri
    }


def _doubt(
    reading: Reading, folder: StoredFolder, content: Content, loads: Iterable[Load]
) -> Why | None:
    """Why what was started may hold other bytes: the newest file was written, or other bytes were
    read, after that.
    """
    since = max((at for at in (folder.written, content.changed) if at is not None), default=None)
    started = [(each.workload, each.started) for each in loads]
    found = doubts(reading, f"what is in {folder.uri}", started, since)
    for each in found:
        reading.finding(each.message)
    return next(iter(found), None)
