"""The settings of one node: containerd, CNI, kubelet, kube-proxy and names.

Each line that is not a path answers something that was measured to fail without it, on a machine
without systemd, with cgroup v1 and without CAP_SYS_RESOURCE.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from rig.cluster.enclosure import BRIDGE, NODE_ADDRESS, POD_ADDRESSES, RUNTIME
from rig.programs import program

REGISTRY = "127.0.0.1:5000"
PAUSE = f"{REGISTRY}/pause:1"
NODE = "node-1"


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """The configuration files of a node, and the commands that take them."""

    folder: Path
    kubeconfig: Path
    client_authority: Path
    cgroup: str

    def containerd(self) -> list[str]:
        (self.folder / "cni").mkdir()
        self._json("cni/10-rig.conflist", _cni())
        file = self.folder / "containerd.toml"
        file.write_text(
            f"""
version = 3
root = "{self.folder / "containerd"}"
state = "{RUNTIME}"
[grpc]
address = "{RUNTIME}/containerd.sock"
[ttrpc]
address = "{RUNTIME}/containerd.sock.ttrpc"
[plugins."io.containerd.nri.v1.nri"]
disable = true
[plugins."io.containerd.internal.v1.opt"]
path = "{self.folder / "opt"}"
[plugins."io.containerd.cri.v1.images"]
snapshotter = "{"native" if _on_overlay(self.folder) else "overlayfs"}"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{PAUSE}"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
disable_apparmor = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["{program("bridge").parent}"]
conf_dir = "{self.folder / "cni"}"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "{program("runc")}"
"""
        )
        return [str(program("containerd")), f"--config={file}", "--log-level=warn"]

    def kubelet(self) -> list[str]:
        (self.folder / "kubelet").mkdir()
        settings = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "containerRuntimeEndpoint": f"unix://{RUNTIME}/containerd.sock",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": False},
                "x509": {"clientCAFile": str(self.client_authority)},
            },
            "authorization": {"mode": "AlwaysAllow"},
            "failCgroupV1": False,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.cgroup}",
            "failSwapOn": False,
            "enforceNodeAllocatable": [],
            "makeIPTablesUtilChains": False,
            "resolvConf": "",
            "clusterDNS": [NODE_ADDRESS],
            "clusterDomain": "cluster.local",
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"nodefs.available": "0%", "imagefs.available": "0%"},
            "podLogsDir": str(self.folder / "pods"),
            "volumePluginDir": str(self.folder / "volume-plugins"),
            "fileCheckFrequency": "0s",
            "registryPullQPS": 0,
            "eventRecordQPS": 0,
            "nodeStatusUpdateFrequency": "5s",
            "shutdownGracePeriod": "0s",
        }
        return [
            *(str(program("kubelet")), f"--config={self._json('kubelet.json', settings)}"),
            *(f"--kubeconfig={self.kubeconfig}", f"--root-dir={self.folder / 'kubelet'}"),
            *(f"--cert-dir={self.folder / 'kubelet'}", f"--node-ip={NODE_ADDRESS}"),
            f"--hostname-override={NODE}",
        ]

    def kube_proxy(self) -> list[str]:
        settings = {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "hostnameOverride": NODE,
            "clientConnection": {"kubeconfig": str(self.kubeconfig)},
            "clusterCIDR": POD_ADDRESSES,
            "conntrack": {"maxPerCore": 0, "min": 0},
            "nftables": {"minSyncPeriod": "100ms"},
        }
        return [str(program("kube-proxy")), f"--config={self._json('kube-proxy.json', settings)}"]

    def coredns(self) -> list[str]:
        file = self.folder / "Corefile"
        file.write_text(
            f"""cluster.local in-addr.arpa {{
    bind {NODE_ADDRESS}
    errors
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {self.kubeconfig} rig
        ttl 0
    }}
}}
"""
        )
        return [str(program("coredns")), f"-conf={file}", "-quiet"]

    def _json(self, name: str, settings: object) -> Path:
        file = self.folder / name
        file.write_text(json.dumps(settings, indent=1))
        return file


def _cni() -> dict[str, object]:
    addresses = {
        "type": "host-local",
        "dataDir": str(RUNTIME / "addresses"),
        "ranges": [[{"subnet": POD_ADDRESSES, "rangeStart": "10.244.0.10"}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "hairpinMode": True,
        "ipam": addresses,
    }
    return {"cniVersion": "1.0.0", "name": "rig", "plugins": [bridge]}


def _on_overlay(folder: Path) -> bool:
    """An overlay cannot lie on an overlay, as in a container that runs this rig."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    under = [(len(m[1]), m[2]) for m in mounts if f"{folder}/".startswith(f"{m[1].rstrip('/')}/")]
    return max(under)[1] == "overlay"
