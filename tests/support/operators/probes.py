"""What asks anew on a sandbox, where the test calls every pass itself."""

import time
from collections import defaultdict

from stagingmirror.engine.observe.probes import Probes
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.state import ObserveState
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.sources.kubernetes.clusters.clusters import Clusters
from stagingmirror.sources.mlflow.poll.source import MlflowSource


def probes_of(cluster: Clusters, registry: MlflowSource) -> Probes:
    """Brings nobody back: the next pass comes anyway."""
    sources = Sources(cluster, registry)
    states: defaultdict[MirrorKey, ObserveState] = defaultdict(ObserveState)
    subscriptions = Subscriptions(sources, leading=lambda: True)
    return Probes(
        sources,
        subscriptions=subscriptions,
        state_of=states.__getitem__,
        again=lambda key: None,
        clock=time.time,
    )
