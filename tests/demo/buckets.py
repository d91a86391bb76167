"""An object store outside of both clusters: production's MLflow keeps its models there, and a
ranker is loaded from there without MLflow.

SeaweedFS, with a key per side: production's may only read. What is played: the upload of a training
pipeline, which has a client of its cloud.
"""

import json
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from demo.connection import OPERATOR_NAMESPACE
from rig.cluster.cluster import Cluster
from rig.kube import Object
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from support.index.files_ground import faiss_file

MLFLOW_ROOT = f"s3://{PRODUCTION}/mlflow"
RANKER = {
    "ml-prod": f"s3://{PRODUCTION}/models/ranker/2",
    "ml-staging": f"s3://{STAGING}/models/ranker/1",
}
"""What each side's ranker is started with."""
RELEASED = f"s3://{PRODUCTION}/models/ranker/3"
"""What production's is started with later."""
WEIGHTS = "weights.bin"
INDEXES = {"ml-prod": (PRODUCTION, "products-7"), "ml-staging": (STAGING, "products-6")}
"""Of each side its bucket, and the build of the index that is searched at first."""
POINTER = "models/indexes/products"


class Buckets:
    """One store, one bucket per side."""

    def __init__(self, cluster: Cluster) -> None:
        """``cluster``: the operator's, whose pods reach it as http://s3.<namespace>.svc:5000."""
        self._store = ObjectStore(run=cluster.run_of)
        port = urlsplit(self._store.url).port
        assert port is not None
        cluster.serve(OPERATOR_NAMESPACE, "s3", cluster.admit(port))
        cluster.kube.apply(*self._secrets())
        for number, uri in enumerate(RANKER.values()):
            self._put(uri, "config.json", json.dumps({"version": number}).encode())
            self._put(uri, WEIGHTS, bytes([number]) * 2_000_000)
        for namespace, (_, build) in INDEXES.items():
            self.build(namespace, build, documents=400)

    def upload(self, uri: str, folder: Path) -> None:
        """Write the files of a folder to where a URI says."""
        for file in folder.rglob("*"):
            if file.is_file():
                self._put(uri, file.relative_to(folder).as_posix(), file.read_bytes())

    def release(self) -> str:
        """Another ranker of production's; where it is."""
        self._put(RELEASED, "config.json", b'{"version": 3}')
        self._put(RELEASED, WEIGHTS, b"\x03" * 2_000_000)
        return RELEASED

    def build(self, namespace: str, build: str, *, documents: int) -> None:
        """An index, and the pointer that leads to it."""
        bucket, _ = INDEXES[namespace]
        data = faiss_file(documents)
        manifest = {
            "builtAt": "2026-11-22T04:00:00Z",
            "embeddingModel": "e5@2",
            "files": {"index.faiss": {"sha256": sha256(data).hexdigest(), "size": len(data)}},
        }
        self._store.put(bucket, f"models/indexes/{build}/index.faiss", data)
        described = json.dumps(manifest).encode()
        self._store.put(bucket, f"models/indexes/{build}/manifest.json", described)
        self._store.put(bucket, POINTER, build.encode())

    def searched(self, namespace: str) -> str:
        """The build that a side's pointer leads to."""
        bucket, _ = INDEXES[namespace]
        return bytes(self._store.bucket(bucket).get(POINTER).bytes()).decode().strip()

    def edit(self, namespace: str) -> str:
        """Other documents in the index that is searched; where they are."""
        bucket, _ = INDEXES[namespace]
        path = f"models/indexes/{self.searched(namespace)}/index.faiss"
        self._store.put(bucket, path, faiss_file(400, text="somebody was here"))
        return f"s3://{bucket}/{path}"

    def overwrite(self, namespace: str) -> str:
        """Other weights of the ranker, under the same name; where they are."""
        uri = RANKER[namespace]
        self._put(uri, WEIGHTS, b"\xff" * 2_000_000)
        return f"{uri}/{WEIGHTS}"

    def _put(self, uri: str, path: str, data: bytes) -> None:
        bucket, _, folder = uri.removeprefix("s3://").partition("/")
        self._store.put(bucket, f"{folder}/{path}", data)

    def _secrets(self) -> list[Object]:
        accounts = {"production": self._store.reader, "staging": self._store.writer}
        return [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": f"s3-{environment}",
                    "namespace": OPERATOR_NAMESPACE,
                    "labels": {"stagingmirror.dev/environment": environment},
                },
                "stringData": {
                    "AWS_ACCESS_KEY_ID": account.key,
                    "AWS_SECRET_ACCESS_KEY": account.secret,
                },
            }
            for environment, account in accounts.items()
        ]
