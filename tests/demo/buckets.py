"""An object store outside of both clusters: production's MLflow keeps its models there, and a
ranker is loaded from there without MLflow.

SeaweedFS, with a key per side: production's may only read. What is played: the upload of a training
pipeline, which has a client of its cloud.
"""

import json
from pathlib import Path
from urllib.parse import urlsplit

from demo.connection import OPERATOR_NAMESPACE
from rig.cluster.cluster import Cluster
from rig.kube import Object
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore

MLFLOW_ROOT = f"s3://{PRODUCTION}/mlflow"
RANKER = {
    "ml-prod": f"s3://{PRODUCTION}/models/ranker/2",
    "ml-staging": f"s3://{STAGING}/models/ranker/1",
}
"""What each side's ranker is started with."""
WEIGHTS = "weights.bin"


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

    def upload(self, uri: str, folder: Path) -> None:
        """Write the files of a folder to where a URI says."""
        for file in folder.rglob("*"):
            if file.is_file():
                self._put(uri, file.relative_to(folder).as_posix(), file.read_bytes())

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
