"""`make run`: the operator as a local process against a rig, for development. Ctrl-C ends both.

Production and staging are those of the demo. The operator runs outside the cluster, so the
environments name the MLflow servers by their forwarded addresses.
"""

import subprocess
import sys

import yaml

from demo.narrator import Narrator
from demo.stage import EXAMPLES, OPERATOR_NAMESPACE, PRODUCTION, ROOT, STAGING, Stage
from rig.cluster import Cluster
from rig.programs import RigError


def main() -> int:
    narrator = Narrator()
    try:
        with Cluster("run") as cluster:
            stage = Stage(cluster, narrator)
            stage.set_sides()
            _describe_the_sides(stage)
            stage.kubectl("apply", "-f", str(EXAMPLES / "mirror.yaml"))
            narrator.say(f"\n  export KUBECONFIG={cluster.kubeconfig}\n")
            narrator.say("is for your other terminals. The operator, until Ctrl-C:\n")
            return _operate(stage)
    except RigError as wrong:
        narrator.failed(str(wrong))
        return 1
    except KeyboardInterrupt:
        return 130


def _describe_the_sides(stage: Stage) -> None:
    stage.kubectl("apply", "--server-side", "-f", str(ROOT / "crds"))
    addresses = {"production": stage.mlflow[PRODUCTION], "staging": stage.mlflow[STAGING]}
    for environment in yaml.safe_load_all((EXAMPLES / "environments.yaml").read_text()):
        server = addresses[environment["metadata"]["name"]]
        environment["spec"]["mlflow"] = {"url": server.probe}
        stage.kubectl("apply", "-f", "-", given=yaml.safe_dump(environment))


def _operate(stage: Stage) -> int:
    options = ["--namespace", OPERATOR_NAMESPACE, "--log-format", "console"]
    command = [sys.executable, "-m", "stagingmirror", "run", *options]
    kubeconfig = ["--kubeconfig", str(stage.cluster.kubeconfig)]
    return subprocess.run([*command, *kubeconfig], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
