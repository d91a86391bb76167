"""The controller of Argo Rollouts, played on the wire: what of it a Rollout's status shows, and the
ReplicaSets that it makes. Their pods are made by the real controller of Kubernetes.

An update goes through the steps of a canary as soon as pods are ready; a pause lasts until a test
promotes, one with a duration while ``holding``. Source: argo-rollouts, rollout/canary.go, sync.go.
"""

import json
import math
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from rig.kube import Kube
from support.controllers.controller import Controller

Object = dict[str, Any]
PERIOD = 0.1
API = "argoproj.io/v1alpha1"
LABEL = "rollouts-pod-template-hash"


def rollout(
    name: str,
    namespace: str,
    image: str,
    *,
    replicas: int = 2,
    steps: Iterable[Object] = (),
    strategy: Object | None = None,
    variables: Object | None = None,
) -> Object:
    """A Rollout of one container ``app``."""
    labels = {"app": name}
    env = [{"name": key, "value": value} for key, value in (variables or {}).items()]
    container = {"name": "app", "image": image} | ({"env": env} if env else {})
    return {
        "apiVersion": API,
        "kind": "Rollout",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "strategy": strategy or {"canary": {"steps": list(steps)}},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


class ArgoRollouts(Controller):
    """Looks after Rollouts."""

    api, kind = API, "Rollout"

    def __init__(self, kube: Kube, namespaces: Iterable[str]) -> None:
        super().__init__(kube, namespaces, every=PERIOD)
        self._promoted: set[tuple[str, str]] = set()
        self.holding = False
        """Pauses with a duration last."""
        self.aborts = False
        """Updates that are under way are aborted, as by a failed analysis."""

    def promote(self, namespace: str, name: str) -> None:
        """As `kubectl argo rollouts promote`."""
        self._promoted.add((namespace, name))

    def _reconcile(self, found: Object) -> None:
        spec, status = found["spec"], dict(found.get("status") or {})
        template, reference = self._template(found)
        newest = sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
        made = self._made(found, template, newest)
        if status.get("currentPodHash") != newest:
            status |= {"abort": None, "pauseConditions": None, "currentStepIndex": 0}
        status |= {"currentPodHash": newest, "observedGeneration": str(_generation(found))}
        if reference is not None:
            status["workloadObservedGeneration"] = str(_generation(reference))
        wanted = int(spec.get("replicas", 1))
        stable = status.get("stableRS")
        if stable not in made or stable == newest:
            self._scale(made, {newest: wanted})
            if _ready(made[newest]) == wanted:
                status["stableRS"] = newest
        else:
            place = found["metadata"]["namespace"], found["metadata"]["name"]
            if status.get("pauseConditions") and place in self._promoted:
                self._promoted.remove(place)
                index = int(status.get("currentStepIndex") or 0)
                status |= {"pauseConditions": None, "currentStepIndex": index + 1}
            self._update(spec, status, made, wanted)
        self._write(found, status | _counts(made, newest))

    def _update(self, spec: Object, status: Object, made: dict[str, Object], wanted: int) -> None:
        newest, stable = status["currentPodHash"], status["stableRS"]
        steps = (spec["strategy"].get("canary") or {}).get("steps") or []
        index = int(status.get("currentStepIndex") or 0)
        if self.aborts or status.get("abort"):
            status |= {"abort": True, "pauseConditions": None}
            self._scale(made, {stable: wanted})
            return
        if spec.get("paused") or status.get("pauseConditions"):
            return
        step: Object = steps[index] if index < len(steps) else {"setWeight": 100}
        if "pause" in step:
            if (step["pause"] or {}).get("duration") is None:
                since = "2026-01-01T00:00:00Z"
                status["pauseConditions"] = [{"reason": "CanaryPauseStep", "startTime": since}]
            elif not self.holding:
                status["currentStepIndex"] = index + 1
            return
        new = math.ceil(wanted * int(step.get("setWeight", 0)) / 100)
        self._scale(made, {newest: new, stable: wanted - new})
        if _ready(made[newest]) == new:
            if index < len(steps):
                status["currentStepIndex"] = index + 1
            else:
                status["stableRS"] = newest

    def _template(self, found: Object) -> tuple[Object, Object | None]:
        if reference := found["spec"].get("workloadRef"):
            space = found["metadata"]["namespace"]
            body = self._kube.get(
                reference["apiVersion"], reference["kind"], reference["name"], space
            )
            return body["spec"]["template"], body
        return found["spec"]["template"], None

    def _made(self, found: Object, template: Object, newest: str) -> dict[str, Object]:
        """Its ReplicaSets by hash; that of the newest template is made if there is none."""
        space, uid = found["metadata"]["namespace"], found["metadata"]["uid"]
        made = {
            each["metadata"]["labels"][LABEL]: each
            for each in self._kube.list("apps/v1", "ReplicaSet", space)
            if any(owner["uid"] == uid for owner in each["metadata"].get("ownerReferences", ()))
        }
        if newest not in made:
            made[newest] = self._kube.create(_replica_set(found, template, newest))
        return made

    def _scale(self, made: dict[str, Object], wanted: dict[str, int]) -> None:
        """All that are not named to none."""
        for name, each in made.items():
            replicas = wanted.get(name, 0)
            if each["spec"]["replicas"] != replicas:
                metadata = each["metadata"]
                patch = {"spec": {"replicas": replicas}}
                at = metadata["name"], metadata["namespace"]
                self._kube.patch("apps/v1", "ReplicaSet", *at, patch, manager="argo-rollouts")

    def _write(self, found: Object, status: Object) -> None:
        if status == (found.get("status") or {}):
            return
        metadata = found["metadata"]
        at = metadata["name"], metadata["namespace"]
        patch = {"status": status}
        self._kube.patch(API, "Rollout", *at, patch, subresource="status", manager="argo-rollouts")


def _counts(made: dict[str, Object], newest: str) -> Object:
    def count(name: str) -> int:
        return sum(int(each.get("status", {}).get(name) or 0) for each in made.values())

    updated = int(made[newest].get("status", {}).get("replicas") or 0)
    return {
        "replicas": count("replicas"),
        "updatedReplicas": updated,
        "readyReplicas": count("readyReplicas"),
        "availableReplicas": count("availableReplicas"),
    }


def _replica_set(found: Object, template: Object, newest: str) -> Object:
    metadata = found["metadata"]
    labels = {**template["metadata"]["labels"], LABEL: newest}
    owner = {key: found[key] for key in ("apiVersion", "kind")}
    owner |= {"name": metadata["name"], "uid": metadata["uid"], "controller": True}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{newest}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "annotations": {"rollout.argoproj.io/revision": newest},
            "ownerReferences": [owner],
        },
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
        },
    }


def _generation(body: Object) -> int:
    return int(body["metadata"].get("generation") or 0)


def _ready(replica_set: Object) -> int:
    return int(replica_set.get("status", {}).get("readyReplicas") or 0)
