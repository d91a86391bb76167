"""Brings a model version into another registry, bytes and provenance, as a version that no alias
names yet.

A copy is a run in an experiment of its own (with the origin's parameters, tags and dataset inputs),
what holds the bytes (``writes.Holder``), and a version with the tags of ``origin``. The run is made
first and carries what is copied whereto, so whatever a crash leaves is found again by it.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAnswered, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.transfer import Transfer, bring, hash_of
from stagingmirror.sources.mlflow.client import provenance_tags, queries
from stagingmirror.sources.mlflow.client.artifacts import files_of, root_of
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import RegisteredModel, Run, Version
from stagingmirror.sources.mlflow.content.version_details import parameters_of, read_detail, tags_of
from stagingmirror.sources.mlflow.copy import writes
from stagingmirror.sources.mlflow.copy.errors import destination_errors
from stagingmirror.sources.mlflow.copy.root import refuse_root
from stagingmirror.sources.mlflow.copy.source_version import (
    CopyOrder,
    SourceVersion,
    changed,
    read_original,
)
from stagingmirror.sources.mlflow.copy.writes import Destination, Holder

__all__ = ["CopyOrder", "copy_version"]

_AS_FIRST_WRITTEN = (
    provenance_tags.COPIED_AT,
    provenance_tags.COPIED_BY,
    provenance_tags.REFRESH_ID,
)
# Starts of pods are known in whole seconds.
_SECOND = 1.0
# Held while some bytes are copied to some name, by where that is: two at once would double it.
_COPYING: WeakValueDictionary[tuple[object, str, str], asyncio.Lock] = WeakValueDictionary()


async def copy_version(
    source: MlflowServer,
    destination: MlflowServer,
    order: CopyOrder,
    *,
    clock: Callable[[], float],
    may_write: Callable[[], None],
    progress: Callable[[int, int], None] = lambda done, total: None,
    differs: Callable[[str], None] = lambda version: None,
    room: AbstractAsyncContextManager[object] | None = None,
) -> str:
    """Returns the version number in the destination. Safe to call again after a crash at any point:
    a half copy is finished, a whole one is found, none is doubled.

    ``progress(done, total)`` is called with bytes. ``may_write`` is called before each write and
    raises where it may not be any more. ``differs`` is called with a version of the destination
    that has other bytes than its tags name. ``room`` is entered once no other copies the same
    there.

    Raises StepFailed (the destination refused, is full, read-only, or shows other bytes than were
    sent), ChangedUnderneath (the source's bytes are not ``tree_hash`` any more), NotAnswered
    (either; trying again may help) or NotAllowed (the source).
    """
    where = destination.registry, order.to_model, order.tree_hash
    lock = _COPYING.setdefault(where, asyncio.Lock())
    async with lock, room or nullcontext():
        original = await read_original(source, order, began=clock())
        to = Destination(destination, may_write)
        copy = _Copy(source, to, order, original, clock, progress, differs)
        async with destination_errors():
            number = await copy.found() or await copy.made()
            await copy.await_unambiguous(number)
            return number


class _Copy:
    def __init__(
        self,
        source: MlflowServer,
        to: Destination,
        order: CopyOrder,
        original: SourceVersion,
        clock: Callable[[], float],
        progress: Callable[[int, int], None],
        differs: Callable[[str], None],
    ) -> None:
        self._source = source
        self._to = to
        self._there = to.server
        self._differs = differs
        # Versions with our mark that were read and have other bytes.
        self._others: set[str] = set()
        self._order = order
        self._original = original
        self._clock = clock
        self._progress = progress
        self._done = 0
        self._mark = _mark(order, original.run_id)

    async def found(self) -> str | None:
        """A version with this content from this origin that is there already, its bytes read."""
        for made in await self._marked():
            if made.version in self._others:
                continue
            if await self._holds(made):
                await writes.set_version_tags(self._to, made, self._tags(made.tags))
                if made.run_id is not None:
                    await self._fill(made.run_id)
                    await writes.drop_run_tags(self._to, made.run_id, self._run_tags())
                return made.version
            self._others.add(made.version)
        return None

    async def made(self) -> str:
        """A new version; what a former attempt left is used."""
        copies = await writes.ensure_experiment(self._to)
        refuse_root(self._there, copies)
        await writes.ensure_registered_model(self._to, self._order.to_model)
        run = await self._run(copies.experiment_id)
        await self._fill(run.run_id)
        name = _model_name(self._order.to_model)
        holder = await writes.ensure_holder(self._to, run, name)
        await self._bring(holder)
        await writes.finalize(self._to, holder)
        await writes.finish_run(self._to, run.run_id, now=self._clock())
        return await self._version(holder, run.run_id)

    async def await_unambiguous(self, number: str) -> None:
        """Until whatever is started from now on proves to be younger than the version: else a
        workload that names its number may have meant a former model's.
        """
        model = await queries.get_registered_model(self._there, self._order.to_model)
        version = await queries.get_version(self._there, self._order.to_model, number)
        margin = self._there.clock_margin + _SECOND
        await asyncio.sleep(unambiguous_in(model, version, margin, self._clock()))

    async def _run(self, experiment_id: str) -> Run:
        """The run of a half copy (one that no version comes from), or a new one."""
        used = {made.run_id for made in await self._marked()}
        for run in await queries.find_runs(
            self._there, experiment_id, provenance_tags.COPY_OF, self._mark
        ):
            if run.run_id not in used:
                return run
        return await writes.create_run(
            self._to,
            experiment_id,
            f"copy of {self._order.from_model} {self._order.from_version}",
            {provenance_tags.COPY_OF: self._mark, **self._origin_tags()},
            now=self._clock(),
        )

    async def _fill(self, run_id: str) -> None:
        known = self._original.known
        parameters = parameters_of(known.run, known.detail.logged)
        await writes.fill_run(
            self._to,
            run_id,
            parameters=self._order.copied_parameters(parameters),
            tags=self._run_tags(),
            inputs=self._order.copied_inputs(known.run.inputs if known.run else ()),
        )

    def _run_tags(self) -> dict[str, str]:
        run = self._original.known.run
        return self._order.copied_tags(run.tags if run else {})

    async def _bring(self, holder: Holder) -> None:
        """All bytes, read back from the destination afterwards."""
        to = files_of(self._there, root_of(self._there, holder.artifact_uri))
        transfer = Transfer(self._original.files, to, self._to.may_write)
        listing, wanted = self._original.listing, self._order.tree_hash
        ended = await bring(transfer, listing, wanted, self._moved)
        if ended == "source differs":
            raise changed(self._order)
        if ended == "destination differs":
            raise StepFailed(
                Reason.COPY_DIFFERS,
                f"MLflow at {self._there.host} shows other bytes than were uploaded to it; is its "
                "artifact store shared with something that writes there?",
            )

    async def _version(self, holder: Holder, run_id: str) -> str:
        """The new version; or one that another process has made while the bytes were copied."""
        if (found := await self.found()) is not None:
            return found
        try:
            made = await writes.create_version(
                self._to, self._order.to_model, holder, run_id, self._tags({})
            )
        except NotAnswered:
            # It may have been made all the same.
            for marked in await self._marked():
                if marked.run_id == run_id:
                    return marked.version
            raise
        return made.version

    async def _marked(self) -> list[Version]:
        return await queries.find_versions(
            self._there, self._order.to_model, provenance_tags.COPY_OF, self._mark
        )

    async def _holds(self, made: Version) -> bool:
        """Whether its bytes, read anew, are those that are wanted."""
        detail = await read_detail(self._there, made, began=self._clock())
        if isinstance(detail.root, Why):
            return False
        files = files_of(self._there, detail.root)
        listing = await files.listing()
        same_size = sum(file.size for file in listing) == self._original.size
        if same_size and await hash_of(files) == self._order.tree_hash:
            return True
        self._differs(made.version)
        return False

    def _tags(self, before: Mapping[str, str]) -> dict[str, str]:
        """The version's own tags. When, by whom and by which refresh it came stays as first
        written.
        """
        known = self._original.known
        kept = {key: before[key] for key in _AS_FIRST_WRITTEN if key in before}
        return {
            **self._order.copied_tags(tags_of(known.record, known.detail.logged)),
            provenance_tags.COPY_OF: self._mark,
            **self._origin_tags(),
            provenance_tags.COPIED_BY: self._order.mirror,
            provenance_tags.REFRESH_ID: self._order.refresh_id,
            provenance_tags.COPIED_AT: datetime.fromtimestamp(int(self._clock()), UTC).isoformat(),
            **kept,
        }

    def _origin_tags(self) -> dict[str, str]:
        run_id = self._original.run_id
        return {
            provenance_tags.REGISTRY: self._order.origin_registry,
            provenance_tags.MODEL: self._order.from_model,
            provenance_tags.VERSION: self._order.from_version,
            provenance_tags.TREE_HASH: self._order.tree_hash,
            **({provenance_tags.RUN_ID: run_id} if run_id else {}),
        }

    def _moved(self, size: int) -> None:
        self._done += size
        self._progress(min(self._done, self._original.size), self._original.size)


def unambiguous_in(model: RegisteredModel, version: Version, margin: float, now: float) -> float:
    """Seconds from ``now`` (POSIX s) until the registered model is ``margin`` old, and the version
    is none of the future: the registry's clock may be ahead of ours. At most ``margin``.
    """
    until = max(model.created / 1000 + margin, version.created / 1000)
    return min(max(until - now, 0.0), margin)


def _mark(order: CopyOrder, run_id: str | None) -> str:
    """Equal for equal content from an equal origin, whichever refresh copies it."""
    parts = (order.to_model, order.tree_hash, run_id or "")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def _model_name(name: str) -> str:
    """A logged model's name may not hold what a registered model's may."""
    return "".join("-" if character in "/:.%\"'" else character for character in name)
