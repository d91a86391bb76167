"""What an InferenceService of KServe shows of its parts, and which Deployment serves each. Pure.

KServe's ``observedGeneration`` is that of the Deployment or Knative Service below, so it shows
nothing of the InferenceService itself: what runs is read from pods alone. Source: kserve,
pkg/apis/serving/v1beta1/inference_service_status.go; knative: a revision's Deployment is called
``<revision>-deployment``.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.argo import HasDeployments
from stagingmirror.sources.kubernetes.objects.entries import Declared, Serving
from stagingmirror.sources.kubernetes.objects.serving.services import service_of
from stagingmirror.sources.kubernetes.subjects import Storage

Body = Mapping[str, Any]
PREDICTOR = "predictor"
# Where each part is in the spec and in ``status.components``; also the label ``component`` of what
# is made of it. Source: kserve, pkg/controller/v1beta1/inferenceservice/components/.
FIELDS: Mapping[TemplateKind, str] = {
    "InferenceService": PREDICTOR,
    "Transformer": "transformer",
    "Explainer": "explainer",
}
STOP = "serving.kserve.io/stop"
_KNATIVE = frozenset({"Serverless", "Knative"})
# The fields of a part that become its container of the name below. Source: kserve,
# pkg/apis/serving/v1beta1/predictor.go, explainer.go.
MODELS: Mapping[TemplateKind, tuple[str, ...]] = {
    "InferenceService": (
        "model",
        "sklearn",
        "xgboost",
        "tensorflow",
        "pytorch",
        "triton",
        "onnx",
        "huggingface",
        "pmml",
        "lightgbm",
        "paddle",
    ),
    "Transformer": (),
    "Explainer": ("art",),
}
MODEL_CONTAINER = "kserve-container"
_STORAGE_URI = "STORAGE_URI"
_LOADS = frozenset({"", "InProgress"})
_NAMED = 3


def serving_of(spec: Body, status: Body) -> Serving:
    """Of its predictor, with those of its other parts."""
    others = {kind: serving_for(kind, spec, status) for kind in _others(spec)}
    return replace(serving_for("InferenceService", spec, status), parts=others)


def _others(spec: Body) -> tuple[TemplateKind, ...]:
    return tuple(
        kind for kind, field in FIELDS.items() if field != PREDICTOR and spec.get(field) is not None
    )


def named_parts(spec: Body) -> Body:
    """A spec of nothing but the parts that it has beside its predictor."""
    return {FIELDS[kind]: {} for kind in _others(spec)}


def part_of(declared: Declared, kind: TemplateKind) -> Declared | None:
    """What this kind means of an InferenceService; None: it has no such part. Anything else means
    itself.
    """
    if kind == declared.kind:
        return declared
    serving = declared.serving.parts.get(kind) if declared.serving else None
    return None if serving is None else replace(declared, kind=kind, serving=serving)


def serving_for(kind: TemplateKind, spec: Body, status: Body) -> Serving:
    """Of one part."""
    part = (status.get("components") or {}).get(FIELDS[kind]) or {}
    newest = str(part.get("latestCreatedRevision") or "")
    ready = str(part.get("latestReadyRevision") or "")
    percent: Counter[str] = Counter()
    for each in part.get("traffic") or ():  # one revision may stand there by several tags
        percent[str(each.get("revisionName") or ready)] += int(each.get("percent") or 0)
    return Serving(
        is_knative=bool(newest) or status.get("deploymentMode") in _KNATIVE,
        newest=newest,
        ready=ready,
        traffic=tuple((name, share) for name, share in percent.items() if share > 0),
        transition=str((status.get("modelStatus") or {}).get("transitionStatus") or ""),
        elsewhere=_elsewhere(kind, spec, status),
        storage=storage_of(spec) if kind == "InferenceService" else None,
        service=service_of(spec.get(FIELDS[kind]) or {}),
    )


def storage_of(spec: Body) -> Storage:
    """As it is declared. Of a custom predictor it is a variable of its container."""
    predictor = spec.get(PREDICTOR) or {}
    found: list[tuple[tuple[str, ...], str]] = []
    models = {name: predictor.get(name) or {} for name in MODELS["InferenceService"]}
    for name, model in models.items():
        if model.get("storageUri"):
            found.append((("spec", PREDICTOR, name, "storageUri"), model["storageUri"]))
    for at, each in enumerate(predictor.get("storageUris") or ()):
        found.append((("spec", PREDICTOR, "storageUris", str(at), "uri"), each["uri"]))
    for container in predictor.get("containers") or ():
        if container.get("name", MODEL_CONTAINER) == MODEL_CONTAINER:
            found += [((), one["value"]) for one in container.get("env") or () if _is_uri(one)]
    keyed = any((model.get("storage") or {}).get("path") for model in models.values())
    field = found[0][0] if len(found) == 1 and not keyed else ()
    return Storage(tuple(str(uri) for _, uri in found), keyed, field)


def _is_uri(variable: Body) -> bool:
    return variable.get("name") == _STORAGE_URI and bool(variable.get("value"))


def _elsewhere(kind: TemplateKind, spec: Body, status: Body) -> str:
    if status.get("deploymentMode") == "ModelMesh":
        return "is served by ModelMesh"
    if (spec.get(FIELDS[kind]) or {}).get("workerSpec"):
        return "runs on several nodes (spec.predictor.workerSpec)"
    return ""


def serves(declared: Declared, deployment: Declared) -> bool:
    """Whether this Deployment may be one of its parts'."""
    serving = declared.serving
    parts = () if serving is None else (serving, *serving.parts.values())
    return deployment.made_by == declared.uid or any(
        deployment.name == _deployment(revision) for part in parts for revision, _ in part.traffic
    )


