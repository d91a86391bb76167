"""`make demo`: the story on a cluster of its own. Exit code 1 where anything was not as told."""

import argparse
import subprocess
import sys

from demo.narrator import Narrator, NotAsToldError
from demo.stage import Stage
from demo.story import tell
from rig.cluster import Cluster
from rig.programs import RigError


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument(
        "--keep", action="store_true", help="leave everything running until Ctrl-C, to look around"
    )
    keep = parser.parse_args().keep
    narrator = Narrator()
    try:
        with Cluster("demo") as cluster:
            stage = Stage(cluster, narrator)
            stage.set()
            tell(stage, narrator)
            narrator.say("\nEverything was as told.")
            if keep:
                _look_around(stage, narrator)
    except (NotAsToldError, RigError) as wrong:
        narrator.failed(str(wrong))
        return 1
    except subprocess.CalledProcessError as wrong:
        narrator.failed(f"{wrong}\n{wrong.stdout}\n{wrong.stderr}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _look_around(stage: Stage, narrator: Narrator) -> None:
    narrator.say("The cluster stays until Ctrl-C. In another terminal:\n")
    narrator.say(f"  export KUBECONFIG={stage.cluster.kubeconfig}")
    narrator.say("  kubectl -n stagingmirror-system scale deployment/stagingmirror --replicas=2")
    narrator.say("  kubectl get stagingmirrors -A")
    narrator.say("  kubectl -n ml-staging describe smir fraud")
    narrator.say("  stagingmirror status fraud -n ml-staging")
    try:
        input()
    except (EOFError, KeyboardInterrupt):
        narrator.say("cleaning up")


if __name__ == "__main__":
    sys.exit(main())
