"""Level `cluster`: a whole Kubernetes with one node, in namespaces of its own. Root on Linux.

Everything of `control_plane`, and scheduler, registry, containerd, kubelet, kube-proxy and names.
Pods are real containers; Services, DNS, logs and exec work. Nothing of the host's network is
touched.
"""

from collections.abc import Sequence
from pathlib import Path

from rig import sweep
from rig.catalogue import CLUSTER
from rig.cluster import node, system
from rig.cluster.enclosure import NODE_ADDRESS, Enclosure, make_cgroup
from rig.cluster.images import Images
from rig.control_plane import (
    ServerKeys,
    api_server_command,
    controller_manager_command,
    etcd_command,
)
from rig.kubernetes import Kubernetes, write_kubeconfig
from rig.mlflow_server import MlflowServer
from rig.process import Process
from rig.programs import build, program
from rig.run import Run, until

_ETCD = "http://127.0.0.1:2379"
_API_PORT = 6443
_FIRST_MLFLOW_PORT = 5500


class Cluster(Kubernetes):
    """A context manager: a cluster whose node is Ready and whose registry holds `pause`."""

    registry = node.REGISTRY
    server_inside = f"https://127.0.0.1:{_API_PORT}"

    def __init__(self, name: str = "cluster", *, api_server: Sequence[str] = ()) -> None:
        """``api_server``: further flags of kube-apiserver."""
        system.provide()
        build(CLUSTER)
        self._flags = api_server
        self.run_of = Run(name)
        self._mlflow_servers = 0
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        self.enclosure = Enclosure(self.run_of)
        self._keys = ServerKeys.make(
            self.run_of.folder / "keys", addresses=("127.0.0.1", NODE_ADDRESS, "10.96.0.1")
        )
        self.ca_path = self._keys.authority.certificate
        self.admin_token = self._keys.admin_token
        self._start_servers()
        settings = self._node_settings()
        self._inside("containerd", settings.containerd(), node_files=True)
        self.images = Images(self.enclosure, self.run_of.folder / "images")
        self._await_ready()
        self._start_controllers()
        self.images.build("pause")
        self._inside("kubelet", settings.kubelet(), node_files=True)
        self._inside("kube-proxy", settings.kube_proxy())
        self._inside("coredns", settings.coredns())
        self._await_node()

    def _start_servers(self) -> None:
        data = self.run_of.folder / "etcd"
        peer = "http://127.0.0.1:2380"
        self.etcd = self._inside("etcd", etcd_command(data, client=_ETCD, peer=peer))
        disk = self.run_of.folder / "registry"
        disk.mkdir()
        self._inside(
            "registry",
            [program("crane"), "registry", "serve", f"--address={self.registry}", f"--disk={disk}"],
        )
        client, key = self._keys.authority.client("kubelet-client", organization="system:masters")
        self._api_server = self._inside(
            "kube-apiserver",
            [
                *api_server_command(self._keys, etcd=_ETCD, port=_API_PORT, bind="0.0.0.0"),
                *(f"--advertise-address={NODE_ADDRESS}", f"--kubelet-client-key={key}"),
                f"--kubelet-client-certificate={client}",
                "--kubelet-preferred-address-types=InternalIP",
                *self._flags,
            ],
        )
        port = self.forward("127.0.0.1", _API_PORT)
        self.server = f"https://127.0.0.1:{port}"
        self.kubeconfig = self._write_kubeconfig("kubeconfig", self.server)
        self.kubeconfig_inside = self._write_kubeconfig("kubeconfig-inside", self.server_inside)

    def _start_controllers(self) -> None:
        inside = self.kubeconfig_inside
        self.controller_manager = self._inside(
            "kube-controller-manager",
            controller_manager_command(self._keys, inside, port=10257),
        )
        self._inside(
            "kube-scheduler",
            [program("kube-scheduler"), f"--kubeconfig={inside}", "--leader-elect=false"],
        )

    def _node_settings(self) -> node.NodeSettings:
        folder = self.run_of.folder / "node"
        folder.mkdir()
        cgroup = sweep.cgroup_of(self.run_of.folder)
        make_cgroup(cgroup)
        return node.NodeSettings(folder, self.kubeconfig_inside, self.ca_path, cgroup)

    def _inside(
        self, name: str, command: Sequence[str | Path], *, node_files: bool = False
    ) -> Process:
        prefix = self.enclosure.in_node if node_files else self.enclosure.in_network
        path = f"{program('containerd').parent}:/usr/sbin:/usr/bin:/sbin:/bin"
        return self.run_of.start(name, [*prefix, *command], environment={"PATH": path})

    def _write_kubeconfig(self, name: str, server: str) -> Path:
        path = self.run_of.folder / name
        return write_kubeconfig(
            path, server=server, ca=self.ca_path, token=self.admin_token, user="admin"
        )

    def _await_node(self) -> None:
        def ready() -> bool:
            found = self.kube.find("v1", "Node", node.NODE)
            conditions = found["status"].get("conditions", []) if found else []
            return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

        until(ready, within=90, what=f"the node is not Ready (logs in {self.run_of.folder})")

    def run(self, command: Sequence[str | Path], *, timeout: float = 60) -> str:
        """Run a command inside the cluster's network, with the host's files; its output."""
        return self.enclosure.run(command, timeout=timeout)

    def forward(self, host: str, port: int) -> int:
        """A port of the host's 127.0.0.1 that leads to `host:port` inside (pod, Service, node)."""
        return self.enclosure.forward(host, port)

    def reach(self, other: "Cluster", host: str, port: int) -> int:
        """A port of this node that leads to `host:port` inside another cluster."""
        return other.enclosure.forward(host, port, to=self.enclosure)

    def admit(self, port: int) -> int:
        """A port of this node that leads to a port of the host's 127.0.0.1."""
        return self.enclosure.admit(port)

    def reach_api_server(self, other: "Cluster") -> str:
        """The address of another cluster's API server, for pods of this one."""
        return f"https://{NODE_ADDRESS}:{self.reach(other, '127.0.0.1', _API_PORT)}"

    def mlflow(
        self,
        namespace: str,
        name: str = "mlflow",
        *,
        password: str | None = None,
        options: Sequence[str] = (),
    ) -> MlflowServer:
        """An MLflow server that pods reach as http://<name>.<namespace>.svc:5000.

        From the host it is reached at `.probe`. The namespace is created if there is none.
        """
        port = _FIRST_MLFLOW_PORT + self._mlflow_servers
        self._mlflow_servers += 1
        server = MlflowServer(
            f"{namespace}-{name}",
            host=NODE_ADDRESS,
            port=port,
            password=password,
            run=self.run_of,
            enter=self.enclosure.in_network,
            probe=f"http://127.0.0.1:{self.forward(NODE_ADDRESS, port)}",
            wait=False,
            options=options,
        )
        self.serve(namespace, name, port)
        return server

    def serve(self, namespace: str, name: str, port: int) -> None:
        """Give a port of the node the name <name>.<namespace>.svc:5000."""
        self.kube.apply(*_service_without_pods(namespace, name, port))


def _service_without_pods(namespace: str, name: str, port: int) -> list[dict[str, object]]:
    """A Service whose only endpoint is a port of the node."""
    labels = {"kubernetes.io/service-name": name}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"ports": [{"name": "http", "port": 5000, "targetPort": port}]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-rig", "namespace": namespace, "labels": labels},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [NODE_ADDRESS], "conditions": {"ready": True}}],
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        },
    ]
