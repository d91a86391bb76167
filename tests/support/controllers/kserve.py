"""The controller of KServe, played on the wire: what it makes of an InferenceService with standard
Deployments, and what of it the status shows. Pods are made by the real controllers of Kubernetes.

Source: kserve, pkg/controller/v1beta1/inferenceservice/components/predictor.go, transformer.go,
explainer.go, pkg/apis/serving/v1beta1/inference_service_status.go.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from rig.kube import Kube
from support.controllers.controller import Controller

Object = dict[str, Any]
PERIOD = 0.1
API = "serving.kserve.io/v1beta1"
CONTAINER = "kserve-container"
PARTS = ("predictor", "transformer", "explainer")
# What the ServingRuntime of all models here has.
RUNTIME_IMAGE = "registry.example/runtime:1"
_RUNTIME_ENV = {"name": "RUNTIME", "value": "1"}


def inference_service(
    name: str,
    namespace: str,
    *,
    image: str | None = None,
    variables: Object | None = None,
    uri: str = "s3://models/ranker",
    **parts: Any,
) -> Object:
    """``parts``: transformer, explainer, as they are declared."""
    env = [{"name": key, "value": value} for key, value in (variables or {}).items()]
    model: Object = {"modelFormat": {"name": "onnx"}, "storageUri": uri}
    model |= {"image": image} if image else {}
    model |= {"env": env} if env else {}
    return {
        "apiVersion": API,
        "kind": "InferenceService",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"predictor": {"model": model, "minReplicas": 1}, **parts},
    }


def custom_part(image: str) -> Object:
    """A transformer or an explainer of one container."""
    return {"containers": [{"name": CONTAINER, "image": image}], "minReplicas": 1}


class KServe(Controller):
    """Looks after InferenceServices."""

    api, kind = API, "InferenceService"

    def __init__(
        self,
        kube: Kube,
        namespaces: Iterable[str],
        *,
        fetching: Object | None = None,
        every: float = PERIOD,
    ) -> None:
        """``fetching``: more of the container that fetches a model; ``every``: seconds."""
        super().__init__(kube, namespaces, every=every)
        self._fetching = fetching or {}
        self.loading: set[str] = set()
        """The namespaces whose models stay in progress."""
        self.fails: set[str] = set()
        """The namespaces whose models cannot be loaded."""

    def _look_after(self, namespace: str) -> None:
        with suppress(OSError):  # the API server does not answer: the next time
            super()._look_after(namespace)

    def _reconcile(self, found: Object) -> None:
        name, namespace = found["metadata"]["name"], found["metadata"]["namespace"]
        parts = [part for part in PARTS if part in found["spec"]]
        for part in parts:
            self._kube.apply(_deployment(found, part, self._fetching), manager="kserve")
        made = self._kube.get("apps/v1", "Deployment", f"{name}-predictor", namespace)
        status = made.get("status") or {}
        conditions = {each["type"]: each for each in status.get("conditions", ())}
        is_ready = conditions.get("Progressing", {}).get("reason") == "NewReplicaSetAvailable"
        transition = "UpToDate" if is_ready and namespace not in self.loading else "InProgress"
        self._write(
            found,
            {
                "observedGeneration": status.get("observedGeneration", 0),
                "deploymentMode": "Standard",
                "components": {part: {} for part in parts},
                "modelStatus": {
                    "transitionStatus": "BlockedByFailedLoad"
                    if namespace in self.fails
                    else transition
                },
            },
        )

    def _write(self, found: Object, status: Object) -> None:
        now = found.get("status") or {}
        if all(now.get(key) == value for key, value in status.items()):
            return
        metadata = found["metadata"]
        at = metadata["name"], metadata["namespace"]
        patch = {"status": status}
        self._kube.patch(
            API, "InferenceService", *at, patch, subresource="status", manager="kserve"
        )


def _deployment(found: Object, part: str, more_fetching: Object) -> Object:
    metadata, declared = found["metadata"], found["spec"][part]
    name, model = metadata["name"], declared.get("model") or declared["containers"][0]
    labels = {"app": f"isvc.{name}-{part}"}
    more = {"component": part, "serving.kserve.io/inferenceservice": name}
    owner = {key: found[key] for key in ("apiVersion", "kind")}
    owner |= {"name": name, "uid": metadata["uid"], "controller": True}
    container = {
        "name": CONTAINER,
        "image": model.get("image") or RUNTIME_IMAGE,
        "env": [_RUNTIME_ENV, *model.get("env", ())],
    }
    annotations = dict(declared.get("annotations") or {})
    fetching: list[Object] = []
    if uri := model.get("storageUri"):
        annotations["internal.serving.kserve.io/storage-initializer-sourceuri"] = uri
        # Of a pod KServe's webhook does this, which does not run here.
        args = [uri, "/mnt/models"]
        image = "kserve/storage-initializer:1"
        fetcher = {"name": "storage-initializer", "image": image, "args": args}
        fetching = [fetcher | more_fetching]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": f"{name}-{part}",
            "namespace": metadata["namespace"],
            "labels": labels | more,
            "ownerReferences": [owner],
        },
        "spec": {
            "replicas": declared.get("minReplicas", 1),
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels | more, "annotations": annotations},
                "spec": {"initContainers": fetching, "containers": [container]},
            },
        },
    }
