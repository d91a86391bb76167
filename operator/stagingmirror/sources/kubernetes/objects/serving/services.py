"""How KServe serves and scales a part of an InferenceService, by its declaration. Pure.

Source: kserve, pkg/apis/serving/v1beta1/component.go; ``minReplicas`` is 1 where none is given.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from stagingmirror.sources.kubernetes.objects.serving.metrics import metrics

Body: TypeAlias = Mapping[str, Any]
_NUMBERS = {
    "maxReplicas": "autoscaling.maxReplicas",
    "containerConcurrency": "containerConcurrency",
    "timeout": "timeout",
    "canaryTrafficPercent": "canaryTrafficPercent",
}
_BATCHER = ("maxBatchSize", "maxLatency", "timeout")


def service_of(part: Body) -> dict[str, str]:
    minimum = part.get("minReplicas")
    facts = {"autoscaling.minReplicas": str(1 if minimum is None else minimum)}
    facts |= {
        fact: str(part[field]) for field, fact in _NUMBERS.items() if part.get(field) is not None
    }
    batcher = part.get("batcher")
    for field in _BATCHER:
        if batcher is not None and batcher.get(field) is not None:
            facts[f"batcher.{field}"] = str(batcher[field])
    if batcher is not None:
        facts["batcher"] = "on"
    if part.get("scaleTarget") is not None:
        name = part.get("scaleMetric") or "scaleTarget"
        facts[f"autoscaling.metric.{name}"] = str(part["scaleTarget"])
    return facts | dict(metrics((part.get("autoScaling") or {}).get("metrics") or ()))
