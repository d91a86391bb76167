"""The object stores of one environment: what is known of their folders, and whether they answer."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.location import (
    Location,
    is_alias,
    location_of,
    reached,
)
from stagingmirror.api.spec.environment.object_store import ObjectStore, store_for
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.quantity import parse_bytes
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import (
    NeedsHuman,
    NotAnswered,
    Refused,
    StagingMirrorError,
    StepFailed,
)
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.content.content_poller import ContentPoller
from stagingmirror.sources.content.files import Files
from stagingmirror.sources.content.subjects import Content
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.clouds import incomplete
from stagingmirror.sources.objectstore.files import ObjectFiles
from stagingmirror.sources.objectstore.subjects import StoredFolder
from stagingmirror.sources.pace import Floor
from stagingmirror.sources.source import Access
from stagingmirror.view import Observed

_NOT_POLLED = Why(Reason.NOT_POLLED_YET, "the object store was not polled for it yet")
# What reads goes on by opening the folder again.
_CHANGED = Why(Reason.NO_ENVIRONMENT, "the object stores of the environment were changed meanwhile")
# Seconds between two probes of whether a store answers, and after one that it did not answer.
_PROBED_EVERY, _PROBED_AGAIN = 60.0, 10.0


class EnvironmentStores:
    """``changed`` is called with the environment and the URI of a folder of which something else is
    known now.
    """

    def __init__(
        self,
        name: str,
        stores: tuple[ObjectStore, ...],
        *,
        clock: Callable[[], float],
        settings: Settings,
        changed: Callable[[str, str], None],
        on_call: Callable[[str, str, str, float], None],
        productions: Callable[[], Iterable[Location]],
    ) -> None:
        self.name = name
        self.stores = stores
        self._clock = clock
        self._settings = settings
        self._on_call = on_call
        self._productions = productions
        self._is_staging = False
        self._buckets: dict[str, Bucket | Why] = {}
        # What each bucket was opened with: what its Secret holds, and whether it may be written.
        self._given: dict[str, tuple[Mapping[str, str] | Why | None, bool]] = {}
        self._answers: dict[str, Observed[str] | Unseen] = {}
        self._probe: asyncio.Task[None] | None = None
        self._probed = 0.0
        self.least_interval = 0.0
        self._floor = Floor[str]()
        self._poller = ContentPoller(
            self._opened,
            clock=clock,
            store_interval=settings.store_interval,
            changed=partial(changed, name),
            store_of=self._store_of,
        )

    def configure(self, spec: MirrorEnvironmentSpec, access: Access | Why | None) -> None:
        """The spec names the same stores; ``access`` is what their Secrets hold."""
        self._is_staging = spec.role == "Staging"
        self.least_interval = seconds(spec.min_check_interval)
        self._poller.bound(
            content_interval=seconds(spec.content.interval),
            max_bytes=parse_bytes(spec.content.max_bytes),
            least_interval=self.least_interval,
        )
        for store in self.stores:
            variables = _variables_of(store, access)
            given = variables, self._is_staging
            if store.name not in self._buckets or self._given[store.name] != given:
                self._buckets[store.name] = self._made(store, variables)
                self._given[store.name] = given
                self._answers.pop(store.name, None)
                self._probed = 0.0

    def files(self, uri: str) -> ObjectFiles | Why | None:
        location = location_of(uri)
        store = None if location is None else store_for(location, self.stores)
        if location is None or store is None:
            return None
        bucket = self._buckets[store.name]
        return bucket if isinstance(bucket, Why) else self._files(store, location)

    def refusal(self, uri: str) -> Why | None:
        """Why nothing of it can be read."""
        files = self.files(uri)
        return self._no_store(uri) if files is None else files if isinstance(files, Why) else None

    def get(self, uri: str) -> Observed[StoredFolder] | Unseen:
        if (why := self.refusal(uri)) is not None:
            return Unseen(why, self._clock())
        folder = self._poller.folder(uri)
        content, _, trouble = folder.shown()
        if folder.listed == 0.0:
            return Unseen(folder.trouble or _NOT_POLLED, folder.tried or self._clock())
        if folder.unseen is not None and folder.unseen.reason == Reason.NO_FILES:
            return Observed(None, folder.listed, folder.trouble)
        if isinstance(content, Unseen) and folder.unseen is None:
            return content  # its bytes are being read, or could not be
        return Observed(StoredFolder(uri, content, folder.written), folder.listed, trouble)

    def content(self, uri: str) -> Content | None:
        found = self.get(uri) if self._has(uri) else None
        value = found.value if isinstance(found, Observed) else None
        return value.content if value is not None and isinstance(value.content, Content) else None

    def adopt(self, uri: str, content: Content) -> None:
        self._poller.adopt(uri, content)

    def tend(self, uris: Mapping[str, float | None]) -> None:
        """Start what is due for these folders, each with the seconds between two listings of it."""
        least = self.least_interval
        every = {uri: max(each or 0.0, least) for uri, each in uris.items() if self._has(uri)}
        self._poller.tend(every)
        is_bad = any(isinstance(each, Unseen) or each.trouble for each in self._answers.values())
        pause = _PROBED_AGAIN if is_bad else _PROBED_EVERY
        if (self._probe is None or self._probe.done()) and self._clock() >= self._probed + pause:
            self._probed = self._clock()
            self._probe = asyncio.create_task(self._probe_all())

    async def prove(self, uris: Iterable[str], *, since: float, read_bytes: bool) -> None:
        known = [uri for uri in uris if self._has(uri)]
        for uri in known:
            await self._floor.turn(
                uri,
                self.least_interval,
                clock=self._clock,
                needed=partial(self._is_older, uri, since),
            )
        await self._poller.prove(known, since=since, bytes_too=read_bytes)

    def answers(self) -> Observed[str] | Unseen:
        """Of all stores the worst answer."""
        found: list[Observed[str] | Unseen] = []
        for store in self.stores:
            bucket = self._buckets[store.name]
            if isinstance(bucket, Why):
                return Unseen(bucket, self._clock())
            found.append(self._answers.get(store.name) or Unseen(_NOT_POLLED, self._clock()))
        bad = [each for each in found if isinstance(each, Unseen) or each.trouble is not None]
        return min(bad or found, key=lambda each: each.began)

    def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
        self._poller.stop()
        self._buckets.clear()

    def _is_older(self, uri: str, since: float) -> bool:
        return self._poller.folder(uri).listed < since

    def _has(self, uri: str) -> bool:
        location = location_of(uri)
        return location is not None and store_for(location, self.stores) is not None

    def _store_of(self, uri: str) -> str:
        location = location_of(uri)
        store = None if location is None else store_for(location, self.stores)
        return "" if store is None else store.name

    def _no_store(self, uri: str) -> Why:
        scheme = uri.partition("://")[0]
        return Why(
            Reason.ARTIFACTS_NOT_READABLE,
            f'no objectStores entry of environment "{self.name}" has this {scheme}:// place; ask '
            "its owner to list it. Only s3://, gs:// and az:// (wasbs://, abfss://) are read.",
        )

    def _opened(self, uri: str) -> Files:
        """Raises Refused where its store cannot be used."""
        found = self.files(uri)
        if found is None:
            found = self._no_store(uri)
        if isinstance(found, Why):
            raise Refused(found.reason, found.message)
        return found

    def _files(self, store: ObjectStore, location: Location) -> ObjectFiles:
        def opened() -> Bucket:
            bucket = self._buckets.get(store.name, _CHANGED)
            if bucket is _CHANGED:
                raise NotAnswered(_CHANGED.reason, _CHANGED.message)
            if isinstance(bucket, Why):
                raise Refused(bucket.reason, bucket.message)
            return bucket

        refuse = partial(self._refuse_writing, location, store.endpoint)
        return ObjectFiles(opened, location.path, refuse)

    def _refuse_writing(self, location: Location, endpoint: str | None) -> None:
        """Buckets of one name may be one, whatever their endpoints are called."""
        mine = tuple(reached(location, endpoint))
        theirs = any(
            each.may_have(place) or place.may_have(each)
            for each in self._productions()
            for place in mine
        )
        if theirs or is_alias(location.bucket) or not self._is_staging:
            raise StepFailed(
                Reason.PRODUCTION_IS_READ_ONLY,
                f"{location.uri} is, or may be, in an object store that a Production environment "
                "lists, and nothing is written there; give staging another bucket or folder, by "
                "the bucket's own name",
            )

    def _made(self, store: ObjectStore, variables: Mapping[str, str] | Why | None) -> Bucket | Why:
        if isinstance(variables, Why):
            return variables
        try:
            return Bucket(
                store,
                variables,
                settings=self._settings,
                on_call=partial(self._on_call, self.name),
                writes=self._is_staging,
            )
        except NeedsHuman as error:
            return Why(error.reason, error.message)

    async def _probe_all(self) -> None:
        for name, bucket in list(self._buckets.items()):
            if isinstance(bucket, Why):
                continue
            began = self._clock()
            try:
                await bucket.probe()
            except StagingMirrorError as error:
                why, before = Why(error.reason, error.message), self._answers.get(name)
                answer: Observed[Any] | Unseen = Unseen(why, began)
                if isinstance(before, Observed):
                    answer = Observed(name, before.began, why)
            else:
                answer = Observed(name, began)
            if self._buckets.get(name) is bucket:
                self._answers[name] = answer


def _variables_of(
    store: ObjectStore, access: Access | Why | None
) -> Mapping[str, str] | Why | None:
    """None: it names no Secret."""
    if store.credentials_secret_ref is None:
        return None
    if isinstance(access, Why):
        return access
    name = store.credentials_secret_ref.name
    missing = Why(Reason.SECRET_MISSING, f"Secret {name} was not read yet")
    found = missing if access is None else access.variables.get(name, missing)
    return found if isinstance(found, Why) else incomplete(store, found) or found
