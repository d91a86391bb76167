"""The story of `make demo`, as a test: production in a cluster of its own. With both sides in one
(`CLUSTERS=1`) it is the same story without its first and last act; a run has no minutes for it.
"""

from collections.abc import Iterator

import pytest

from demo import story
from demo.connection import Connection, connected
from demo.demo_cluster import DemoCluster
from demo.narrator import Narrator
from demo.played_kserve import kserve
from rig.cluster.cluster import Cluster

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("cluster")]


@pytest.fixture
def connection(cluster: Cluster) -> Iterator[Connection]:
    """Production's cluster beside the one of all tests."""
    with connected(cluster) as connection:
        yield connection


def test_the_demo_runs_as_expected(cluster: Cluster, connection: Connection) -> None:
    narrator = Narrator()
    demo = DemoCluster(cluster, narrator, connection)
    with kserve(demo.sides):
        demo.set_up()

        story.run(demo, narrator)
