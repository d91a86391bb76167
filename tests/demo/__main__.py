"""`make demo`: the story on a cluster of its own. Exit code 1 where anything was unexpected."""

import argparse
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from demo import story
from demo.connection import connected
from demo.demo_cluster import DemoCluster
from demo.narrator import Narrator, NotAsExpectedError
from demo.played_kserve import kserve
from rig.catalogue import EVERYTHING
from rig.cluster import system
from rig.cluster.cluster import Cluster
from rig.programs import RigError, build, program
from support.operators.operator_image import operator_image


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument(
        "--keep", action="store_true", help="leave everything running until Ctrl-C, to explore"
    )
    parser.add_argument(
        "--clusters", type=int, choices=(1, 2), default=2, help="1: production is in staging's"
    )
    given = parser.parse_args()
    narrator = Narrator()
    try:
        # What takes minutes the first time comes first; a missing tool is an error at once.
        system.provide()
        build(EVERYTHING)
        operator_image()
        with ExitStack() as stack:
            cluster = stack.enter_context(Cluster("demo"))
            two = stack.enter_context(connected(cluster)) if given.clusters == 2 else None
            demo = DemoCluster(cluster, narrator, two)
            stack.enter_context(kserve(demo.sides))
            as_expected = _run(demo, narrator)
            if given.keep:
                _explore(demo, narrator)
    except RigError as wrong:
        narrator.failed(str(wrong))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if as_expected else 1


def _run(demo: DemoCluster, narrator: Narrator) -> bool:
    """Whether everything was as expected; what was not is shown with the operator's log."""
    try:
        demo.set_up()
        story.run(demo, narrator)
    except (NotAsExpectedError, RigError) as wrong:
        narrator.failed(str(wrong))
    except subprocess.CalledProcessError as wrong:
        narrator.failed(f"{wrong}\n{wrong.stdout}\n{wrong.stderr}")
    else:
        narrator.line("\nEverything was as expected.")
        return True
    narrator.line(f"The end of the operator's log:\n{demo.operator_log()}")
    return False


def _explore(demo: DemoCluster, narrator: Narrator) -> None:
    programs = f"{program('kubectl').parent}:{Path(sys.executable).parent}"
    narrator.line("Everything stays until Ctrl-C. In another terminal:\n")
    narrator.line(f"  export KUBECONFIG={demo.kubeconfig} PATH={programs}:$PATH")
    narrator.line("  # the last act has stopped the operator: start it again")
    narrator.line("  kubectl -n stagingmirror-system scale deployment/stagingmirror --replicas=2")
    narrator.line("  kubectl get stagingmirrors -A")
    narrator.line("  kubectl -n ml-staging describe smir fraud")
    narrator.line("  kubectl stagingmirror status fraud -n ml-staging")
    try:
        signal.pause()
    except KeyboardInterrupt:
        narrator.line("cleaning up")


if __name__ == "__main__":
    sys.exit(main())
