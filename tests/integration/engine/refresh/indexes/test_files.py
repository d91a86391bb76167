"""The operator as a process: production's index is a folder in a bucket, and staging follows it."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from support.index.files_ground import faiss_file
from support.index.ground import PLANTED
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.objectstore.worlds import SECRET, cleared, give, refreshed
from support.operators.operator import OperatorProcess, World

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]

DAILY = {"schedule": "0 6 * * *", "settle": "0s"}
SERVER = "registry.example/search@sha256:" + "a" * 64


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, object_store: ObjectStore) -> Iterator[World]:
    with World(control_plane) as world:
        give(world, object_store.reader)
        give(world, object_store.writer, "staging", f"{SECRET}-staging")
        sides: dict[str, Any] = {"production": (PRODUCTION, SECRET), "staging": (STAGING, "")}
        for side, (bucket, secret) in sides.items():
            store = {
                "name": "models",
                "url": f"s3://{bucket}",
                "endpoint": object_store.url,
                "credentialsSecretRef": {"name": secret or f"{SECRET}-staging"},
            }
            index = {
                "name": "vectors",
                "type": "Files",
                "objectStore": "models",
                "prefix": "indexes",
                "aliases": ["products-*"],
                "content": {"interval": "1m"},
                **({"copies": "Allowed"} if side == "production" else {}),
            }
            given: dict[str, Any] = {"objectStores": [store], "indexStores": [index]}
            world.environment(side, getattr(world, side), **given)
        yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@dataclass(frozen=True, slots=True)
class Products:
    world: World
    store: ObjectStore
    alias: str

    def build(self, bucket: str, build: str, documents: int) -> None:
        data = faiss_file(documents)
        self.store.put(bucket, f"indexes/{build}/index.faiss", data)
        manifest = {
            "builtAt": "2026-11-26T04:00:00Z",
            "embeddingModel": "e5@2",
            "files": {"index.faiss": {"sha256": sha256(data).hexdigest(), "size": len(data)}},
        }
        self.store.put(bucket, f"indexes/{build}/manifest.json", json.dumps(manifest).encode())

    def point(self, bucket: str, build: str) -> None:
        self.store.put(bucket, f"indexes/{self.alias}", build.encode())

    def served(self, bucket: str = STAGING) -> str:
        found = self.store.bucket(bucket).get(f"indexes/{self.alias}").bytes()
        return bytes(found).decode().strip()

    def there(self) -> set[str]:
        """Builds in staging's bucket."""
        pages = self.store.bucket(STAGING).list("indexes")
        return {each["path"].split("/")[1] for page in pages for each in page}

    def track(self, **more: Any) -> None:
        entry = {"production": {"store": "vectors", "alias": self.alias}, **more}
        self.world.mirror(track=[{"name": "product-index", "indexSnapshot": entry}], refresh=DAILY)


@pytest.fixture
def products(
    world: World, operator: OperatorProcess, object_store: ObjectStore
) -> Iterator[Products]:
    made = Products(world, object_store, f"products-{secrets.token_hex(3)}")
    for bucket, build, documents in (
        (PRODUCTION, f"{made.alias}.b2", 40),
        (STAGING, f"{made.alias}.b1", 30),
    ):
        made.build(bucket, build, documents)
        made.point(bucket, build)
    yield made
    cleared(world)


def test_staging_follows_productions_build_and_an_edit_of_its_copy_is_found_and_mended(
    world: World, products: Products, operator: OperatorProcess
) -> None:
    search = {"kind": "Deployment", "name": "search-api"}
    with Kubelet(world.kube, [world.production, world.staging]):
        world.kube.apply(deployment("search-api", world.staging, SERVER), manager="owner")
        products.track(usedBy=[search])
        status = world.until(lambda status: status.get("sync") == "Drifted", within=60)
        assert "no refresh made index" in status["components"][0]["message"]

        refreshed(world, f"one-{products.alias}")
        status = world.until_sync("InSync", within=90)

        served = products.served()
        assert served.startswith(f"{products.alias}.b2-")
        (component,) = status["components"]
        assert component["staging"]["snapshot"] == component["production"]["snapshot"]
        assert component["staging"]["documentCount"] == "40"

        data = faiss_file(40, text="somebody was here")
        products.store.put(STAGING, f"indexes/{served}/index.faiss", data)
        status = world.until_sync("Drifted", within=60)
        assert {each["fact"] for each in status["components"][0]["differences"]} == {
            "contentSample"
        }

        refreshed(world, f"two-{products.alias}")
        world.until_sync("InSync", within=90)

    assert products.served().startswith(f"{products.alias}.b2-")
    assert PLANTED not in json.dumps(world.read())
    assert PLANTED not in operator.log
