"""What scales a workload, as its objects say."""

from typing import Any

import pytest

from stagingmirror.sources.kubernetes.objects.serving.autoscalers import (
    horizontal,
    scaled_object,
    scaling,
)
from stagingmirror.sources.kubernetes.objects.serving.services import service_of

Body = dict[str, Any]


def body(name: str = "server", target: Body | None = None, **spec: Any) -> Body:
    return {
        "metadata": {"uid": f"uid-{name}", "namespace": "ml", "name": name, "resourceVersion": "7"},
        "spec": {
            "scaleTargetRef": target
            or {"apiVersion": "apps/v1", "kind": "Deployment", "name": "server"},
            **spec,
        },
    }


def cpu(percent: int) -> Body:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def test_a_horizontal_pod_autoscaler_is_found_by_what_it_scales() -> None:
    found = [horizontal(body(minReplicas=2, maxReplicas=8, metrics=[cpu(70)]))]

    scaler = scaling("Deployment", "server", found)

    assert scaler.names == ("HorizontalPodAutoscaler server",)
    assert scaler.facts == {
        "autoscaling.minReplicas": "2",
        "autoscaling.maxReplicas": "8",
        "autoscaling.metric.cpu": "70% on average",
    }
    for kind, name in (("Deployment", "other"), ("StatefulSet", "server"), ("Rollout", "server")):
        assert scaling(kind, name, found).names == ()


def test_one_of_another_group_is_another_thing() -> None:
    target = {"apiVersion": "example.com/v1", "kind": "Deployment", "name": "server"}

    assert scaling("Deployment", "server", [horizontal(body(target=target, maxReplicas=3))]) == (
        scaling("Deployment", "server", [])
    )


def test_metrics_of_each_kind_are_named_with_their_targets() -> None:
    metrics = [
        {
            "type": "Pods",
            "pods": {"metric": {"name": "queue"}, "target": {"averageValue": "1500m"}},
        },
        {
            "type": "Object",
            "object": {
                "metric": {"name": "rps"},
                "describedObject": {"kind": "Ingress", "name": "main"},
                "target": {"value": "2k"},
            },
        },
        {
            "type": "ContainerResource",
            "containerResource": {
                "name": "memory",
                "container": "server",
                "target": {"averageUtilization": 60},
            },
        },
    ]

    facts = scaling(
        "Deployment", "server", [horizontal(body(maxReplicas=3, metrics=metrics))]
    ).facts

    assert facts["autoscaling.metric.queue"] == "1.5 on average"
    assert facts["autoscaling.metric.rps"] == "2000 of Ingress main"
    assert facts["autoscaling.metric.memory"] == "60% on average in server"


def test_a_scaled_object_counts_and_the_autoscaler_that_keda_made_does_not() -> None:
    made = body("keda-hpa-server", maxReplicas=9)
    made["metadata"]["ownerReferences"] = [{"kind": "ScaledObject", "name": "server"}]
    trigger = {
        "type": "prometheus",
        "metricType": "AverageValue",
        "metadata": {
            "serverAddress": "http://user:planted@prometheus:9090",
            "query": "planted",
            "threshold": "100",
            "password": "12345",
        },
    }
    found = [horizontal(made), scaled_object(body(maxReplicaCount=5, triggers=[trigger]))]

    scaler = scaling("Deployment", "server", found)

    assert scaler.names == ("ScaledObject server",)
    assert scaler.facts["autoscaling.minReplicas"] == "0"
    assert scaler.facts["autoscaling.maxReplicas"] == "5"
    assert (
        scaler.facts["autoscaling.metric.prometheus"] == "prometheus, AverageValue, threshold 100"
    )
    assert "planted" not in repr(found)
    assert "12345" not in repr(found)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("100.0", "100"),
        ("-5", "-5"),
        ("+5", "5"),
        ("1e3", "1000"),
        ("500m", "0.5"),
        ("1Ki", "1024"),
        (".5", "0.5"),
    ],
)
def test_every_amount_that_keda_reads_is_shown_by_its_value(given: str, shown: str) -> None:
    trigger = {"type": "prometheus", "metadata": {"activationThreshold": given}}

    scaler = scaling("Deployment", "server", [scaled_object(body(triggers=[trigger]))])

    assert scaler.facts["autoscaling.metric.prometheus"] == (
        f"prometheus, activationThreshold {shown}"
    )


@pytest.mark.parametrize("given", ["٤", "planted", "5 planted", "1" * 40, "1e5.5", ".", ""])
def test_what_is_no_amount_of_a_trigger_is_not_shown(given: str) -> None:
    trigger = {"type": "prometheus", "metadata": {"threshold": given}}

    scaler = scaling("Deployment", "server", [scaled_object(body(triggers=[trigger]))])

    assert scaler.facts["autoscaling.metric.prometheus"] == "prometheus"


def test_what_keda_does_where_its_metrics_fail_and_at_the_start_is_shown() -> None:
    fallback = {"replicas": 6, "failureThreshold": 3, "behavior": "static"}
    made = scaled_object(body(fallback=fallback, initialCooldownPeriod=120))

    facts = scaling("Deployment", "server", [made]).facts

    assert facts["autoscaling.fallback"] == "6 replicas after 3 failures, static"
    assert facts["autoscaling.initialCooldownPeriod"] == "120s"


def test_what_an_autoscaler_tolerates_is_shown_by_its_value() -> None:
    rules = {"scaleUp": {"tolerance": "50m"}}

    facts = scaling("Deployment", "server", [horizontal(body(maxReplicas=3, behavior=rules))]).facts

    assert facts["autoscaling.scaleUp"] == "tolerance 0.05"


@pytest.mark.parametrize("spec", [None, {}, {"scaleTargetRef": "x"}, {"triggers": 3}])
def test_a_scaled_object_without_its_shape_scales_nothing(spec: Any) -> None:
    odd = body()
    odd["spec"] = spec

    assert scaling("Deployment", "server", [scaled_object(odd)]).names == ()


def test_two_autoscalers_of_one_workload_are_both_shown() -> None:
    found = [horizontal(body(name, maxReplicas=n)) for name, n in (("a", 3), ("b", 5))]

    scaler = scaling("Deployment", "server", found)

    assert scaler.names == ("HorizontalPodAutoscaler a", "HorizontalPodAutoscaler b")
    assert scaler.facts["autoscaling.maxReplicas"] == "3 and 5"


def test_kserve_scales_and_serves_by_its_own_fields() -> None:
    part = {
        "maxReplicas": 4,
        "scaleTarget": 10,
        "scaleMetric": "concurrency",
        "containerConcurrency": 20,
        "timeout": 60,
        "batcher": {"maxBatchSize": 32, "maxLatency": 500},
    }

    assert service_of(part) == {
        "autoscaling.minReplicas": "1",
        "autoscaling.maxReplicas": "4",
        "autoscaling.metric.concurrency": "10",
        "containerConcurrency": "20",
        "timeout": "60",
        "batcher": "on",
        "batcher.maxBatchSize": "32",
        "batcher.maxLatency": "500",
    }
