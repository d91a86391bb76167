"""`make run`: the operator as a local process against a rig, for development. Ctrl-C ends both.

Production and staging are those of the demo. The operator runs outside the cluster, so the
environments name the MLflow servers by their forwarded addresses.
"""

import subprocess
import sys

import yaml

from demo.connection import OPERATOR_NAMESPACE
from demo.demo_cluster import EXAMPLES, PRODUCTION, ROOT, STAGING, DemoCluster
from demo.narrator import Narrator
from rig.cluster.cluster import Cluster
from rig.programs import RigError
from support.kubernetes.rights import ACCOUNT, grant
from support.resources import resources


def main() -> int:
    narrator = Narrator()
    try:
        with Cluster("run") as cluster:
            demo = DemoCluster(cluster, narrator)
            demo.set_sides(in_buckets=False)
            _describe_the_sides(demo)
            demo.kubectl("apply", "-f", str(EXAMPLES / "mirror.yaml"))
            narrator.line(f"\n  export KUBECONFIG={cluster.kubeconfig}\n")
            narrator.line("is for your other terminals. The operator, until Ctrl-C:\n")
            return _operate(demo)
    except RigError as wrong:
        narrator.failed(str(wrong))
        return 1
    except subprocess.CalledProcessError as wrong:
        narrator.failed(f"{wrong}\n{wrong.stdout}\n{wrong.stderr}")
        return 1
    except KeyboardInterrupt:
        return 130


def _describe_the_sides(demo: DemoCluster) -> None:
    demo.kubectl("apply", "--server-side", "-f", str(ROOT / "crds"))
    demo.kubectl("wait", "--for=condition=Established", "-f", str(ROOT / "crds"))
    servers = {"production": demo.mlflow[PRODUCTION], "staging": demo.mlflow[STAGING]}
    values = yaml.safe_load((EXAMPLES / "values.yaml").read_text())
    for name, spec in values["environments"].items():
        spec["mlflow"] = {"url": servers[name].probe}
        demo.cluster.kube.apply(resources.environment(name, **{"comparable": {}, **spec}))
    grant(demo.cluster.kube, operator=OPERATOR_NAMESPACE, production=PRODUCTION, staging=STAGING)


def _operate(demo: DemoCluster) -> int:
    """As its own ServiceAccount: an administrator could write in production."""
    account = demo.cluster.service_account(OPERATOR_NAMESPACE, ACCOUNT)
    options = ["--namespace", OPERATOR_NAMESPACE, "--release", OPERATOR_NAMESPACE]
    options += ["--log-format", "console", "--metrics-port=0"]
    command = [sys.executable, "-m", "stagingmirror", "run", *options]
    return subprocess.run([*command, "--kubeconfig", str(account)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
