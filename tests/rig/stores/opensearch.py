"""A real OpenSearch of one node with a folder of its own, over TLS, with rights per index.

Its administrator shows a client certificate; accounts with passwords are made by `account`.
"""

import json
import secrets
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives import serialization

from rig.certificates import Authority
from rig.process import Process
from rig.run import Run, free_port, until
from rig.stores.opensearch_program import opensearch_home

_READY_WITHIN_SECONDS = 180.0
_HEAP = "256m"
_NO_USERS = '_meta: {type: "%s", config_version: 2}\n'


class OpenSearch:
    """A context manager. `stop`, `start`, `pause`, `resume` are for the server, on the same data.

    ``repositories``: the folder below which snapshots may be registered; servers may share it.
    """

    def __init__(
        self,
        name: str = "opensearch",
        *,
        repositories: Path | None = None,
        run: Run | None = None,
        wait: bool = True,
    ) -> None:
        home = opensearch_home()
        self._run = run or Run(name)
        self._owns_run = run is None
        self.name = name
        self.folder = self._run.folder / f"opensearch-{name}"
        self.folder.mkdir()
        self.repositories = repositories or self.folder / "repositories"
        self.repositories.mkdir(exist_ok=True)
        self.url = f"https://127.0.0.1:{free_port()}"
        self.ca = self._configure(home)
        self._process: Process = self._run.start(
            f"opensearch-{name}", self._command(home), folder=self.folder
        )
        if wait:
            self.await_ready()

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | str | None = None
    ) -> dict[str, Any]:
        """One request of its administrator; text is NDJSON. Raises `urllib.error.HTTPError`."""
        kind = "application/x-ndjson" if isinstance(body, str) else "application/json"
        data = body if isinstance(body, str) else body is not None and json.dumps(body)
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=data.encode() if data else None,
            headers={"Content-Type": kind},
        )
        with urllib.request.urlopen(request, timeout=60, context=self._tls) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def account(self, name: str, role: Mapping[str, Any]) -> str:
        """Make a user with this role and no other right; its password."""
        password = f"{secrets.token_urlsafe(16)}aA1!"
        api = "/_plugins/_security/api"
        self.call("PUT", f"{api}/roles/{name}", role)
        self.call("PUT", f"{api}/internalusers/{name}", {"password": password})
        self.call("PUT", f"{api}/rolesmapping/{name}", {"users": [name]})
        return password

    def await_ready(self) -> None:
        """Until its security is loaded, and it answers."""
        until(
            self._is_ready,
            within=_READY_WITHIN_SECONDS,
            what=f"OpenSearch at {self.url} is not ready",
            processes=[self._process],
            every=0.2,
        )

    def stop(self, *, grace: float = 0) -> None:
        self._process.end(grace=grace)

    def start(self) -> None:
        """Start again, on the same address with the same data."""
        self._process.start()
        self.await_ready()

    def pause(self) -> None:
        """It accepts connections and answers nothing, until `resume`."""
        self._process.pause()

    def resume(self) -> None:
        self._process.resume()

    def close(self) -> None:
        """End it for good, and remove its data."""
        if self._owns_run:
            self._run.stop()
        else:
            self._process.end(grace=0)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _configure(self, home: Path) -> str:
        """The authority of its certificate (PEM)."""
        conf = self.folder / "conf"
        shutil.copytree(
            home / "plugins" / "opensearch-security" / "config", conf / "opensearch-security"
        )
        for kind in ("internal_users", "roles_mapping"):
            named = kind.replace("_", "")
            (conf / "opensearch-security" / f"{kind}.yml").write_text(_NO_USERS % named)
        shutil.copy(home / "log4j2.properties", conf)
        (conf / "opensearch.yml").write_text(json.dumps(self._settings()))
        authority = Authority(conf / "tls")
        _for_java(authority.server("node", names=["localhost"], addresses=["127.0.0.1"])[1])
        self._client = authority.client("admin", organization="rig")
        return authority.certificate.read_text()

    def _settings(self) -> dict[str, object]:
        security = "plugins.security"
        tls = {
            "pemcert_filepath": "tls/node.crt",
            "pemkey_filepath": "tls/node.key",
            "pemtrustedcas_filepath": "tls/ca.crt",
        }
        return {
            "cluster.name": self.name,
            "node.name": self.name,
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "http.port": int(self.url.rpartition(":")[2]),
            "transport.port": free_port(),
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "path.repo": [str(self.repositories)],
            "cluster.routing.allocation.disk.threshold_enabled": False,
            **{f"{security}.ssl.transport.{key}": value for key, value in tls.items()},
            **{f"{security}.ssl.http.{key}": value for key, value in tls.items()},
            f"{security}.ssl.transport.enforce_hostname_verification": False,
            f"{security}.ssl.http.enabled": True,
            f"{security}.ssl.http.clientauth_mode": "OPTIONAL",
            f"{security}.nodes_dn": ["CN=node"],
            f"{security}.authcz.admin_dn": ["CN=admin,O=rig"],
            f"{security}.allow_default_init_securityindex": True,
            f"{security}.audit.type": "noop",
        }

    def _command(self, home: Path) -> list[str]:
        conf = self.folder / "conf"
        return [
            *("java", f"-Xms{_HEAP}", f"-Xmx{_HEAP}", "-XX:+UseSerialGC"),
            *("-XX:TieredStopAtLevel=1", "-Dlog4j2.disable.jmx=true"),
            *(f"-Dlog4j.configurationFile={conf / 'log4j2.properties'}",),
            *("--add-modules=jdk.incubator.vector", f"-Djava.io.tmpdir={self.folder}"),
            # Libraries of the machine would be another program.
            *("-Djava.library.path=/nonexistent", f"-Dopensearch.path.conf={conf}"),
            *("-cp", f"{home / 'classes'}:{home / 'lib'}/*", "Server", str(home), str(conf)),
        ]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=self.ca)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.load_cert_chain(*self._client)
        return context

    def _is_ready(self) -> bool:
        try:
            return bool(self.call("GET", "/_plugins/_security/api/roles/all_access"))
        except OSError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def _for_java(key: Path) -> None:
    """It reads PKCS #8 alone."""
    found = serialization.load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(
        found.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
