"""What asks anew on a sandbox, where the test calls every pass itself."""

import time

from stagingmirror.engine.observe.check_requests import CheckRequests
from stagingmirror.engine.observe.probes import Probes
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.sources.kubernetes.watch.source import KubernetesSource
from stagingmirror.sources.mlflow.poll.source import MlflowSource


def probes_of(cluster: KubernetesSource, registry: MlflowSource) -> Probes:
    """Brings nobody back: the next pass comes anyway."""
    subscriptions = Subscriptions(cluster=cluster, registry=registry, leading=lambda: True)
    return Probes(
        cluster,
        registry,
        subscriptions=subscriptions,
        tokens=CheckRequests(),
        again=lambda key: None,
        clock=time.time,
    )
