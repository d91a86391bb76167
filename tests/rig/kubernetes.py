"""What every rig with an API server offers, whatever runs behind it."""

import json
import subprocess
from base64 import b64encode
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from rig.kube import Kube, Refused
from rig.process import Process
from rig.programs import program
from rig.run import Run, until

KUBECTL_LIMIT_SECONDS = 180.0


class Kubernetes:
    """An API server that was started by this rig, and its administrator."""

    run_of: Run
    server: str
    ca_path: Path
    admin_token: str
    kubeconfig: Path
    _api_server: Process

    def stop(self) -> None:
        """End every process and container of this run, and remove all that it made."""
        self.run_of.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    @cached_property
    def kube(self) -> Kube:
        """The API as its administrator (system:masters); never test the operator as this one."""
        return Kube(self.server, self.ca_path, self.admin_token)

    def kubectl(
        self,
        *arguments: str,
        input: str | None = None,  # noqa: A002 - subprocess.run's own word
        kubeconfig: Path | None = None,
    ) -> str:
        """Run kubectl; its output, or CalledProcessError with what it said in `stderr`."""
        return subprocess.run(
            [program("kubectl"), f"--kubeconfig={kubeconfig or self.kubeconfig}", *arguments],
            input=input,
            check=True,
            capture_output=True,
            text=True,
            timeout=KUBECTL_LIMIT_SECONDS,
        ).stdout

    def token(self, namespace: str, name: str, *, seconds: int = 7200) -> str:
        """A token for a ServiceAccount, which is created if there is none."""
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": namespace},
        }
        try:
            self.kube.create(account)
        except Refused as refused:
            if refused.code != 409:
                raise
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        }
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        return str(self.kube.request("POST", path, request)["status"]["token"])

    def service_account(self, namespace: str, name: str) -> Path:
        """A kubeconfig for a ServiceAccount: it may do what RBAC gives it, nothing at first."""
        folder = self.run_of.folder / "kubeconfigs"
        folder.mkdir(exist_ok=True)
        return write_kubeconfig(
            folder / f"{namespace}-{name}.yaml",
            server=self.server,
            ca=self.ca_path,
            token=self.token(namespace, name),
            user=name,
            namespace=namespace,
        )

    def as_service_account(self, namespace: str, name: str) -> Kube:
        """The API as a ServiceAccount sees it."""
        return Kube(self.server, self.ca_path, self.token(namespace, name))

    def restart_api_server(self, *, grace: float = 0) -> None:
        """End it (in order, with `grace` seconds) and start it on the same address and data."""
        self.stop_api_server(grace=grace)
        self.start_api_server()

    def stop_api_server(self, *, grace: float = 0) -> None:
        self._api_server.end(grace=grace)

    def start_api_server(self) -> None:
        self._api_server.start()
        self._await_ready()

    def pause_api_server(self) -> None:
        """Connections stay open and nobody answers, until `resume_api_server`."""
        self._api_server.pause()

    def resume_api_server(self) -> None:
        self._api_server.resume()

    def _await_ready(self) -> None:
        until(
            self._is_ready,
            within=60,
            what="the API server is not ready",
            processes=[self._api_server],
            every=0.03,
        )

    def _is_ready(self) -> bool:
        try:
            return bool(self.kube.request("GET", "/readyz", timeout=2) == "ok")
        except (OSError, Refused):
            return False


def write_kubeconfig(
    path: Path,
    *,
    server: str,
    ca: Path,
    token: str,
    user: str,
    namespace: str = "default",
    name: str = "rig",
) -> Path:
    """A kubeconfig with the CA inside, so that it can be copied elsewhere. JSON is YAML."""
    authority = b64encode(ca.read_bytes()).decode()
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": authority}}
        ],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": user, "namespace": namespace}}
        ],
        "current-context": name,
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=1))
    return path


def join_kubeconfigs(path: Path, *parts: Path) -> Path:
    """One kubeconfig with the contexts of all; the current one is that of the first."""
    found = [json.loads(part.read_text()) for part in parts]
    lists = ("clusters", "users", "contexts")
    whole = found[0] | {key: [each for part in found for each in part[key]] for key in lists}
    path.touch(mode=0o600)
    path.write_text(json.dumps(whole, indent=1))
    return path
