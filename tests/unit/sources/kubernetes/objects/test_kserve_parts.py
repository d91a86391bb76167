"""What of a transformer or an explainer runs: the Deployment that serves this part alone."""

from typing import Any

import pytest

from stagingmirror.api.types.workload import PARTS, TemplateKind
from stagingmirror.sources.kubernetes.objects import parse
from stagingmirror.sources.kubernetes.objects.kserve import FIELDS, part_of
from stagingmirror.sources.kubernetes.objects.stores import Stores
from support.kubernetes.cluster_bodies import (
    Body,
    container,
    deployment,
    inference_service,
    names,
    pod,
    pod_spec,
    replica_set,
    revisions,
    seen,
    served_by,
    why,
)

EACH = pytest.mark.parametrize("kind", sorted(PARTS))
SPEC = pod_spec(container("registry/transformer:9"))


def service_with(*kinds: TemplateKind, **how: Any) -> Body:
    """An InferenceService with these parts beside its predictor."""
    body = inference_service(**how)
    body["spec"] |= {FIELDS[kind]: {"containers": [{"name": "kserve-container"}]} for kind in kinds}
    return body


def made(service: Body, kind: TemplateKind, **how: Any) -> list[Body]:
    """The Deployment of a part, with a pod."""
    field = FIELDS[kind]
    found = served_by(service, deployment(f"ranker-{field}", spec=SPEC, **how), field)
    return [found, *under(found)]


def under(found: Body) -> list[Body]:
    between = replica_set(found)
    return [between, pod(between, f"{found['metadata']['name']}-a")]


@EACH
def test_the_pods_of_its_own_deployment_count(kind: TemplateKind) -> None:
    service = service_with(*PARTS)
    every = [each for part in FIELDS for each in made(service, part)]

    found = seen(service, *every, part=kind)

    assert (names(found), why(found)) == ([f"ranker-{FIELDS[kind]}-a"], None)
    assert (found.kind, found.name) == (kind, "ranker")
    assert found.containers["app"].image == "registry/transformer:9"


@EACH
def test_a_model_that_is_not_loaded_is_one_of_its_predictor(kind: TemplateKind) -> None:
    service = service_with(kind, transition="BlockedByFailedLoad")

    assert why(seen(service, *made(service, kind), part=kind)) is None
    assert why(seen(service, *made(service, "InferenceService"))) == "ModelNotLoaded"


@EACH
def test_a_rollout_of_its_deployment_is_one_of_this_part_alone(kind: TemplateKind) -> None:
    service = service_with(kind)
    bodies = [*made(service, kind, pods=2, updated=1), *made(service, "InferenceService")]

    assert why(seen(service, *bodies, part=kind)) == "RollingOut"
    assert why(seen(service, *bodies)) is None


@EACH
def test_without_a_deployment_of_its_own_nothing_is_settled(kind: TemplateKind) -> None:
    service = service_with(kind)

    found = seen(service, *made(service, "InferenceService"), part=kind)

    assert why(found) == "RollingOut"
    assert FIELDS[kind] in str(found.unsettled)


@EACH
def test_of_knative_the_revision_of_this_part_with_all_traffic_counts(kind: TemplateKind) -> None:
    service = service_with(kind, traffic={"ranker-predictor-00003": 100})
    revision = f"ranker-{FIELDS[kind]}-00002"
    service["status"]["components"][FIELDS[kind]] = revisions(traffic={revision: 100})
    served = deployment(f"{revision}-deployment", spec=SPEC)

    found = seen(service, served, *under(served), part=kind)

    assert (names(found), why(found)) == ([f"{revision}-deployment-a"], None)


@EACH
def test_two_revisions_of_it_with_traffic_are_named(kind: TemplateKind) -> None:
    service = service_with(kind, traffic={"ranker-predictor-00003": 100})
    split = revisions(traffic={"new": 10, "old": 90})
    service["status"]["components"][FIELDS[kind]] = split

    found = seen(service, part=kind)

    assert why(found) == "RollingOut"
    assert "new 10 %, old 90 %" in str(found.unsettled)


@EACH
def test_a_service_that_is_stopped_or_served_elsewhere_has_no_part_that_runs(
    kind: TemplateKind,
) -> None:
    stopped, elsewhere = service_with(kind), service_with(kind)
    stopped["metadata"]["annotations"] = {"serving.kserve.io/stop": "true"}
    elsewhere["status"]["deploymentMode"] = "ModelMesh"

    assert why(seen(stopped, *made(stopped, kind), part=kind)) == "NothingRuns"
    assert why(seen(elsewhere, *made(elsewhere, kind), part=kind)) == "NotComparable"


@EACH
def test_several_nodes_of_a_predictor_are_no_matter_of_another_part(kind: TemplateKind) -> None:
    service = service_with(kind)
    service["spec"]["predictor"]["workerSpec"] = {"pipelineParallelSize": 2}

    assert why(seen(service, *made(service, kind), part=kind)) is None


def test_a_part_that_is_not_declared_is_not_there() -> None:
    declared = parse.inference_service(service_with("Transformer"))

    assert part_of(declared, "Explainer") is None
    assert part_of(parse.deployment(deployment()), "Transformer") is None


@EACH
@pytest.mark.parametrize("status", [{"components": "none"}, {"modelStatus": "fine"}])
def test_a_status_without_its_shape_makes_no_part_absent(kind: TemplateKind, status: Body) -> None:
    service = service_with(kind)
    service["status"] |= status

    found = seen(service, *made(service, kind), part=kind)

    assert found.kind == kind


def test_the_parts_beside_a_predictor_are_named_at_it() -> None:
    service = service_with("Transformer", "Explainer")

    assert seen(service, *made(service, "InferenceService")).beside == "transformer and explainer"
    assert seen(service, *made(service, "Transformer"), part="Transformer").beside == ""
    assert seen(inference_service()).beside == ""


def test_a_change_below_a_part_is_one_of_the_service() -> None:
    service = service_with("Transformer", traffic={"kn-00001": 100})
    service["status"]["components"]["transformer"] = revisions(traffic={"tr-00001": 100})
    stores, declared = Stores(), parse.inference_service(service)
    stores.declared["InferenceService"].put(declared)

    assert stores.referring(parse.deployment(deployment("tr-00001-deployment"))) == (declared,)
