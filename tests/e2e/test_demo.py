"""The story that `make demo` tells, as a test: one run, on a cluster of its own."""

import pytest

from demo.narrator import Narrator
from demo.stage import Stage
from demo.story import tell
from rig.cluster.cluster import Cluster

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("cluster")]


def test_the_demo_goes_as_it_is_told(cluster: Cluster) -> None:
    narrator = Narrator()
    stage = Stage(cluster, narrator)
    stage.set()

    tell(stage, narrator)
