"""The versions of one server that are wanted, in as few calls as it has bulk calls for.

A poll requests all versions by the runs that made them, all those runs, and all logged models:
three calls, however many versions. Only what a bulk call does not show is requested one by one: it
may be forbidden, gone, or made without a run. Where a version leads to (its detail) cannot change
without the version being another; it is followed when it is new, every ``store_interval``, and when
its run is there no more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeGuard

from stagingmirror.errors import NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.client import queries
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import LoggedModel, Run, Version
from stagingmirror.sources.mlflow.content.version_details import (
    Detail,
    KnownVersion,
    read_detail,
)

# Registered model and version (or alias).
Key = tuple[str, str]

_AT_ONCE = 4


# None: the version is not there, and the server confirmed it.
Answer = KnownVersion | None | StagingMirrorError


def is_silence(answer: object) -> TypeGuard[NotAnswered]:
    """The server as a whole does not answer: not worth the next request."""
    return isinstance(answer, NotAnswered) and answer.reason in (
        Reason.TIMED_OUT,
        Reason.UNREACHABLE,
    )


class VersionCache:
    """Keeps what need not be requested anew. ``since`` maps versions to a time (POSIX s) before
    which nothing may have been requested.
    """

    def __init__(self, server: MlflowServer, store_interval: float) -> None:
        self._server = server
        self._store_interval = store_interval
        self._known: dict[Key, KnownVersion] = {}
        self._calls = asyncio.Semaphore(_AT_ONCE)

    async def read(
        self, keys: Collection[Key], *, began: float, since: Mapping[Key, float]
    ) -> dict[Key, Answer]:
        """Raises where a bulk call got no answer; what concerns one version is its answer."""
        records = await self._bulk_versions(keys)
        runs = await self._bulk_runs(keys)
        logged = await self._bulk_logged(keys)
        answers = await self._each(
            partial(self._one, key, records.get(key), runs, logged, began, since.get(key, 0.0))
            for key in keys
        )
        answered = dict(zip(keys, answers, strict=True))
        for key, answer in answered.items():
            if isinstance(answer, KnownVersion):
                self._known[key] = answer
            elif answer is None:
                self._known.pop(key, None)
        return answered

    def keep(self, keys: Collection[Key]) -> None:
        """Forget all others."""
        self._known = {key: known for key, known in self._known.items() if key in keys}

    async def _bulk_versions(self, keys: Iterable[Key]) -> Mapping[Key, Version]:
        known = [self._known[key].record.run_id for key in keys if key in self._known]
        run_ids = [run_id for run_id in known if run_id is not None]
        return await queries.search_versions(self._server, run_ids) if len(run_ids) > 1 else {}

    async def _bulk_runs(self, keys: Iterable[Key]) -> Mapping[str, Run]:
        known = [self._known[key] for key in keys if key in self._known]
        runs = {one.run.run_id: one.run for one in known if one.run is not None}
        experiments = {run.experiment_id for run in runs.values()}
        return await queries.search_runs(self._server, experiments, runs) if len(runs) > 1 else {}

    async def _bulk_logged(self, keys: Iterable[Key]) -> Mapping[str, LoggedModel]:
        details = (self._known[key].detail for key in keys if key in self._known)
        known = {one.logged.model_id: one.logged for one in details if one.logged is not None}
        experiments = {one.experiment_id for one in known.values()} - {""}
        if len(known) < 2 or not experiments:
            return {}
        return await queries.search_logged_models(self._server, experiments, known)

    async def _each(self, questions: Iterable[Callable[[], Awaitable[Answer]]]) -> list[Answer]:
        """All answers; once the server is silent, no further request waits for it."""
        silent: list[NotAnswered] = []

        async def one(question: Callable[[], Awaitable[Answer]]) -> Answer:
            async with self._calls:
                if silent:
                    return silent[0]
                answer = await question()
            if is_silence(answer):
                silent.append(answer)
            return answer

        answers = await asyncio.gather(*map(one, questions))
        if silent:
            raise silent[0]
        return list(answers)

    async def _one(
        self,
        key: Key,
        record: Version | None,
        runs: Mapping[str, Run],
        logged: Mapping[str, LoggedModel],
        began: float,
        since: float,
    ) -> Answer:
        try:
            record = record or await queries.unless_gone(queries.get_version(self._server, *key))
            if record is None:
                return None
            detail = await self._detail(key, record, logged, began, since)
            run = await self._run(detail, runs)
            if run is None and self._had_run(key) and detail.began < began:
                # What was deleted for good may have held the files as well.
                detail = await read_detail(self._server, record, began=began)
            return KnownVersion(record, detail, run)
        except StagingMirrorError as error:
            return error

    async def _run(self, detail: Detail, runs: Mapping[str, Run]) -> Run | None:
        if detail.run_id is None:
            return None
        return runs.get(detail.run_id) or await queries.unless_gone(
            queries.get_run(self._server, detail.run_id)
        )

    def _had_run(self, key: Key) -> bool:
        known = self._known.get(key)
        return known is not None and known.run is not None

    async def _detail(
        self,
        key: Key,
        record: Version,
        logged: Mapping[str, LoggedModel],
        began: float,
        since: float,
    ) -> Detail:
        known = self._known.get(key)
        oldest = max(began - self._store_interval, since)
        if known is not None and known.leads_like(record) and known.detail.began >= oldest:
            now = await self._with_logged(known.detail, logged)
            if now is not None:
                return now
        return await read_detail(self._server, record, began=began)

    async def _with_logged(
        self, detail: Detail, logged: Mapping[str, LoggedModel]
    ) -> Detail | None:
        """The detail with its logged model as it is now; None where it must be followed anew."""
        if detail.logged is None:
            return None if detail.source.startswith("models:/") else detail
        model_id = detail.logged.model_id
        now = logged.get(model_id) or await queries.unless_gone(
            queries.get_logged_model(self._server, model_id)
        )
        return replace(detail, logged=now) if now else None
