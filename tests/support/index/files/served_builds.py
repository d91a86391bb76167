"""Production's and staging's builds of an index in real buckets, and staging's masking job, for the
operator as a process.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from rig.run import until
from rig.stores.object_store import STAGING, ObjectStore
from stagingmirror.api.types.base import API_VERSION
from support.index.files_ground import faiss_file
from support.kubernetes.workloads import cron_job
from support.operators.operator import World

DAILY = {"schedule": "0 6 * * *", "settle": "0s"}


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

    def unmasked(self) -> list[str]:
        """Objects in staging's bucket of what is not masked yet."""
        pages = self.store.bucket(STAGING).list("indexes")
        paths = [each["path"] for page in pages for each in page]
        return [each for each in paths if "smir-unmasked" in each]

    def mask(self, build: str, documents: int) -> None:
        """What staging's masking job does."""
        data = faiss_file(documents, text="masked ")
        path = f"indexes/{build}"
        found = self.store.bucket(STAGING).get(f"{path}/manifest.json").bytes()
        manifest = json.loads(bytes(found))
        manifest["files"]["index.faiss"] = {"sha256": sha256(data).hexdigest(), "size": len(data)}
        self.store.put(STAGING, f"{path}/index.faiss", data)
        self.store.put(STAGING, f"{path}/manifest.json", json.dumps(manifest).encode())

    def track(self, store: str = "vectors", **more: Any) -> None:
        entry = {"production": {"store": store, "alias": self.alias}, **more}
        self.world.mirror(track=[{"name": "product-index", "indexSnapshot": entry}], refresh=DAILY)


@dataclass(frozen=True, slots=True)
class MaskingJob:
    """Staging's: its pod stays until a test says how it ends."""

    world: World

    @property
    def namespace(self) -> str:
        environment = self.world.kube.get(
            API_VERSION, "MirrorEnvironment", self.world.environments["staging"]
        )
        stores = environment["spec"]["indexStores"]
        return str(next(s["maskingJob"]["namespace"] for s in stores if "maskingJob" in s))

    def offer(self) -> None:
        body = cron_job("mask", self.namespace, "stays-pending:1")
        body["metadata"]["labels"] = {}
        self.world.kube.apply(body, manager="owner")

    def started(self) -> tuple[str, str]:
        """The index that it is to mask, and its pod."""
        kube, namespace = self.world.kube, self.namespace
        until(
            lambda: any(runs(each) for each in kube.list("v1", "Pod", namespace)),
            within=60,
            what="there is no pod of the masking job",
        )
        (pod,) = (each for each in kube.list("v1", "Pod", namespace) if runs(each))
        env = pod["spec"]["containers"][0]["env"]
        return next(e["value"] for e in env if e["name"] == "INDEX"), pod["metadata"]["name"]

    def ends(self, pod: str, phase: str) -> None:
        status = {"status": {"phase": phase}}
        self.world.kube.patch("v1", "Pod", pod, self.namespace, status, subresource="status")


def runs(pod: Any) -> bool:
    return pod["status"].get("phase") not in ("Succeeded", "Failed")
