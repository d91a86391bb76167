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
from typing import Any

from cryptography.hazmat.primitives import serialization

from rig.certificates import Authority
from rig.run import Run, free_port
from rig.stores.opensearch_program import opensearch_home
from rig.stores.server import Server

_HEAP = "256m"
_NO_USERS = '_meta: {type: "%s", config_version: 2}\n'


class OpenSearch(Server):
    """Servers may share ``repositories``, the folder below which snapshots may be registered."""

    ready_within = 180.0

    def __init__(
        self,
        name: str = "opensearch",
        *,
        repositories: Path | None = None,
        run: Run | None = None,
        wait: bool = True,
    ) -> None:
        home = opensearch_home()
        super().__init__(f"opensearch-{name}", run=run)
        self.folder = self._run.folder / self.name
        self.folder.mkdir()
        self.repositories = repositories or self.folder / "repositories"
        self.repositories.mkdir(exist_ok=True)
        self.url = f"https://127.0.0.1:{free_port()}"
        self.ca = self._configure(home)
        self._process = self._run.start(self.name, self._command(home), folder=self.folder)
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
        try:
            with urllib.request.urlopen(request, timeout=60, context=self._tls) as answer:
                found: dict[str, Any] = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            error.close()  # it holds the connection
            raise
        return found

    def account(self, name: str, role: Mapping[str, Any]) -> str:
        """Make a user with this role and no other right; its password."""
        password = f"{secrets.token_urlsafe(16)}aA1!"
        api = "/_plugins/_security/api"
        self.call("PUT", f"{api}/roles/{name}", role)
        self.call("PUT", f"{api}/internalusers/{name}", {"password": password})
        self.call("PUT", f"{api}/rolesmapping/{name}", {"users": [name]})
        return password

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

    def _answers(self) -> bool:
        """Its security is loaded."""
        try:
            return bool(self.call("GET", "/_plugins/_security/api/roles/all_access"))
        except OSError:
            return False


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
