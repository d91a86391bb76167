"""Old copies of a component: which are removed, and what keeps one. The store and the API server
are played on the wire.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.actions.copy_files import CopyFiles
from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.drift.facts import Hold
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.execute.state import RemovalCheck
from stagingmirror.engine.refresh.record.copies import Copy
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.engine.refresh.removal.old_copies import Removal
from support.kinds.builders import NOW
from support.kinds.cases import context
from support.kinds.records import a_record, an_entry
from support.kinds.tools import tools_with
from support.objectstore.copying import Bench, bench, copy_of, environment
from support.objectstore.fake_s3 import BUCKET, SPACE, WRITES, FakeS3, xml
from support.operators.object_server import ObjectServer, a_writer
from support.resources import resources

FOLDER = "ml-staging/fraud/ranker"
HASHES = ("aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "dddddddddddd")
"""Of copies, the oldest first; the last is the one that staging has now."""
FILES = ("config.json", "deep/t.json", "w.bin")
_ROOT = "/apis/stagingmirror.dev/v1alpha1"
MIRROR = f"{_ROOT}/namespaces/ml-staging/stagingmirrors/fraud"


def copies(store: FakeS3, *hashes: str) -> tuple[Copy, ...]:
    return tuple(
        Copy(step_to(name), {"written": store.written.timestamp()}, NOW) for name in hashes
    )


def step_to(name: str) -> CopyFiles:
    return replace(copy_of(), to_uri=f"s3://{BUCKET}/{FOLDER}/{name}")


def objects(*hashes: str) -> dict[str, bytes]:
    return {f"{FOLDER}/{name}/{path}": name.encode() for name in hashes for path in FILES}


def tracking(**staging: Any) -> dict[str, Any]:
    loaded = {"kind": "Deployment", "name": "ranker", "container": "server", "variable": "URI"}
    files = {"production": {"loadedBy": [loaded]}, "staging": {"store": "models", **staging}}
    return {"name": "ranker", "modelFiles": files}


@dataclass
class Mirror:
    """One whose refresh has just succeeded."""

    made: Bench
    server: ObjectServer
    removal: Removal
    check: RemovalCheck = field(default_factory=RemovalCheck)

    @property
    def store(self) -> FakeS3:
        return self.made.destination

    @property
    def record(self) -> Record:
        found = self.removal.records.get("uid-1")
        assert found is not None
        return found

    async def tend(self, given: Context | None = None, **staging: Any) -> list[str]:
        """Until nothing is done any more; what was done."""
        given = given or judged(**staging)
        done: list[str] = []
        async with asyncio.timeout(20):
            while True:
                message = await self.removal.tend(self.record, given, self.check)
                done += [message] if message else []
                if message is None and self.check.running is None:
                    return done
                await asyncio.sleep(0.01)

    def stays(self) -> bool:
        """Whether all is there, and nothing was even tried."""
        return self.store.objects == objects(*HASHES) and self.made.uploads == []


def judged(**staging: Any) -> Context:
    body = resources.mirror(track=[tracking(**staging)], refresh={"schedule": "0 6 * * *"})
    return replace(context(), spec=StagingMirrorSpec.model_validate(body["spec"]))


@asynccontextmanager
async def a_mirror(store: FakeS3 | None = None) -> AsyncIterator[Mirror]:
    server = ObjectServer()
    body = resources.mirror(track=[tracking(keep=1)], refresh={"schedule": "0 6 * * *"})
    metadata = {**body["metadata"], "uid": "uid-1", "generation": 1}
    server.put(MIRROR, {**body, "metadata": metadata})
    async with bench(destination=store) as made, a_writer(server) as writer:
        for name, url in made.addresses.items():
            spec = environment(name, url, "*").model_dump(
                mode="json", by_alias=True, exclude_unset=True
            )
            spec |= {"namespaces": ["ml-staging" if name == "staging" else "ml-prod"]}
            named = resources.resource("MirrorEnvironment", name, spec)
            server.put(f"{_ROOT}/mirrorenvironments/{name}", named)
        made.destination.objects |= objects(*HASHES)
        records = Records(writer, namespace="operator", writer_name="one", clock=lambda: NOW)
        await records.load()
        own = an_entry("Verified", step_to(HASHES[-1]), before={"empty": True})
        own = replace(own, after={"written": made.destination.written.timestamp()})
        former = copies(made.destination, *HASHES[:-1])
        await records.begin(
            a_record(own, copies=former, phase="Closed", result="Succeeded", message="all")
        )
        source_of: Any = lambda kind: made.stores  # noqa: E731
        tools = replace(tools_with(writer, lambda: NOW), source=source_of)
        yield Mirror(made, server, Removal(records, tools))
        await tools.pool.close()


async def test_the_last_ones_stay_and_older_ones_go() -> None:
    async with a_mirror() as mirror:
        done = await mirror.tend(keep=1)

        assert mirror.store.objects == objects("cccccccccccc", "dddddddddddd")
        assert done == [
            f"removed the old copy s3://{BUCKET}/{FOLDER}/{name}" for name in HASHES[:2]
        ]
        assert mirror.record.message == f"all; {done[0]}; {done[1]}"
        assert [each.name for each in mirror.record.all_copies] == [
            f"staging s3://{BUCKET}/{FOLDER}/{name}" for name in HASHES[2:]
        ]


@pytest.mark.parametrize(("keep", "left"), [(0, HASHES[3:]), (2, HASHES[1:]), (9, HASHES)])
async def test_as_many_stay_as_keep_has(keep: int, left: tuple[str, ...]) -> None:
    async with a_mirror() as mirror:
        await mirror.tend(keep=keep)

        assert mirror.store.objects == objects(*left)


async def test_without_keep_nothing_is_ever_removed() -> None:
    async with a_mirror() as mirror:
        assert await mirror.tend() == []

        assert mirror.stays()


TEXT = f"s3://{BUCKET}/{FOLDER}/{HASHES[0]}"
POD = {"spec": {"containers": [{"env": [{"name": "URI", "value": TEXT}]}]}}
TEMPLATE = {"template": POD}
RUNNING = {**POD, "status": {"phase": "Running"}}
NAMES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "a pod": ("/api/v1/namespaces/ml-staging/pods/p", RUNNING),
    "a pod that is being deleted": (
        "/api/v1/namespaces/ml-staging/pods/p",
        {**RUNNING, "metadata": {"deletionTimestamp": "2026-11-25T06:00:00Z"}},
    ),
    "a pod of a production of this cluster": ("/api/v1/namespaces/ml-prod/pods/p", RUNNING),
    "a Deployment": ("/apis/apps/v1/namespaces/ml-staging/deployments/d", {"spec": TEMPLATE}),
    "a ReplicaSet with replicas": (
        "/apis/apps/v1/namespaces/ml-staging/replicasets/r",
        {"spec": {"replicas": 1, **TEMPLATE}},
    ),
    "a StatefulSet": ("/apis/apps/v1/namespaces/ml-staging/statefulsets/s", {"spec": TEMPLATE}),
    "a StatefulSet whose former template nobody shows": (
        "/apis/apps/v1/namespaces/ml-staging/statefulsets/s",
        {"status": {"currentRevision": "s-1", "updateRevision": "s-2"}},
    ),
    "a DaemonSet": ("/apis/apps/v1/namespaces/ml-staging/daemonsets/d", {"spec": TEMPLATE}),
    "a CronJob": ("/apis/batch/v1/namespaces/ml-staging/cronjobs/c", {"spec": {"job": TEMPLATE}}),
    "a Job": ("/apis/batch/v1/namespaces/ml-staging/jobs/j", {"spec": TEMPLATE}),
    "an InferenceService": (
        "/apis/serving.kserve.io/v1beta1/namespaces/ml-staging/inferenceservices/i",
        {"spec": {"predictor": {"model": {"storageUri": f"{TEXT}/"}}}},
    ),
    "a Rollout": (
        "/apis/argoproj.io/v1alpha1/namespaces/ml-staging/rollouts/r",
        {"spec": TEMPLATE},
    ),
    "a ConfigMap, by the last part alone": (
        "/api/v1/namespaces/ml-staging/configmaps/c",
        {"data": {"VERSION": HASHES[0]}},
    ),
}


def given(mirror: Mirror, path: str, body: dict[str, Any]) -> None:
    name = path.rpartition("/")[2]
    mirror.server.put(path, {**body, "metadata": {"name": name, **body.get("metadata", {})}})


@pytest.mark.parametrize("what", NAMES)
async def test_what_anything_names_stays(what: str) -> None:
    async with a_mirror() as mirror:
        given(mirror, *NAMES[what])

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()


async def test_what_was_named_is_removed_once_nothing_names_it_and_not_asked_for_all_the_time() -> (
    None
):
    async with a_mirror() as mirror:
        path, body = NAMES["a pod"]
        given(mirror, path, body)
        await mirror.tend(keep=2)
        requests = len(mirror.server.requests)
        await mirror.tend(keep=2)
        assert len(mirror.server.requests) == requests

        del mirror.server.objects[path]
        mirror.check.at = 0.0
        await mirror.tend(keep=2)

        assert mirror.store.objects == objects(*HASHES[1:])


STABLE = {"ownerReferences": [{"kind": "Rollout", "name": "r"}]}
OVER: Mapping[str, tuple[str, dict[str, Any]]] = {
    "a pod that has ended": (
        "/api/v1/namespaces/ml-staging/pods/p",
        {**POD, "status": {"phase": "Succeeded"}},
    ),
    "a Job that has ended": (
        "/apis/batch/v1/namespaces/ml-staging/jobs/j",
        {"spec": TEMPLATE, "status": {"conditions": [{"type": "Complete", "status": "True"}]}},
    ),
    "a ReplicaSet of a former rollout": (
        "/apis/apps/v1/namespaces/ml-staging/replicasets/r",
        {"spec": {"replicas": 0, **TEMPLATE}},
    ),
}


@pytest.mark.parametrize("what", OVER)
async def test_what_starts_no_pod_any_more_names_nothing(what: str) -> None:
    async with a_mirror() as mirror:
        given(mirror, *OVER[what])
        await mirror.tend(keep=2)

        assert mirror.store.objects == objects(*HASHES[1:])


async def test_the_stable_one_of_a_rollout_names_it_also_without_replicas() -> None:
    async with a_mirror() as mirror:
        path, body = OVER["a ReplicaSet of a former rollout"]
        metadata = {**STABLE, "labels": {"rollouts-pod-template-hash": "one"}}
        given(mirror, path, {**body, "metadata": metadata})
        rollout = "/apis/argoproj.io/v1alpha1/namespaces/ml-staging/rollouts/r"
        given(mirror, rollout, {"status": {"stableRS": "one"}})
        await mirror.tend(keep=2)

        assert mirror.stays()


@pytest.mark.parametrize("plural", ["pods", "replicasets", "configmaps", "mirrorenvironments"])
@pytest.mark.parametrize("fate", [403, "down"])
async def test_what_cannot_be_read_may_name_it(plural: str, fate: Any) -> None:
    async with a_mirror() as mirror:
        mirror.server.fates, mirror.server.for_ever = {("GET", f"/{plural}"): [fate]}, True

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()


@pytest.mark.parametrize(("groups", "stays"), [(["apps"], False), (["argoproj.io"], True)])
@pytest.mark.parametrize("fate", [403, 404])
async def test_a_kind_that_is_not_installed_names_nothing(
    groups: list[str], stays: bool, fate: int
) -> None:
    async with a_mirror() as mirror:
        mirror.server.fates, mirror.server.for_ever = {("GET", "/rollouts"): [fate]}, True
        named = [{"name": each} for each in groups]
        listed = {"kind": "APIGroupList", "apiVersion": "v1", "groups": named, "metadata": {}}
        mirror.server.put("/apis", listed)
        await mirror.tend(keep=2)

        assert mirror.stays() is stays


async def test_what_a_rollback_of_another_mirror_may_restore_stays() -> None:
    async with a_mirror() as mirror:
        entry = an_entry("Started", before={"uid": "x", "entries": [TEXT]})
        await mirror.removal.records.begin(a_record(entry, uid="uid-2", name="other"))
        await mirror.tend(keep=0)

        assert mirror.stays()


async def test_what_is_held_stays() -> None:
    async with a_mirror() as mirror:
        for held in (frozenset({"ranker"}), frozenset[str]()):
            hold = Hold("hold", "why", NOW + 60, held)
            assert await mirror.tend(replace(judged(keep=0), holds=(hold,))) == []

        assert mirror.stays()


Change = Callable[[dict[str, Any]], None]
LIVE: Mapping[str, Change] = {
    "suspended": lambda body: body["spec"]["refresh"].update(suspend=True),
    "without refresh": lambda body: body["spec"].pop("refresh"),
    "changed": lambda body: body["metadata"].update(generation=2),
    "another": lambda body: body["metadata"].update(uid="uid-9"),
}


@pytest.mark.parametrize("what", LIVE)
async def test_a_mirror_that_is_another_by_now_removes_nothing(what: str) -> None:
    async with a_mirror() as mirror:
        LIVE[what](mirror.server.objects[MIRROR])

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()


@pytest.mark.parametrize("result", ["RolledBack", "RollbackIncomplete"])
async def test_after_a_refresh_that_failed_nothing_is_removed(result: Any) -> None:
    async with a_mirror() as mirror:
        await mirror.removal.records.keep(replace(mirror.record, result=result))

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()


async def test_who_leads_no_more_removes_nothing() -> None:
    async with a_mirror() as mirror:
        mirror.removal.tools.writer._leading = lambda: False
        await mirror.tend(keep=0)

        assert mirror.stays()


async def test_a_place_that_may_be_productions_by_now_stays() -> None:
    async with a_mirror() as mirror:
        mirror.made.stores._environments["staging"]._is_staging = False
        await mirror.tend(keep=0)

        assert mirror.stays()


REFUSED = f"<Error><Key>{FOLDER}/{HASHES[0]}/w.bin</Key><Code>AccessDenied</Code></Error>"


@pytest.mark.parametrize("answer", [REFUSED, ""], ids=["refused", "not done"])
async def test_what_the_store_does_not_delete_is_not_said_to_be_and_keeps_no_refresh_waiting(
    answer: str,
) -> None:
    async with a_mirror() as mirror:
        mirror.store.instead = lambda request: (
            xml(f'<DeleteResult xmlns="{SPACE}">{answer}</DeleteResult>')
            if "delete" in request.query
            else None
        )

        assert await mirror.tend(keep=2) == []
        assert mirror.check.running is None
        assert mirror.store.objects == objects(*HASHES)
        assert len(mirror.record.copies) == 3


async def test_a_folder_in_which_somebody_else_has_written_since_stays_whole() -> None:
    async with a_mirror() as mirror:
        late = replace(mirror.record.copies[0], after={"written": 1.0})
        rest = mirror.record.copies[1:]
        await mirror.removal.records.keep(replace(mirror.record, copies=(late, *rest)))
        (done,) = await mirror.tend(keep=2)

        assert "somebody else" in done
        assert mirror.stays()
        assert len(mirror.record.copies) == 2


async def test_what_was_never_verified_stays() -> None:
    async with a_mirror() as mirror:
        unproven = tuple(replace(each, after={}) for each in mirror.record.copies)
        await mirror.removal.records.keep(replace(mirror.record, copies=unproven))

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()


@dataclass(slots=True)
class Dying(FakeS3):
    """Holds the request to delete of this number, done or not; ``reached`` is set then."""

    at: int = 0
    done: bool = False
    count: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.count += request.method in WRITES
        if request.method not in WRITES or self.count != self.at:
            return await FakeS3.answer(self, request)
        if self.done:
            await FakeS3.answer(self, request)
        self.reached.set()
        await asyncio.sleep(3600)
        raise AssertionError


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("at", range(1, len(FILES) + 1))
async def test_a_process_that_ends_at_any_deletion_leaves_all_others_whole_and_another_goes_on(
    at: int, done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stagingmirror.actions.copy_files._BATCH", 1)
    dying = Dying(at=at, done=done)
    async with a_mirror(dying) as mirror:
        await mirror.removal.tend(mirror.record, judged(keep=2), mirror.check)
        async with asyncio.timeout(20):
            await dying.reached.wait()
        await mirror.removal.tools.pool.close()
        assert dying.objects.items() >= objects(*HASHES[1:]).items()
        assert len(mirror.record.copies) == 3

        dying.at, mirror.check = 0, RemovalCheck()
        await mirror.tend(keep=2)

        assert dying.objects == objects(*HASHES[1:])
        assert len(mirror.record.copies) == 2
