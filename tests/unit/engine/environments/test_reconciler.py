"""What an environment's status says: no more than was asked and answered."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import pytest

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.engine.environments.credentials import read_credentials
from stagingmirror.engine.environments.permissions import Permissions
from stagingmirror.engine.environments.reconciler import EnvironmentReconciler, Remembered
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.errors import NotAnswered
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.source import SecretUse, Source
from stagingmirror.view import Observed
from support.kubernetes.api_server import Answer, an_api_server, refused
from support.operators.runtimes import a_runtime
from support.resources import resources

MLFLOW = {"url": "http://mlflow.ml-prod.svc:5000"}


class Registries:
    """Each registry lets us in and is empty."""

    name = "mlflow"
    polled = True

    def __init__(self) -> None:
        self.with_registry: set[str] = set()

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretUse | None:
        return None

    def configure(self, specs: Mapping[str, MirrorEnvironmentSpec], access: object) -> None:
        self.with_registry = {name for name, spec in specs.items() if spec.mlflow is not None}

    def answers(self, environment: str) -> Observed[object] | None:
        return Observed("empty", 0.0) if environment in self.with_registry else None


async def nothing_open() -> dict[str, dict[str, Any]]:
    return {}


async def nobody() -> str | None:
    return None


def a_reconciler(
    client: KubernetesClient,
    cache: ResourceCache,
    source: object,
    remembered: Remembered,
    elsewhere: KubernetesReader | None = None,
) -> EnvironmentReconciler:
    """It leads. ``elsewhere``: as whom environments in another cluster are read."""
    runtime = a_runtime(lambda: 0.0)
    readers = {False: client, True: elsewhere or client}
    return EnvironmentReconciler(
        Permissions(lambda name, spec: readers[spec.cluster is not None], runtime=runtime),
        cache=cache,
        resources=ResourceClient(client, cache, runtime=runtime),
        sources=[cast("Source[Any]", source)],
        credentials=partial(read_credentials, client, "stagingmirror-system"),
        runtime=runtime,
        changed=lambda name: None,
        interval=30.0,
        remembered=remembered,
    )


class Place:
    """An API server that holds one environment and answers what our account may do."""

    def __init__(self, reviewing: Answer | None = None, **spec: Any) -> None:
        self.reviewing = reviewing
        self.body = resources.environment(**spec)
        self.body["metadata"] |= {"uid": "uid", "resourceVersion": "1", "generation": 1}

    def respond(self, method: str, path: str, body: Any) -> Answer:
        if method == "PUT":
            self.body = {**self.body, "status": body["status"]}
            return 200, self.body
        if self.reviewing is not None:
            return self.reviewing
        told = {"allowed": True, "resourceRules": [], "incomplete": False}
        return 201, {"kind": "Review", "status": told}

    async def conditions(self) -> dict[str, tuple[str, str, str]]:
        """What is told after one look: status, reason and message by condition."""
        async with an_api_server(self.respond) as client:
            cache = ResourceCache()
            cache.put("mirrorenvironments", self.body)
            keeper = a_reconciler(client, cache, Registries(), nothing_open)
            await keeper.tend()
        told = self.body["status"]["conditions"]
        return {each["type"]: (each["status"], each["reason"], each["message"]) for each in told}


class Guarded(Registries):
    """The registry of ``production`` needs a Secret."""

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretUse | None:
        return SecretUse("mlflow", None) if spec.role == "Production" else None


def a_body(name: str, generation: int, **spec: Any) -> dict[str, Any]:
    body = resources.environment(name, name.capitalize(), **spec)
    version = str(generation)
    body["metadata"] |= {"uid": name, "generation": generation, "resourceVersion": version}
    return body


async def written_while(change: Callable[[ResourceCache], object]) -> list[tuple[str, int, str]]:
    """Name, generation and reason of Ready of each status that is written by one round in which
    ``change`` comes while the Secret of ``production`` is read.
    """
    cache = ResourceCache()
    cache.put("mirrorenvironments", a_body("production", 1, namespaces=["ml-prod"]))
    written: list[tuple[str, int, str]] = []

    def respond(method: str, path: str, body: Any) -> Answer:
        if "/secrets/" in path:
            change(cache)
            labels = {"stagingmirror.dev/environment": "production"}
            token = base64.b64encode(b"a").decode()
            return 200, {"kind": "Secret", "metadata": {"labels": labels}, "data": {"token": token}}
        if method == "PUT":
            ready, status = body["status"]["conditions"][0], body["status"]
            name = body["metadata"]["name"]
            written.append((name, status["observedGeneration"], ready["reason"]))
            return 200, {**body, "metadata": {**body["metadata"], "resourceVersion": "9"}}
        return 201, {"kind": "Review", "status": {"allowed": True, "resourceRules": []}}

    async with an_api_server(respond) as client:
        keeper = a_reconciler(client, cache, Guarded(), nothing_open)
        await keeper.tend()
    return written


async def test_an_environment_that_comes_while_secrets_are_read_is_checked_the_next_time() -> None:
    written = await written_while(
        lambda cache: cache.put("mirrorenvironments", a_body("staging", 1))
    )

    assert written == [("production", 1, "Readable")]


async def test_what_was_read_of_a_former_spec_is_no_status_of_the_new_one() -> None:
    written = await written_while(
        lambda cache: cache.put("mirrorenvironments", a_body("production", 2, namespaces=[]))
    )

    assert written == [("production", 1, "Readable")]


async def test_a_cluster_that_does_not_answer_holds_no_other_environment_up() -> None:
    cache, written, answers = ResourceCache(), asyncio.Event(), asyncio.Event()
    elsewhere = {"kubeconfigSecretRef": {"name": "far", "key": "kubeconfig"}}
    cache.put("mirrorenvironments", a_body("production", 1, namespaces=["a"], cluster=elsewhere))
    cache.put("mirrorenvironments", a_body("staging", 1, namespaces=["ml-staging"]))

    def respond(method: str, path: str, body: Any) -> Answer:
        if method == "PUT":
            assert body["metadata"]["name"] == "staging"
            written.set()
            return 200, {**body, "metadata": {**body["metadata"], "resourceVersion": "9"}}
        return 201, {"kind": "Review", "status": {"allowed": True, "resourceRules": []}}

    class Silent(KubernetesReader):
        async def review(self, kind: str, spec: object) -> dict[str, Any]:
            await answers.wait()
            raise NotAnswered("ClusterNotAnswering", "timed out")

    login = Login("https://far.example", None, nobody, "default")
    async with an_api_server(respond) as client, Silent(login, timeout=1.0) as far:
        keeper = a_reconciler(client, cache, Registries(), nothing_open, far)
        tending = asyncio.create_task(keeper.tend())
        async with asyncio.timeout(5):
            await written.wait()
        assert not tending.done()

        answers.set()
        await tending


async def test_an_environment_of_which_nothing_was_asked_says_nothing_good() -> None:
    told = await Place(namespaces=[]).conditions()

    assert told["Ready"][:2] == ("False", "NothingListed")
    assert "list what may be read" in told["Ready"][2]
    assert told["KubernetesReadOnly"][:2] == ("Unknown", "NothingListed")


async def test_rights_that_may_not_be_asked_for_leave_no_former_answer_standing() -> None:
    place = Place()
    await place.conditions()
    place.reviewing = refused(403, "Forbidden")

    told = await place.conditions()

    assert told["Ready"][:2] == ("False", "Forbidden")
    assert told["KubernetesReadOnly"][:2] == ("Unknown", "Forbidden")
    for _, _, message in told.values():
        assert "give it the ClusterRole system:basic-user" in message


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "its namespaces can be read"),
        ({"mlflow": MLFLOW}, "reachable, without credentials"),
    ],
)
async def test_ready_says_only_what_was_tried(spec: dict[str, Any], message: str) -> None:
    told = await Place(**spec).conditions()

    assert told["Ready"][0::2] == ("True", message)


async def test_a_deleted_environment_stays_connected_while_a_refresh_of_it_is_open() -> None:
    needed = {"staging": {"role": "Staging", "mlflow": MLFLOW}}
    connected: list[dict[str, Any]] = []

    async def remembered() -> dict[str, dict[str, Any]]:
        return needed

    class Connected(Registries):
        def configure(self, specs: Any, credentials: Any) -> None:
            connected.append(dict(specs))

    async with an_api_server(Place().respond) as client:
        cache = ResourceCache()
        keeper = a_reconciler(client, cache, Connected(), remembered)
        await keeper.tend()
        needed.clear()
        await keeper.tend()

    assert connected[0]["staging"].mlflow.url == MLFLOW["url"]
    assert connected[1] == {}
