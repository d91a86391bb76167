"""Where the API server has a workload."""

from collections.abc import Mapping

from stagingmirror.api.types.workload import TemplateKind, WorkloadKind, object_kind

_PLURALS: Mapping[WorkloadKind, str] = {
    "Deployment": "apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "apis/apps/v1/namespaces/{}/statefulsets",
    "CronJob": "apis/batch/v1/namespaces/{}/cronjobs",
    "Rollout": "apis/argoproj.io/v1alpha1/namespaces/{}/rollouts",
    "DaemonSet": "apis/apps/v1/namespaces/{}/daemonsets",
    "InferenceService": "apis/serving.kserve.io/v1beta1/namespaces/{}/inferenceservices",
}


def workload_path(kind: TemplateKind, namespace: str, name: str) -> str:
    """The path of the object in which it is declared."""
    return f"/{_PLURALS[object_kind(kind)].format(namespace)}/{name}"
