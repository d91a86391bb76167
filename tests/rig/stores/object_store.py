"""A real S3 server with a folder of its own: SeaweedFS, with rights per key.

It has two buckets, ``production`` and ``staging``. ``reader`` may read the former, ``watcher`` the
latter, ``writer`` may read both and write the latter, ``admin`` may do everything.
"""

import json
import socket
import sysconfig
import urllib.request
from pathlib import Path
from typing import Any

from rig.run import Run, free_port
from rig.stores.account import Account
from rig.stores.server import Server

PRODUCTION, STAGING = "production", "staging"
_PARTS = ("master", "volume", "filer", "s3")


class ObjectStore(Server):
    ready_within = 60.0

    def __init__(self, *, run: Run | None = None) -> None:
        super().__init__("object-store", run=run)
        self.admin = Account("admin", ("Admin", "Read", "Write", "List"))
        self.reader = Account("reader", (f"Read:{PRODUCTION}", f"List:{PRODUCTION}"))
        self.writer = Account(
            "writer",
            (
                *(f"{may}:{STAGING}" for may in ("Read", "Write", "List")),
                *self.reader.actions,
            ),
        )
        self.watcher = Account("watcher", (f"Read:{STAGING}", f"List:{STAGING}"))
        self.folder = self._run.folder / self.name
        self.folder.mkdir()
        ports = {part: free_port() for part in _PARTS}
        self._port, self._filer = ports["s3"], f"http://127.0.0.1:{ports['filer']}"
        self.url = f"http://127.0.0.1:{ports['s3']}"
        self._process = self._run.start(self.name, self._command(ports), folder=self.folder)
        self.await_ready()
        for bucket in (PRODUCTION, STAGING):
            self._make(bucket)

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Write an object, as its administrator."""
        self.bucket(bucket).put(key, data)

    def remove(self, bucket: str, key: str) -> None:
        self.bucket(bucket).delete(key)

    def bucket(self, name: str, account: Account | None = None) -> Any:
        """A client of one bucket."""
        from obstore.store import S3Store

        account = account or self.admin
        return S3Store(
            name,
            config={
                "endpoint": self.url,
                "region": "us-east-1",
                "access_key_id": account.key,
                "secret_access_key": account.secret,
            },
            client_options={"allow_http": True},
        )

    def _command(self, ports: dict[str, int]) -> list[str]:
        accounts = [
            {
                "name": each.name,
                "credentials": [{"accessKey": each.key, "secretKey": each.secret}],
                "actions": each.actions,
            }
            for each in (self.admin, self.reader, self.writer, self.watcher)
        ]
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": accounts}))
        data = self.folder / "data"
        data.mkdir()
        return [
            *(str(Path(sysconfig.get_path("scripts"), "weed")), "server", f"-dir={data}"),
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", f"-s3.config={config}"),
            *(f"-{part}.port={port}" for part, port in ports.items()),
            *(f"-{part}.port.grpc={free_port()}" for part in _PARTS),
            *("-volume.max=100", "-master.volumeSizeLimitMB=256", "-s3.autoCreateBucket=false"),
            # Else each would listen on a fixed port.
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false"),
        ]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1):
                pass
            with urllib.request.urlopen(f"{self._filer}/", timeout=2):
                return True
        except OSError:
            return False

    def _make(self, bucket: str) -> None:
        """A bucket is a folder of the filer."""
        request = urllib.request.Request(f"{self._filer}/buckets/{bucket}/", method="POST")
        with urllib.request.urlopen(request, timeout=10):
            pass
