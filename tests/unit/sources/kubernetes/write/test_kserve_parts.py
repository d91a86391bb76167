"""A transformer or an explainer is written in its own part of the InferenceService, and verified by
the Deployment that serves this part alone.
"""

from typing import Any

import pytest

from stagingmirror.api.types.workload import PARTS, TemplateKind
from stagingmirror.errors import NotThere, StepFailed
from stagingmirror.sources.kubernetes.objects.kserve import FIELDS
from stagingmirror.sources.kubernetes.write.containers import workload_path
from stagingmirror.sources.kubernetes.write.field_patch import (
    Change,
    FieldWrite,
    Restart,
    SetImage,
    SetVariable,
    path_of,
    read_field,
    target_of,
)
from stagingmirror.sources.kubernetes.write.json_patch import json_patch_for
from stagingmirror.sources.kubernetes.write.rollout_read import Rollout, read_rollout
from stagingmirror.sources.kubernetes.write.rollout_status import (
    not_passed_on,
    pending,
    refuse_unmovable,
)
from support.controllers.kserve import CONTAINER, inference_service
from support.kinds.tools import Bench
from support.kubernetes.cluster_bodies import revisions
from support.kubernetes.wire import patched
from support.kubernetes.workloads import deployment

EACH = pytest.mark.parametrize("kind", sorted(PARTS))
DEPLOYMENTS = "/apis/apps/v1/namespaces/ml/deployments"
VARIABLE = SetVariable(CONTAINER, "VERSION", "2")


def ranker(kind: TemplateKind, **part: Any) -> Any:
    """An InferenceService with this part, of version 2."""
    container = {"name": CONTAINER, "image": "x:2", "env": [{"name": "VERSION", "value": "2"}]}
    body = inference_service("ranker", "ml")
    body["metadata"] |= {"uid": "u", "resourceVersion": "1"}
    body["spec"][FIELDS[kind]] = {"containers": [container]} | part
    return body


class Ranker(Bench):
    """That, with the Deployments of its predictor (of version 1) and of this part."""

    def __init__(self, kind: TemplateKind, given: str = "2", *, revision: str = "") -> None:
        Bench.__init__(self)
        self.kind = kind
        self.body = self.wire.put(workload_path(kind, "ml", "ranker"), ranker(kind))
        field = FIELDS[kind]
        shown = revisions(traffic={revision: 100}) if revision else {}
        self.body["status"] = {
            "components": {"predictor": {}, field: shown},
            "modelStatus": {"transitionStatus": "InProgress"},
        }
        self._deployment("ranker-predictor", "predictor", "1")
        self._deployment(f"{revision}-deployment" if revision else f"ranker-{field}", field, given)

    def _deployment(self, name: str, part: str, version: str) -> None:
        variables = {"VERSION": version}
        body = deployment(name, "ml", "x:2", container=CONTAINER, variables=variables)
        labels = {"serving.kserve.io/inferenceservice": "ranker", "component": part}
        owner = {"uid": self.body["metadata"]["uid"], "controller": True}
        body["metadata"] |= {"generation": 1, "labels": labels, "ownerReferences": [owner]}
        counts = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
        body["status"] = {"observedGeneration": 1, **counts}
        self.wire.put(f"{DEPLOYMENTS}/{name}", body)

    async def read(self) -> Rollout:
        return await read_rollout(self.tools.writer, self.kind, "ml", "ranker")


@EACH
@pytest.mark.parametrize("revision", ["", "part-00002"], ids=["standard", "knative"])
@pytest.mark.parametrize("given", ["1", "2"])
async def test_it_has_arrived_where_its_own_deployment_has_the_fields(
    kind: TemplateKind, revision: str, given: str
) -> None:
    """Whatever KServe says of the model, which is the predictor's."""
    rollout = await Ranker(kind, given, revision=revision).read()

    awaited = not_passed_on(rollout, [Change(VARIABLE, None, target_of(VARIABLE, "2"))])

    assert (awaited is None) == (given == "2"), awaited
    assert pending(rollout, 9) is None


@EACH
async def test_what_is_not_the_newest_revision_with_all_traffic_is_waited_for(
    kind: TemplateKind,
) -> None:
    world = Ranker(kind, revision="part-00002")
    split = revisions(traffic={"part-00002": 10, "part-00001": 90})
    world.body["status"]["components"][FIELDS[kind]] = split

    assert "alone" in (pending(await world.read(), 9) or "")


@EACH
async def test_a_part_that_is_not_declared_is_not_there(kind: TemplateKind) -> None:
    world = Ranker(kind)
    del world.body["spec"][FIELDS[kind]]

    with pytest.raises(NotThere, match=FIELDS[kind]):
        await world.read()


@EACH
@pytest.mark.parametrize("part", ["of its own", "of its predictor"])
async def test_only_a_split_of_its_own_traffic_leaves_it(kind: TemplateKind, part: str) -> None:
    world = Ranker(kind)
    field = FIELDS[kind] if part == "of its own" else "predictor"
    world.body["spec"][field]["canaryTrafficPercent"] = 10
    rollout = await world.read()

    if part == "of its own":
        with pytest.raises(StepFailed, match=f"spec.{field}.canaryTrafficPercent") as refused:
            refuse_unmovable(rollout)
        assert refused.value.reason == "NeedsPromotion"
    else:
        refuse_unmovable(rollout)


@EACH
def test_its_fields_are_written_and_rolled_back_where_they_stand(kind: TemplateKind) -> None:
    before = ranker(kind)
    writes: tuple[FieldWrite, ...] = (SetImage(CONTAINER, "x:3"), VARIABLE, Restart())
    forth = [
        Change(each, read_field(before, kind, each), target_of(each, getattr(each, "value", "r")))
        for each in writes
    ]

    after = patched(before, json_patch_for(before, kind, forth))

    part = after["spec"][FIELDS[kind]]
    assert part["containers"][0]["image"] == "x:3"
    assert part["annotations"] == {"stagingmirror.dev/restarted-at": "r"}
    assert after["spec"]["predictor"] == before["spec"]["predictor"]
    back = [Change(each.write, each.target, each.former) for each in forth]
    assert patched(after, json_patch_for(after, kind, back)) == before
    assert path_of(before, kind, writes[0])[:2] == ("f:spec", f"f:{FIELDS[kind]}")


def test_the_fields_of_a_ready_made_explainer_are_those_of_its_container() -> None:
    body = ranker("Explainer")
    body["spec"]["explainer"] = {"art": {"type": "SquareAttack", "image": "art:1"}}

    assert read_field(body, "Explainer", SetImage(CONTAINER, "")) == "art:1"


@EACH
def test_a_restart_makes_no_part_that_is_gone(kind: TemplateKind) -> None:
    body = ranker(kind)
    del body["spec"][FIELDS[kind]]

    with pytest.raises(StepFailed) as refused:
        json_patch_for(body, kind, [Change(Restart(), None, "r")])

    assert refused.value.reason == "NotThere"
