"""The folder that a workload loads: by a variable of a container, or of an InferenceService by what
KServe fetches before its container is started.
"""

from dataclasses import dataclass

from stagingmirror.api.spec.environment.location import location_of
from stagingmirror.api.spec.track.model_files import FilesLoadedBy, ModelFiles
from stagingmirror.component import Side
from stagingmirror.reading.offers import refuse_parts
from stagingmirror.reading.places import workload_of
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.running import called, first_start, pods_that_count, variable_of
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import Pod, Storage, Workload, WorkloadSubject

# KServe parses the URI as one of the web, and fetches what is before the first two; the last one is
# a reference to a variable in the arguments of its init container.
_OTHERWISE = ("?", "#", "$(")
# Those of the schemes that are read here by which KServe fetches. Source: kserve,
# python/storage/kserve_storage/kserve_storage.py.
KSERVE_FETCHES = ("s3://", "gs://")


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


def load_of(reading: Reading, side: Side, loader: FilesLoadedBy) -> Load:
    """Raises Ended (Absent, RollingOut, NothingRuns, PodsDiffer, NotComparable, NotOffered,
    ArtifactsNotReadable).
    """
    place = workload_of(loader, side)
    if loader.container is None or loader.variable is None:
        return _fetched(reading, side, place)
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


def _fetched(reading: Reading, side: Side, place: WorkloadSubject) -> Load:
    """Of an InferenceService: what its pods fetched; where there is none, what they would."""
    workload = reading.get(place)
    pods = pods_that_count(reading, workload)
    storage = workload.storage
    assert storage is not None, "it is an InferenceService"
    where = f"storageUri of {place}"
    if not storage.uris and not storage.keyed:
        raise reading.absent(where)
    _refuse_undecided(reading, place, storage)
    uris = _uris(reading, workload, pods, storage)
    if len(uris) > 1:
        what = f"{where}: its pods fetch {len(uris)} folders; only one is compared."
        raise reading.unseen(Reason.NOT_COMPARABLE, what)
    if not uris:
        _offered(reading, side, storage.uris[0] if storage.uris else "", where)
        raise reading.unseen(
            Reason.NOT_COMPARABLE,
            f"no pod of {place} has KServe's storage initializer (a cache of models, or an agent, "
            "may serve it), so what it loads is not known.",
        )
    if not uris[0].startswith(KSERVE_FETCHES):
        what = f"{where} holds no folder that KServe fetches and is read: only s3:// and gs:// are."
        raise reading.unseen(Reason.ARTIFACTS_NOT_READABLE, what)
    if any(each in uris[0] for each in _OTHERWISE):
        what = f"{where} has '?', '#' or '$(', which KServe reads otherwise; rename the folder."
        raise reading.unseen(Reason.ARTIFACTS_NOT_READABLE, what)
    uri = _offered(reading, side, uris[0], where)
    if uri.startswith("s3://") and not uris[0].endswith("/"):
        reading.finding(
            f"of {uri} KServe fetches each object whose key begins so, e.g. {uri}0/…; only what is "
            f"below {uri}/ is compared. Let {where} end with a slash."
        )
    return Load(place, uri, not pods, first_start(pods))


def _refuse_undecided(reading: Reading, place: WorkloadSubject, storage: Storage) -> None:
    """Raises Ended where several fields name a model, or KServe has not passed one on."""
    if len(storage.uris) + storage.keyed > 1:
        raise reading.unseen(
            Reason.NOT_COMPARABLE,
            f"{place} names {len(storage.uris) + storage.keyed} folders (storageUri, storageUris, "
            "storage, STORAGE_URI); only one is compared.",
        )
    if not storage.keyed and storage.given and storage.given != storage.uris:
        raise reading.unseen(
            Reason.ROLLING_OUT,
            f"{place} is rolling out: KServe has not passed on its storageUri yet.",
        )


def _uris(
    reading: Reading, workload: Workload, pods: tuple[Pod, ...], storage: Storage
) -> tuple[str, ...]:
    """Of ``storage.path`` only pods have the URI."""
    fetched = {
        next((each.fetches for each in pod.containers.values() if each.fetches), ()) for pod in pods
    }
    if len(fetched) > 1:
        raise reading.unseen(
            Reason.PODS_DIFFER,
            f"the pods of {called(workload)} fetched different folders; restart them.",
        )
    if fetched:
        return fetched.pop()
    if storage.keyed:
        raise reading.unseen(
            Reason.NOTHING_RUNS,
            f"{called(workload)} has no pods, and only they name the place of storage.path.",
        )
    return storage.given
