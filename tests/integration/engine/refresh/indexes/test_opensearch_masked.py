"""Staging's search is masked by the job of the examples, with the role of the docs.

Between two real OpenSearch servers; the operator is a process, Kubernetes' own controller makes the
pod of the Job, and a played node runs the program that stands in the pod.
"""

import asyncio
import base64
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.control_plane import ControlPlane
from rig.run import until
from support.index.ground import PLANTED
from support.index.opensearch_ground import OpenSearchGround, Pair, password_of
from support.kubernetes.rights import MASKING, bind
from support.operators.operator import OperatorProcess, World
from support.operators.rigs import make_namespace

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]

EXAMPLE = Path(__file__).parents[5] / "examples/masking-job.yaml"
REFRESH = {"schedule": "0 6 * * *", "settle": "0s"}


def secret(name: str, namespace: str, *, labels: dict[str, str], **data: str) -> dict[str, Any]:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}


@dataclass(frozen=True, slots=True)
class Job:
    """The example's, in a namespace of the test's. ``masked``: the indexes that it was run on."""

    world: World
    namespace: str
    masked: list[str] = field(default_factory=list)

    def offer(self, url: str, account: str, password: str, authority: str) -> None:
        (account_body, body) = (
            each for each in yaml.safe_load_all(EXAMPLE.read_text()) if each["kind"] != "Namespace"
        )
        pod = body["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        pod["containers"][0]["env"][0]["value"] = url
        login = {"username": account, "password": password, "ca.crt": authority}
        for each in (secret("masker", self.namespace, labels={}, **login), account_body, body):
            each["metadata"]["namespace"] = self.namespace
            self.world.kube.apply(each, manager="owner")

    def run_next(self) -> None:
        """As a node would run its pod, to its end."""
        kube = self.world.kube
        until(lambda: bool(self._pods()), within=90, what="there is no pod of the masking job")
        (pod,) = self._pods()
        (container,) = pod["spec"]["containers"]
        env = {each["name"]: self._value(each) for each in container["env"]}
        self.masked.append(env["INDEX"])
        program = [sys.executable, *container["command"][1:], *container["args"]]
        ended = subprocess.run(program, env=env, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        assert PLANTED not in ended.stdout + ended.stderr
        status = {"status": {"phase": "Succeeded"}}
        name = pod["metadata"]["name"]
        kube.patch("v1", "Pod", name, self.namespace, status, subresource="status")

    def _pods(self) -> list[dict[str, Any]]:
        found = self.world.kube.list("v1", "Pod", self.namespace)
        return [each for each in found if each["status"].get("phase") == "Pending"]

    def _value(self, variable: dict[str, Any]) -> str:
        if "value" in variable:
            return str(variable["value"])
        key = variable["valueFrom"]["secretKeyRef"]
        held = self.world.kube.get("v1", "Secret", key["name"], self.namespace)["data"]
        return base64.b64decode(held[key["key"]]).decode()


@dataclass(frozen=True, slots=True)
class Search:
    world: World
    ground: OpenSearchGround
    job: Job
    name: str

    def build(self, number: int, former: str | None = None) -> str:
        """Production's next index, with a snapshot and the alias."""
        index = f"{self.name}-{number}"
        asyncio.run(self.ground.make("production", index, 40))
        self.lead("production", index, former)
        return index

    def lead(self, side: Any, index: str, former: str | None = None) -> None:
        actions: list[dict[str, Any]] = [{"add": {"index": index, "alias": self.name}}]
        if former is not None:
            actions.insert(0, {"remove": {"index": former, "alias": self.name}})
        asyncio.run(self.ground.call(side, "POST", "/_aliases", {"actions": actions}))

    def there(self) -> set[str]:
        """Staging's indexes of this test, and what is not masked."""
        path = f"/{self.name}-*,smir-unmasked-*?expand_wildcards=all"
        return set(asyncio.run(self.ground.call("staging", "GET", path)))

    def served(self) -> str:
        (index,) = asyncio.run(self.ground.call("staging", "GET", f"/_alias/{self.name}"))
        return str(index)

    def texts(self) -> list[str]:
        path = f"/{self.name}/_search?size=100"
        found = asyncio.run(self.ground.call("staging", "GET", path))
        return [each["_source"]["text"] for each in found["hits"]["hits"]]

    def followed(self, index: str) -> str:
        """Refreshed to a snapshot of this index; what is served then."""
        self.world.until(
            lambda status: (
                status.get("sync") == "Drifted"
                and status["components"][0]["production"].get("index") == index
            ),
            within=60,
        )
        token = {"stagingmirror.dev/refresh-at": f"to-{index}"}
        with ThreadPoolExecutor(1) as node:
            running = node.submit(self.job.run_next)
            self.world.change({"metadata": {"annotations": token}})
            running.result(120)
        self.world.until_sync("InSync", within=120)
        return self.served()


@pytest.fixture(scope="module")
def search(control_plane: ControlPlane, opensearch_pair: Pair) -> Iterator[Search]:
    ground, staging = OpenSearchGround(opensearch_pair), opensearch_pair[1]
    with World(control_plane) as world:
        namespace = make_namespace(world.kube, "masking")
        bind(world.kube, world.namespace, namespace, MASKING)
        job = Job(world, namespace)
        job.offer(staging.url, "masker", password_of(staging, "masker"), staging.ca)
        named = {"namespace": namespace, "cronJob": "mask-index"}
        special: dict[str, Any] = {
            "production": {"copies": "AfterJob"},
            "staging": {
                "minFreeSpace": "0%",
                "keep": 1,
                "maskingJob": {**named, "container": "mask", "variable": "INDEX"},
            },
        }
        roles = ("stagingmirror-read", "stagingmirror-write")
        for (side, more), role, server in zip(special.items(), roles, opensearch_pair, strict=True):
            labels = {"stagingmirror.dev/environment": world.environments[side]}
            login = {"username": role, "password": password_of(server, role)}
            body = secret(f"vectors-{side}", world.namespace, labels=labels, **login)
            world.kube.apply(body, manager="test")
            store = {
                "name": "vectors",
                "type": "OpenSearch",
                "url": server.url,
                "caBundle": server.ca,
                "credentialsSecretRef": {"name": f"vectors-{side}"},
                "repository": ground.repository,
                "aliases": ["docs-*"],
                **more,
            }
            world.environment(side, getattr(world, side), indexStores=[store])
        yield Search(world, ground, job, f"docs-{secrets.token_hex(3)}")
        world.kube.delete("v1", "Namespace", namespace)
    asyncio.run(ground.close())


@pytest.fixture(scope="module")
def operator(search: Search) -> Iterator[OperatorProcess]:
    with search.world.operator() as operator:
        operator.until_leading()
        yield operator


def test_each_snapshot_is_masked_before_it_is_served_and_the_former_index_is_kept(
    search: Search, operator: OperatorProcess
) -> None:
    own = f"{search.name}-own"
    asyncio.run(search.ground.build("staging", own, 20))
    search.lead("staging", own)
    production = search.build(7)
    entry = {"production": {"store": "vectors", "alias": search.name}}
    track = [{"name": "product-index", "indexSnapshot": entry}]
    search.world.mirror(track=track, refresh=REFRESH)

    first = search.followed(production)
    assert first.startswith(f"{production}-")
    assert search.there() == {own, first}
    second = search.followed(production := search.build(8, production))
    assert search.there() == {own, first, second}
    third = search.followed(search.build(9, production))

    until(
        lambda: search.there() == {own, second, third},
        within=60,
        what="the oldest index is not removed, or another one is",
    )
    assert search.served() == third
    assert len(search.texts()) == 40
    assert all(each.startswith("masked ") for each in search.texts())
    assert len(search.job.masked) == 3
    assert all(each.startswith("smir-unmasked-") for each in search.job.masked)
    until(
        lambda: removed(search.world) == [f"removed the old copy vectors/{first}"],
        within=30,
        what="no Event has which index was removed",
    )
    assert PLANTED not in json.dumps([search.world.read(), events(search.world)]) + operator.log


def events(world: World) -> list[dict[str, Any]]:
    return list(world.kube.list("events.k8s.io/v1", "Event", world.staging))


def removed(world: World) -> list[str]:
    return [each["note"] for each in events(world) if each["reason"] == "CopyRemoved"]
