"""What one side shows: its pods, what scales them, and the nodes that they are on."""

from collections.abc import Mapping
from dataclasses import dataclass

from stagingmirror.api.spec.track.serving import Serving
from stagingmirror.component import Side, Sides
from stagingmirror.components.serving.files import Files
from stagingmirror.components.serving.names import counted_containers, place_of
from stagingmirror.components.serving.offers import Offered
from stagingmirror.components.serving.pods import Running, running
from stagingmirror.drift.facts import Why
from stagingmirror.reading.reading import Ended, Reading
from stagingmirror.reading.running import pods_that_count
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import Workload
from stagingmirror.sources.kubernetes.subjects.serving import (
    Autoscaler,
    AutoscalerSubject,
    Nodes,
    NodesSubject,
)
from stagingmirror.view import Observed

# Each node, or as many replicas as KServe wants: no HorizontalPodAutoscaler that anybody made
# scales these.
_SCALED_BY_OTHERS = frozenset({"DaemonSet", "InferenceService", "Transformer", "Explainer"})

# Why all but nodes is compared.
_WITHOUT_NODES = frozenset({Reason.FORBIDDEN, Reason.NOT_THERE})


@dataclass(frozen=True, slots=True)
class ServingSide:
    """``has_fixed_replicas``: as many as its workload declares. ``nodes``: Why: not seen."""

    workload: Workload
    running: Running
    scaling: Mapping[str, str]
    has_fixed_replicas: bool
    nodes: Nodes | Why
    declared: bool


def side_of(entry: Serving, side: Side, sides: Sides, reading: Reading) -> ServingSide:
    """Raises Ended where the workload, its pods or its autoscaler prove nothing."""
    place = place_of(entry, side)
    of = (place.cluster, place.kind, place.namespace, place.name)
    nodes, scaler = NodesSubject(*of), AutoscalerSubject(*of)
    # So that they stay wanted while the workload proves nothing.
    reading.view.get(nodes)
    reading.view.get(scaler)
    workload = reading.get(place)
    pods = pods_that_count(reading, workload)
    containers = counted_containers(entry, side, reading, workload)
    scaled = _scaled(scaler, workload, reading)
    offered = Offered(sides)
    files = Files(reading, place, offered)
    return ServingSide(
        workload=workload,
        running=running(workload, pods, containers, offered, files),
        scaling=scaled.facts,
        has_fixed_replicas=not scaled.names and place.kind not in _SCALED_BY_OTHERS,
        nodes=_nodes(nodes, reading),
        declared=not pods,
    )


def _scaled(subject: AutoscalerSubject, workload: Workload, reading: Reading) -> Autoscaler:
    if subject.of in _SCALED_BY_OTHERS:
        return Autoscaler((), workload.service)
    return reading.get(subject)


def _nodes(subject: NodesSubject, reading: Reading) -> Nodes | Why:
    """Who may not read nodes, or not any more, or meets one that just goes, is shown all else.
    Raises Ended where nodes are not seen for another reason.
    """
    answer = reading.view.get(subject)
    trouble = answer.trouble if isinstance(answer, Observed) else None
    if trouble is not None and trouble.reason in _WITHOUT_NODES:
        return trouble
    try:
        return reading.get(subject)
    except Ended as ended:
        if ended.why.reason not in _WITHOUT_NODES:
            raise
        return ended.why
