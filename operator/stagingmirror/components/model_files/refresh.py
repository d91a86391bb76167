"""What brings production's files into staging: a copy in a folder of its own, then the variable of
each workload.
"""

from stagingmirror.actions.copies.copy_files import CopyFiles
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.environment.object_store import ObjectStore, place_of
from stagingmirror.api.spec.track.model_files import FilesLoadedBy, ModelFiles
from stagingmirror.api.types.quantity import parse_bytes
from stagingmirror.component import Entry, Side, Sides
from stagingmirror.components.model_files.loads import KSERVE_FETCHES, load_of, loaders_in
from stagingmirror.components.model_files.observe import CONTENT, URI
from stagingmirror.drift.facts import Absent, Observation, Seen, Why
from stagingmirror.drift.wording import size
from stagingmirror.errors import CannotRefresh
from stagingmirror.reading.patches import needed, patches, refuse_unseen
from stagingmirror.reading.places import workload_of
from stagingmirror.reading.reading import Ended, Reading
from stagingmirror.reading.running import container_of, refuse_repeated
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.subjects import Content
from stagingmirror.sources.kubernetes.subjects import WorkloadSubject
from stagingmirror.sources.kubernetes.write.field_patch import (
    FieldWrite,
    SetStorageUri,
    SetVariable,
)
from stagingmirror.sources.objectstore.subjects import FolderSubject
from stagingmirror.view import View

# Digits of the hash in a folder's name.
_DIGITS = 12


def refusal(entry: Entry[ModelFiles], sides: Sides) -> Why | None:
    """Why nothing is ever copied."""
    if entry.spec.staging.store is None:
        return Why(
            Reason.NO_STORE,
            "staging.store names no object store that copies go to; set it, or use mode: Report.",
        )
    store = _store(entry, sides)
    if store is None or sides.staging.spec.offering(_target(entry, sides, store, "0" * 64)) is None:
        below = f"{_below(entry, sides)}/*"
        return Why(
            Reason.NO_STORE,
            f'environment "{sides.staging.environment}" has no objectStores entry '
            f'{entry.spec.staging.store} with "{below}" in readable; ask its owner to add it.',
        )
    return None


def steps(
    entry: Entry[ModelFiles], sides: Sides, production: Seen, staging: Observation, view: View
) -> tuple[ExecutableStep, ...]:
    """Nothing where staging is right already. Raises CannotRefresh."""
    refuse_unseen(staging)
    wanted = production.facts[CONTENT].value
    is_equal = isinstance(staging, Seen) and staging.facts[CONTENT].value == wanted
    if is_equal and not _elsewhere(staging):
        return ()
    if (why := refusal(entry, sides)) is not None:
        raise CannotRefresh(why.reason, why.message)
    if is_equal and isinstance(staging, Seen):
        return _patches(entry, sides, staging.facts[URI].value, view, staging.began)
    store = _store(entry, sides)
    assert store is not None, "else it is refused"
    target = _target(entry, sides, store, wanted.removeprefix("sha256:"))
    copy = _copy(entry, sides, production, target, Reading(view, staging.began))
    return (copy, *_patches(entry, sides, target, view, staging.began))


def _elsewhere(staging: Observation) -> bool:
    return isinstance(staging, Seen) and any(name.startswith("loadedBy.") for name in staging.facts)


def _store(entry: Entry[ModelFiles], sides: Sides) -> ObjectStore | None:
    stores = sides.staging.spec.object_stores
    return next((each for each in stores if each.name == entry.spec.staging.store), None)


def _target(entry: Entry[ModelFiles], sides: Sides, store: ObjectStore, digest: str) -> str:
    """Equal for equal bytes: they are copied once."""
    return f"{place_of(store).uri}/{_below(entry, sides)}/{digest[:_DIGITS]}"


def _below(entry: Entry[ModelFiles], sides: Sides) -> str:
    """The folder that holds this component's copies, and nothing else."""
    return f"{sides.staging.namespace}/{sides.mirror}/{entry.name}"


def _copy(
    entry: Entry[ModelFiles], sides: Sides, production: Seen, target: str, reading: Reading
) -> CopyFiles:
    environment, uri = sides.production.environment, production.facts[URI].value
    folder = needed(lambda: reading.get(FolderSubject(environment, uri)))
    content = folder.content
    if not isinstance(content, Content) or content.tree_hash != production.facts[CONTENT].value:
        raise CannotRefresh(
            Reason.CHANGED_UNDERNEATH,
            f"the bytes of {uri} changed after they were judged; the next check judges them anew.",
        )
    total = sum(file.size for file in content.files.values())
    if total > parse_bytes(sides.staging.spec.content.max_bytes):
        raise CannotRefresh(
            Reason.TOO_LARGE,
            f"the model has {size(total)}, more than content.maxBytes of environment "
            f'"{sides.staging.environment}"; ask its owner to raise it.',
        )
    return CopyFiles(
        id=f"copy-{entry.name}",
        components=(entry.name,),
        from_environment=environment,
        from_uri=uri,
        to_environment=sides.staging.environment,
        to_uri=target,
        tree_hash=content.tree_hash,
        files=len(content.files),
        size=total,
        keep=entry.spec.staging.keep,
    )


def _patches(
    entry: Entry[ModelFiles], sides: Sides, target: str, view: View, began: float
) -> tuple[ExecutableStep, ...]:
    """The variable of each workload that does not load this folder."""
    reading = Reading(view, began)
    written = [
        _written(reading, sides.staging, loader, target)
        for loader in loaders_in(entry.spec, sides.staging)
    ]
    return patches(entry.name, [each for each in written if each is not None])


def _written(
    reading: Reading, staging: Side, loader: FilesLoadedBy, target: str
) -> tuple[WorkloadSubject, FieldWrite] | None:
    """None: it loads the folder already."""
    place = workload_of(loader, staging)
    workload = needed(lambda: reading.get(place))
    if (container := loader.container) is not None:
        needed(lambda: container_of(reading, workload, container))
    try:
        if load_of(reading, staging, loader).uri == target:
            return None
    except Ended as ended:
        if not isinstance(ended.observation, Absent):
            raise CannotRefresh(ended.why.reason, ended.why.message) from None
    if container is not None and loader.variable is not None:
        refuse_repeated(workload, container, loader.variable)
        return place, SetVariable(container, loader.variable, target)
    if workload.storage is None or not workload.storage.field:
        raise CannotRefresh(
            Reason.NOT_COMPARABLE,
            f"{place} has its model from storage.path, STORAGE_URI or no field; a refresh writes "
            "storageUri or the one entry of storageUris: use that.",
        )
    if not target.startswith(KSERVE_FETCHES):
        raise CannotRefresh(
            Reason.ARTIFACTS_NOT_READABLE,
            f"KServe does not fetch from {target.partition('://')[0]}://; name a staging.store of "
            "s3:// or gs://.",
        )
    return place, SetStorageUri(f"{target}/")  # without the slash KServe would fetch more
