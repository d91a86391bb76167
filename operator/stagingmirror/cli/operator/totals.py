"""What parts of the operator count themselves, as metrics."""

from stagingmirror.engine.leader.elector import Elector
from stagingmirror.metrics import Metrics
from stagingmirror.sources.kubernetes.clusters.clusters import Clusters


def count(metrics: Metrics, clusters: Clusters, elector: Elector) -> None:
    metrics.total(
        "stagingmirror_sweeps",
        "How often watches were proven against a LIST.",
        lambda: clusters.counts.sweeps,
    )
    metrics.total(
        "stagingmirror_watch_repairs",
        "Objects that a sweep found otherwise than the watches had reported.",
        lambda: clusters.counts.repaired,
    )
    metrics.total(
        "stagingmirror_leader_transitions",
        "How often the Lease has changed its holder.",
        lambda: elector.transitions,
    )
