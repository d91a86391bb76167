"""`make demo`: the story on a cluster of its own. Exit code 1 where anything was not as told."""

import argparse
import signal
import subprocess
import sys
from pathlib import Path

from demo.narrator import Narrator, NotAsToldError
from demo.stage import Stage
from demo.story import tell
from rig.catalogue import EVERYTHING
from rig.cluster import system
from rig.cluster.cluster import Cluster
from rig.programs import RigError, build, program
from support.operators.operator_image import operator_image


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument(
        "--keep", action="store_true", help="leave everything running until Ctrl-C, to look around"
    )
    keep = parser.parse_args().keep
    narrator = Narrator()
    try:
        # What takes minutes the first time comes first, and what is missing is said at once.
        system.provide()
        build(EVERYTHING)
        operator_image()
        with Cluster("demo") as cluster:
            stage = Stage(cluster, narrator)
            as_told = _told(stage, narrator)
            if keep:
                _look_around(stage, narrator)
    except RigError as wrong:
        narrator.failed(str(wrong))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if as_told else 1


def _told(stage: Stage, narrator: Narrator) -> bool:
    """Whether everything was as told; what was not is shown with what the operator says."""
    try:
        stage.set()
        tell(stage, narrator)
    except (NotAsToldError, RigError) as wrong:
        narrator.failed(str(wrong))
    except subprocess.CalledProcessError as wrong:
        narrator.failed(f"{wrong}\n{wrong.stdout}\n{wrong.stderr}")
    else:
        narrator.say("\nEverything was as told.")
        return True
    narrator.say(f"The operator's last words:\n{stage.last_words()}")
    return False


def _look_around(stage: Stage, narrator: Narrator) -> None:
    programs = f"{program('kubectl').parent}:{Path(sys.executable).parent}"
    narrator.say("The cluster stays until Ctrl-C. In another terminal:\n")
    narrator.say(f"  export KUBECONFIG={stage.cluster.kubeconfig} PATH={programs}:$PATH")
    narrator.say("  kubectl -n stagingmirror-system scale deployment/stagingmirror --replicas=2")
    narrator.say("  kubectl get stagingmirrors -A")
    narrator.say("  kubectl -n ml-staging describe smir fraud")
    narrator.say("  kubectl stagingmirror status fraud -n ml-staging")
    try:
        signal.pause()
    except KeyboardInterrupt:
        narrator.say("cleaning up")


if __name__ == "__main__":
    sys.exit(main())
