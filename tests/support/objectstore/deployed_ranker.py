"""A model without MLflow in a real object store, loaded by a Deployment on either side."""

from dataclasses import dataclass
from typing import Any

from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from support.kubernetes.workloads import deployment
from support.objectstore.worlds import SECRET, give, pass_a_second
from support.operators.operator import World

DAILY = {"schedule": "0 6 * * *", "settle": "0s"}


def stores_of_files(
    world: World, object_store: ObjectStore, **production: Any
) -> dict[str, dict[str, Any]]:
    """The entry of ``objectStores`` of each role, with a key of the smallest rights; more of
    production's.
    """
    give(world, object_store.reader)
    give(world, object_store.writer, "staging", f"{SECRET}-staging")
    store = {"name": "models", "endpoint": object_store.url}
    return {
        "production": store
        | {
            "url": f"s3://{PRODUCTION}/mlflow",
            "credentialsSecretRef": {"name": SECRET},
            "readable": ["files/*"],
            **production,
        },
        "staging": store
        | {
            "url": f"s3://{STAGING}/mlflow",
            "readable": ["files/*", f"{world.staging}/fraud/ranker/*"],
            "credentialsSecretRef": {"name": f"{SECRET}-staging"},
        },
    }


@dataclass(frozen=True, slots=True)
class Ranker:
    """A model without MLflow: a folder on either side, each loaded by a Deployment."""

    world: World
    store: ObjectStore
    mark: str

    @property
    def folders(self) -> dict[str, str]:
        """By namespace."""
        sides = (self.world.production, PRODUCTION), (self.world.staging, STAGING)
        return {space: f"s3://{bucket}/mlflow/files/{self.mark}" for space, bucket in sides}

    def put(self, bucket: str, data: bytes, name: str = "w.bin") -> None:
        self.store.put(bucket, f"mlflow/files/{self.mark}/{name}", data)

    def deploy(self, keep: int | None = None, **refresh: Any) -> None:
        pass_a_second()
        for space, uri in self.folders.items():
            self.world.kube.apply(self._deployment(space, uri), manager="owner")
        loaded = {
            "kind": "Deployment",
            "name": f"ranker-{self.mark}",
            "container": "app",
            "variable": "MODEL_URI",
        }
        staging = {"store": "models"} | ({} if keep is None else {"keep": keep})
        files = {"production": {"loadedBy": [loaded]}, "staging": staging}
        self.world.mirror(track=[{"name": "ranker", "modelFiles": files}], refresh=DAILY | refresh)

    def release(self, number: str) -> None:
        """Production loads another folder."""
        folder = f"files/{self.mark}-{number}"
        self.store.put(PRODUCTION, f"mlflow/{folder}/w.bin", f"{number} {self.mark}".encode())
        pass_a_second()
        uri = f"s3://{PRODUCTION}/mlflow/{folder}"
        self.world.kube.apply(self._deployment(self.world.production, uri), manager="owner")

    def _deployment(self, space: str, uri: str) -> dict[str, Any]:
        image = "registry.example/ranker@sha256:" + "a" * 64
        return deployment(f"ranker-{self.mark}", space, image, variables={"MODEL_URI": uri})

    def loaded(self) -> str:
        """What staging's template names."""
        body = self.world.kube.get(
            "apps/v1", "Deployment", f"ranker-{self.mark}", self.world.staging
        )
        (container,) = body["spec"]["template"]["spec"]["containers"]
        return str(next(each["value"] for each in container["env"] if each["name"] == "MODEL_URI"))

    def copies(self) -> dict[str, bytes]:
        """All objects below the folder of copies."""
        bucket = self.store.bucket(STAGING)
        pages = bucket.list(f"mlflow/{self.world.staging}")
        return {
            each["path"]: bytes(bucket.get(each["path"]).bytes()) for page in pages for each in page
        }