def deployment_of(declared: Declared, stores: HasDeployments) -> Declared | Why:
    """The one that serves alone, or why there is none."""
    serving = declared.serving
    assert serving is not None, "it was parsed as an InferenceService"
    if serving.elsewhere:
        what = f"{_called(declared)} {serving.elsewhere}, which is not read."
        return Why(Reason.NOT_COMPARABLE, what)
    if declared.annotations.get(STOP) == "true":
        return Why(Reason.NOTHING_RUNS, f"{_called(declared)} is stopped ({STOP}); start it.")
    if serving.is_knative:
        return _of_revision(declared, serving, stores)
    found = [
        each
        for each in stores.deployments.within(declared.namespace)
        if each.made_by == declared.uid and each.part == FIELDS[declared.kind]
    ]
    if len(found) == 1:
        return found[0]
    part = FIELDS[declared.kind]
    if not found:
        return _rolling_out(declared, f"its {part} has no Deployment yet")
    names = ", ".join(sorted(each.name for each in found)[:_NAMED])
    return _rolling_out(declared, f"{len(found)} Deployments serve its {part} ({names})")


def standing_for(declared: Declared, deployment: Declared) -> Declared:
    """With what the Deployment declares."""
    return replace(
        declared,
        containers=deployment.containers,
        template=deployment.template,
        config_maps=deployment.config_maps,
        given=deployment.given,
        settings=deployment.settings,
        replicas=deployment.replicas,
        current=f"{deployment.name}/{deployment.current}",
        caught_up=deployment.caught_up,
        rolled=deployment.rolled,
    )


def not_loaded(declared: Declared) -> Why | None:
    """Why what serves is not what is declared, by KServe's word, which is about its predictor.
    Where no pod is wanted, it is InProgress for ever.
    """
    if declared.kind != "InferenceService":
        return None
    transition = declared.serving.transition if declared.serving else ""
    if transition == "UpToDate" or (transition in _LOADS and not declared.replicas):
        return None
    if transition in _LOADS:
        return _rolling_out(declared, "KServe has not loaded its model yet")
    what = f"{_called(declared)}: KServe could not load what is declared ({transition[:40]}); see "
    return Why(Reason.MODEL_NOT_LOADED, f"{what}status.modelStatus.")


def _of_revision(declared: Declared, serving: Serving, stores: HasDeployments) -> Declared | Why:
    traffic = serving.traffic
    if len(traffic) > 1:
        shown = ", ".join(f"{name} {percent} %" for name, percent in traffic[:_NAMED])
        return _rolling_out(declared, f"{len(traffic)} revisions serve ({shown})")
    if not traffic or traffic[0][0] != serving.newest:
        return _rolling_out(
            declared, f"its revision {serving.newest or 'to come'} does not serve yet"
        )
    found = stores.deployments.named(declared.namespace, _deployment(serving.newest))
    if found is None:
        return _rolling_out(declared, f"its revision {serving.newest} has no Deployment yet")
    return found


def _deployment(revision: str) -> str:
    return f"{revision}-deployment"


def _rolling_out(declared: Declared, what: str) -> Why:
    return Why(Reason.ROLLING_OUT, f"{_called(declared)} is rolling out: {what}.")


def _called(declared: Declared) -> str:
    return f"{declared.kind} {declared.namespace}/{declared.name}"
