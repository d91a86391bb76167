"""Which programs there are, how each is built, and which a level needs."""

from dataclasses import dataclass

KUBERNETES = "1.37.2"
_VERSION = "k8s.io/component-base/version"
_KUBERNETES_FLAGS = " ".join(
    f"-X {_VERSION}.{key}={value}"
    for key, value in {
        "gitVersion": f"v{KUBERNETES}",
        "gitMajor": KUBERNETES.split(".")[0],
        "gitMinor": KUBERNETES.split(".")[1],
        "gitTreeState": "clean",
        "gitCommit": "0" * 40,
        "buildDate": "1970-01-01T00:00:00Z",
    }.items()
)


@dataclass(frozen=True, slots=True)
class Program:
    """One program: where its source is and what building it takes; `seconds` is only shown."""

    name: str
    module: str
    package: str
    seconds: int
    ldflags: str = ""
    tags: str = ""
    cgo: bool = False


def _kubernetes(name: str, seconds: int) -> Program:
    return Program(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", seconds, _KUBERNETES_FLAGS)


_CONTAINERD = "github.com/containerd/containerd/v2"
_CONTAINERD_FLAGS = f"-X {_CONTAINERD}/version.Version=2.4.2"
_CONTAINERD_TAGS = "no_btrfs no_devmapper no_zfs"
_CNI = "github.com/containernetworking/plugins/plugins"

PROGRAMS = {
    program.name: program
    for program in (
        Program("etcd", "etcd", ".", 25),
        _kubernetes("kube-apiserver", 330),
        _kubernetes("kube-controller-manager", 90),
        _kubernetes("kubectl", 20),
        _kubernetes("kube-scheduler", 10),
        _kubernetes("kubelet", 25),
        _kubernetes("kube-proxy", 10),
        *(
            Program(
                name,
                "containers",
                f"{_CONTAINERD}/cmd/{name}",
                seconds,
                _CONTAINERD_FLAGS,
                _CONTAINERD_TAGS,
            )
            for name, seconds in {"containerd": 70, "containerd-shim-runc-v2": 5}.items()
        ),
        Program(
            "runc",
            "runc",
            "github.com/opencontainers/runc",
            10,
            "-X main.version=1.5.2",
            "seccomp",
            cgo=True,
        ),
        Program("bridge", "cni", f"{_CNI}/main/bridge", 5),
        Program("loopback", "cni", f"{_CNI}/main/loopback", 2),
        Program("host-local", "cni", f"{_CNI}/ipam/host-local", 2),
        Program("crane", "crane", "github.com/google/go-containerregistry/cmd/crane", 10),
        Program("coredns", "dns", "github.com/coredns/coredns", 110),
        Program(
            "helm",
            "helm",
            "helm.sh/helm/v4/cmd/helm",
            90,
            "-X helm.sh/helm/v4/internal/version.version=v4.3.1",
        ),
        Program(
            "promtool",
            "prometheus",
            "github.com/prometheus/prometheus/cmd/promtool",
            300,
            tags="remove_all_sd",  # it judges rules; what it could discover stays out
        ),
    )
}

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
CLUSTER = (
    *CONTROL_PLANE,
    *("kube-scheduler", "kubelet", "kube-proxy"),
    *("containerd", "containerd-shim-runc-v2", "runc"),
    *("bridge", "loopback", "host-local", "crane", "coredns"),
)
LEVELS = {"control-plane": CONTROL_PLANE, "cluster": CLUSTER}
EVERYTHING = (*CLUSTER, "helm", "promtool")
