"""The operator as a process between two stubs of Qdrant: it compares, and writes nothing."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from rig.control_plane import ControlPlane
from support.index.ground import PLANTED, Side
from support.index.qdrant.ground import definition, point, token_of
from support.index.qdrant.stub import QdrantStub, StubCollection
from support.objectstore.worlds import cleared, refreshed
from support.operators.operator import OperatorProcess, World

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]

SIDES: tuple[Side, ...] = ("production", "staging")
DAILY = {"schedule": "0 6 * * *", "settle": "0s"}
NARROW = token_of(["docs", "docs-2", "docs-3"])


@contextmanager
def running(stub: QdrantStub) -> Iterator[QdrantStub]:
    """In a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(stub.__aenter__(), loop).result(10)
    try:
        yield stub
    finally:
        asyncio.run_coroutine_threadsafe(stub.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
    assert stub.violations == []


@pytest.fixture(scope="module")
def stubs() -> Iterator[dict[Side, QdrantStub]]:
    """Two builds of the same documents, as each side makes its own."""
    with ExitStack() as stack:
        scope = frozenset({"docs", "docs-2", "docs-3"})
        made = {side: stack.enter_context(running(QdrantStub({NARROW: scope}))) for side in SIDES}
        for side, name in zip(SIDES, ("docs-2", "docs-3"), strict=True):
            points: dict[int | str, dict[str, object]] = {n: point(n) for n in range(1, 31)}
            made[side].collections[name] = StubCollection(definition(), points)
            made[side].aliases |= {"docs": name, "hidden": name}
        yield made


@pytest.fixture(scope="module")
def world(
    control_plane: ControlPlane, stubs: dict[Side, QdrantStub]
) -> Iterator[tuple[World, OperatorProcess]]:
    with World(control_plane) as world:
        for side in SIDES:
            world.kube.apply(
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {
                        "name": f"vectors-{side}",
                        "namespace": world.namespace,
                        "labels": {"stagingmirror.dev/environment": world.environments[side]},
                    },
                    "data": {"token": base64.b64encode(NARROW.encode()).decode()},
                },
                manager="test",
            )
            store = {
                "name": "vectors",
                "type": "Qdrant",
                "url": stubs[side].url,
                "credentialsSecretRef": {"name": f"vectors-{side}"},
                "aliases": ["docs", "hidden"],
            }
            world.environment(side, getattr(world, side), indexStores=[store])
        with world.operator() as operator:
            operator.until_leading()
            yield world, operator


def track(world: World, alias: str, compare: str) -> None:
    entry = {"production": {"store": "vectors", "alias": alias}, "compare": compare}
    world.mirror(track=[{"name": "product-index", "indexSnapshot": entry}], refresh=DAILY)


def test_two_builds_of_the_same_documents_are_in_sync_until_one_is_edited(
    world: tuple[World, OperatorProcess], stubs: dict[Side, QdrantStub]
) -> None:
    here, operator = world
    track(here, "docs", "Content")
    here.until_sync("InSync", within=60)

    for each in stubs["staging"].collections["docs-3"].points.values():
        each["payload"] = {"text": "other text"}
    here.change({"metadata": {"annotations": {"stagingmirror.dev/check-at": "bytes:one"}}})
    status = here.until_sync("Drifted", within=60)
    refreshed(here, "one")
    cleared(here)

    (differs,) = status["components"][0]["differences"]
    assert (differs["fact"], differs["staging"]) == ("contentSample", "30 of 30 differ")
    shown = json.dumps(status) + operator.log
    assert PLANTED not in shown
    assert NARROW not in shown


@pytest.mark.parametrize(
    ("alias", "compare", "reason"),
    [("hidden", "Content", "Forbidden"), ("docs", "Snapshot", "NoSnapshot")],
)
def test_what_is_not_shown_or_not_followed_is_unknown(
    world: tuple[World, OperatorProcess], alias: str, compare: str, reason: str
) -> None:
    """An alias that our token does not list is there; snapshots are."""
    here, _ = world
    track(here, alias, compare)

    status = here.until(
        lambda status: reason in str(status.get("components")), within=60, what=f"no {reason}"
    )
    cleared(here)

    assert status["sync"] == "Unknown"
