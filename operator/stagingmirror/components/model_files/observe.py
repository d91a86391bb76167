"""The files of a model in an object store, as workloads load them.

The folder is what the pods of a workload were started with; its bytes are those that are there now.
Files that were written after a pod was started may not be the ones that it loaded: nothing then
proves what runs, and it is never in sync.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from stagingmirror.api.spec.environment.location import location_of
from stagingmirror.api.spec.model_files import FilesLoadedBy, ModelFiles
from stagingmirror.api.types.times import rfc3339
from stagingmirror.component import Side
from stagingmirror.drift import wording
from stagingmirror.drift.facts import Fact, Seen, Why
from stagingmirror.reading.offers import refuse_parts
from stagingmirror.reading.overwritten import doubts
from stagingmirror.reading.places import workload_of
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.running import first_start, variable_of
from stagingmirror.reading.stored_bytes import note_age
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.subjects import Content
from stagingmirror.sources.kubernetes.subjects import WorkloadSubject
from stagingmirror.sources.objectstore.subjects import FolderSubject, StoredFolder

CONTENT = "contentHash"
URI = "uri"


@dataclass(frozen=True, slots=True)
class Load:
    """``declared``: not proven by a pod. ``started``: when the first of its pods was (POSIX s)."""

    workload: WorkloadSubject
    uri: str
    declared: bool
    started: float | None


def loaders_in(entry: ModelFiles, side: Side) -> tuple[FilesLoadedBy, ...]:
    own = entry.staging.loaded_by
    return entry.production.loaded_by if side.role == "production" or own is None else own


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


def load_of(reading: Reading, side: Side, loader: FilesLoadedBy) -> Load:
    """Raises Ended (Absent, RollingOut, NothingRuns, NotComparable, NotOffered,
    ArtifactsNotReadable).
    """
    place = workload_of(loader, side)
    ran = variable_of(reading, reading.get(place), loader.container, loader.variable)
    where = f"variable {loader.variable} of container {loader.container} of {place}"
    if ran.variable.source != "value" or ran.variable.value is None:
        raise reading.unseen(
            Reason.NOT_COMPARABLE,
            f"{where} does not hold its value itself ({ran.variable.source}); set it with value.",
        )
    refuse_parts(reading, where, side, ran.variable.made_from, shown=True)
    uri = _offered(reading, side, ran.variable.value.strip(), where)
    return Load(place, uri, ran.declared, first_start(ran.pods))


def _offered(reading: Reading, side: Side, text: str, where: str) -> str:
    """The folder, if the environment offers it. Its name is not in a message before that."""
    location = location_of(text)
    if location is None:
        raise reading.unseen(
            Reason.ARTIFACTS_NOT_READABLE,
            f"{where} holds no folder that is read; only those of s3://, gs:// and az:// are.",
        )
    if side.spec.offering(location.uri) is None:
        raise reading.unseen(
            Reason.NOT_OFFERED,
            f"{where} holds a folder that no objectStores entry of environment "
            f'"{side.environment}" lists in readable; ask its owner to list it.',
        )
    return location.uri


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
