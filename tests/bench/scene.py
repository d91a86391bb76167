"""What the objects of the bench are called, and their bodies: as many mirrors as wanted over 50
models and, on each side, a fifth as many Deployments.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from support.resources import resources

Object = dict[str, Any]

MODELS = 50
MIRRORS_PER_DEPLOYMENT = 5
LARGE = 5000
ALIAS = "champion"
TOKENIZER = "bench.example/tokenizer"
AS_IN_PRODUCTION = "1"
DIGEST = "sha256:" + "a" * 64
OTHER_DIGEST = "sha256:" + "b" * 64


@dataclass(frozen=True, slots=True)
class Scene:
    """`mirrors` is how many there are; everything else follows from it."""

    mirrors: int

    @property
    def deployments(self) -> int:
        """On each side."""
        return max(1, self.mirrors // MIRRORS_PER_DEPLOYMENT)

    @property
    def untracked(self) -> int:
        """Deployments on each side that no mirror tracks and that run no pod: a large cluster has
        with the others as many as there are mirrors.
        """
        return self.mirrors - self.deployments if self.mirrors >= LARGE else 0

    @property
    def models(self) -> int:
        return min(MODELS, self.mirrors)

    def of_deployment(self, number: int) -> list[str]:
        """The mirrors that track this Deployment and its pod."""
        return [mirror_name(each) for each in range(number, self.mirrors, self.deployments)]

    def of_model(self, number: int) -> list[str]:
        return [mirror_name(each) for each in range(number, self.mirrors, self.models)]

    def track(self, number: int) -> list[Object]:
        """Four components: a model, an image, a key of a ConfigMap and an annotation."""
        server = {"kind": "Deployment", "name": server_name(number % self.deployments)}
        model = number % self.models
        alias: Object = {"model": model_name(model), "alias": ALIAS}
        if is_loaded(model):
            alias["loadedBy"] = [server | {"container": "app", "variable": "MODEL_VERSION"}]
        return [
            {"name": "model", "modelAlias": {"production": alias}},
            {"name": "image", "pipelineImage": {"production": server | {"container": "app"}}},
            resources.setting(
                production={"configMap": {"name": data_name(number), "key": "snapshot"}}
            ),
            resources.setting("tokenizer", production={"annotation": server | {"key": TOKENIZER}}),
        ]


def is_loaded(model: int) -> bool:
    """Whether pods name the version they load; where not, only the alias counts, and a
    move of it is drift at once.
    """
    return model % 2 == 0


def mirror_name(number: int) -> str:
    return f"mirror-{number}"


def server_name(number: int) -> str:
    return f"server-{number}"


def data_name(number: int) -> str:
    return f"data-{number}"


def model_name(number: int) -> str:
    return f"model-{number}"


def config_map(number: int) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": data_name(number)},
        "data": {"snapshot": AS_IN_PRODUCTION},
    }


def deployment(number: int) -> Object:
    name = server_name(number)
    annotations = {"deployment.kubernetes.io/revision": "1", TOKENIZER: AS_IN_PRODUCTION}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": annotations},
        "spec": _spec(name),
    }


def replica_set(number: int, owner: Object) -> Object:
    name = server_name(number)
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name}-1",
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [_owner(owner, "Deployment")],
        },
        "spec": _spec(name),
    }


def pod(number: int, owner: Object) -> Object:
    name = server_name(number)
    template = _spec(name)["template"]
    metadata = {
        "name": pod_name(number),
        "labels": {"app": name},
        "ownerReferences": [_owner(owner, "ReplicaSet")],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def pod_name(number: int) -> str:
    return f"{server_name(number)}-1-a"


def rolled_out() -> Object:
    """The status of a Deployment whose one pod runs. A changed annotation is a new generation, and
    no controller is there to observe it.
    """
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return {"status": {"observedGeneration": 1_000_000} | dict.fromkeys(counts, 1)}


def running(digest: str) -> Object:
    """The status of a ready pod with this image, started now: after the versions that it names were
    registered.
    """
    started = f"{datetime.now(UTC) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    container = {
        "name": "app",
        "image": "registry.example/server:1",
        "imageID": f"registry.example/server@{digest}",
        "ready": True,
        "started": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": started}},
    }
    conditions = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady")]
    return {
        "status": {
            "phase": "Running",
            "startTime": started,
            "conditions": conditions,
            "containerStatuses": [container],
        }
    }


def _spec(name: str) -> Object:
    container = {
        "name": "app",
        "image": "registry.example/server:1",
        "env": [{"name": "MODEL_VERSION", "value": "1"}],
    }
    return {
        "replicas": 1,
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
    }


def _owner(owner: Object, kind: str) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
