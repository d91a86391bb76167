"""The story of `make demo`, as a test: one run, on a cluster of its own."""

import pytest

from demo import story
from demo.demo_cluster import DemoCluster
from demo.narrator import Narrator
from rig.cluster.cluster import Cluster

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("cluster")]


def test_the_demo_runs_as_expected(cluster: Cluster) -> None:
    narrator = Narrator()
    demo = DemoCluster(cluster, narrator)
    demo.set_up()

    story.run(demo, narrator)
