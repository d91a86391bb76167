"""Level `control_plane`: etcd, kube-apiserver and kube-controller-manager as plain processes.

Needs no root and touches nothing but loopback ports and a folder of its own. There is no scheduler
and no node: pods stay Pending, and a test that needs running ones writes their status itself.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rig.catalogue import CONTROL_PLANE
from rig.certificates import Authority, write_key
from rig.kubernetes import Kubernetes, write_kubeconfig
from rig.process import Process
from rig.programs import build, program
from rig.run import Run, free_port

ISSUER = "https://kubernetes.default.svc"
SERVICE_ADDRESSES = "10.96.0.0/16"
_NAMES = ("localhost", *(f"kubernetes{tail}" for tail in ("", ".default", ".default.svc")))


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """The files that an API server and its controller manager share."""

    authority: Authority
    serving: tuple[Path, Path]
    accounts: Path
    tokens: Path
    admin_token: str

    @classmethod
    def make(cls, folder: Path, *, addresses: tuple[str, ...] = ("127.0.0.1",)) -> Self:
        authority = Authority(folder)
        names = (*_NAMES, "kubernetes.default.svc.cluster.local")
        serving = authority.server("apiserver", names=names, addresses=addresses)
        accounts = folder / "service-accounts.key"
        write_key(accounts)
        token = secrets.token_urlsafe(24)
        tokens = folder / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text(f'{token},admin,admin,"system:masters"\n')
        return cls(authority, serving, accounts, tokens, token)


def etcd_command(data: Path, *, client: str, peer: str) -> list[str]:
    """One member, without fsync: a run's data is worth nothing after a power cut."""
    return [
        *(str(program("etcd")), "--name=rig", f"--data-dir={data}", "--unsafe-no-fsync"),
        *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
        *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
        *(f"--initial-cluster=rig={peer}", "--log-level=warn"),
    ]


def api_server_command(keys: ServerKeys, *, etcd: str, port: int, bind: str) -> list[str]:
    """RBAC on, default admission; the flags that only one level needs are added there."""
    certificate, key = keys.serving
    return [
        *(str(program("kube-apiserver")), f"--etcd-servers={etcd}", f"--secure-port={port}"),
        *(f"--bind-address={bind}", f"--cert-dir={keys.authority.folder}"),
        *(f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}"),
        *(f"--client-ca-file={keys.authority.certificate}", f"--token-auth-file={keys.tokens}"),
        *("--authorization-mode=Node,RBAC", f"--service-cluster-ip-range={SERVICE_ADDRESSES}"),
        *(f"--service-account-issuer={ISSUER}", f"--service-account-key-file={keys.accounts}"),
        *(f"--service-account-signing-key-file={keys.accounts}", "--allow-privileged=true"),
        "--profiling=false",
    ]


def controller_manager_command(keys: ServerKeys, kubeconfig: Path, *, port: int) -> list[str]:
    return [
        *(str(program("kube-controller-manager")), f"--kubeconfig={kubeconfig}"),
        *("--leader-elect=false", "--bind-address=127.0.0.1", f"--secure-port={port}"),
        *(f"--cert-dir={keys.authority.folder}", f"--root-ca-file={keys.authority.certificate}"),
        *(f"--service-account-private-key-file={keys.accounts}", "--profiling=false"),
    ]


class ControlPlane(Kubernetes):
    """A context manager: a ready API server with RBAC, and the controllers of Kubernetes."""

    def __init__(
        self,
        name: str = "control-plane",
        *,
        api_server: Sequence[str] = (),
        controllers: bool = True,
    ) -> None:
        """``api_server``: further flags of kube-apiserver. Without ``controllers`` nothing but the
        API runs: no workload gets pods, and no namespace a ServiceAccount.
        """
        build(CONTROL_PLANE)
        self._flags = api_server
        self._controllers = controllers
        self.run_of = Run(name)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        run = self.run_of
        keys = ServerKeys.make(run.folder / "keys")
        etcd_url = f"http://127.0.0.1:{free_port()}"
        peer_url = f"http://127.0.0.1:{free_port()}"
        self.etcd = run.start(
            "etcd", etcd_command(run.folder / "etcd", client=etcd_url, peer=peer_url)
        )
        port = free_port()
        self.server = f"https://127.0.0.1:{port}"
        self.ca_path = keys.authority.certificate
        self.admin_token = keys.admin_token
        self.kubeconfig = write_kubeconfig(
            run.folder / "kubeconfig",
            server=self.server,
            ca=self.ca_path,
            token=self.admin_token,
            user="admin",
        )
        # Its own endpoint must not be a loopback address, so nobody writes it.
        command = api_server_command(keys, etcd=etcd_url, port=port, bind="127.0.0.1")
        self._api_server = run.start(
            "kube-apiserver", [*command, "--endpoint-reconciler-type=none", *self._flags]
        )
        self._await_ready()
        if self._controllers:
            self.controller_manager: Process = run.start(
                "kube-controller-manager",
                controller_manager_command(keys, self.kubeconfig, port=free_port()),
            )
