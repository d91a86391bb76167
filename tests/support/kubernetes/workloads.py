"""Bodies of what is tracked: workloads and ConfigMaps."""

from collections.abc import Mapping
from typing import Any

from stagingmirror.sources.kubernetes.subjects import LOADER

Object = dict[str, Any]

DIGEST = "sha256:" + "{:064x}"


def deployment(
    name: str,
    namespace: str,
    image: str,
    *,
    container: str = "app",
    variables: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Object:
    """A Deployment of one container; a variable that is a mapping is its ``valueFrom``."""
    env = [
        {"name": key, "valueFrom": value}
        if isinstance(value, Mapping)
        else {"name": key, "value": value}
        for key, value in (variables or {}).items()
    ]
    pod = {"containers": [{"name": container, "image": image, "env": env}]}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": dict(annotations or {})},
                "spec": pod,
            },
        },
    }


def config_map(name: str, namespace: str, data: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": dict(data),
    }


def cron_job(name: str, namespace: str, image: str, *, container: str = "load") -> Object:
    """A suspended CronJob, as a template for loaders."""
    pod = {
        "restartPolicy": "Never",
        "containers": [
            {"name": container, "image": image, "env": [{"name": "MODE", "value": "x"}]}
        ],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": namespace, "labels": {LOADER: "SNAPSHOT"}},
        "spec": {
            "schedule": "0 0 1 1 *",
            "suspend": True,
            "jobTemplate": {"spec": {"backoffLimit": 0, "template": {"spec": pod}}},
        },
    }


def stateful_set(
    name: str, namespace: str, image: str, *, replicas: int = 1, policy: str = "OrderedReady"
) -> Object:
    """A StatefulSet of one container ``app`` that keeps nothing."""
    body = deployment(name, namespace, image)
    body["kind"] = "StatefulSet"
    more = {"serviceName": name, "replicas": replicas, "podManagementPolicy": policy}
    return {**body, "spec": {**body["spec"], **more}}
