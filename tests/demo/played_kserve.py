"""KServe in the demo: its definition is real, its controller is played (``support.controllers``).
The pods are real; what fetches the files into them is a program that only waits.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from rig.cluster.cluster import Cluster
from support.controllers.crds import INFERENCE_SERVICE, install
from support.controllers.kserve import KServe

_EVERY_SECONDS = 1.0


@contextmanager
def kserve(sides: Iterable[tuple[Cluster, str]]) -> Iterator[None]:
    """It looks after these namespaces."""
    with ExitStack() as stack:
        for cluster, namespace in sides:
            install(cluster.kube, INFERENCE_SERVICE)
            fetching = {
                "image": cluster.images.build("loader"),
                "env": [{"name": "SNAPSHOT", "value": "model"}],
            }
            stack.enter_context(
                KServe(cluster.kube, [namespace], fetching=fetching, every=_EVERY_SECONDS)
            )
        yield
