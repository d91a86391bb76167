"""What an entry names of an InferenceService: its predictor, or another part."""

from typing import Any

import pytest

from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.api.types.workload import ServicePart
from stagingmirror.components import CATALOGUE
from stagingmirror.drift.facts import Absent, Seen
from stagingmirror.sources.kubernetes.subjects import WorkloadField
from stagingmirror.sources.kubernetes.write.field_patch import SetImage
from support.kinds.builders import DIGEST_A, PRODUCTION, STAGING, World, entry_of, sides
from support.kinds.features import IMAGE, KIND, features, look, plan

DIGEST_B = "sha256:" + "b" * 64
SERVICE = {"kind": "InferenceService", "name": "features", "container": "app"}


def image(part: ServicePart | None = "Transformer", staging: Any = None) -> Any:
    production = SERVICE | ({"part": part} if part else {})
    return entry_of(pipelineImage={"production": production, "staging": staging or {}})


def names(entry: Any) -> set[str]:
    return {str(each) for each in KIND.writes(entry, sides())}


@pytest.mark.parametrize(
    ("part", "staging", "kind"),
    [
        (None, {}, "InferenceService"),
        ("Predictor", {}, "InferenceService"),
        ("Transformer", {}, "Transformer"),
        ("Explainer", {"name": "other"}, "Explainer"),
        ("Transformer", {"kind": "InferenceService"}, "Transformer"),
        ("Transformer", {"part": "Predictor"}, "InferenceService"),
        ("Transformer", {"kind": "Deployment"}, "Deployment"),
        (None, {"part": "Explainer"}, "Explainer"),
    ],
)
def test_staging_has_productions_part_where_it_is_a_service_too(
    part: ServicePart | None, staging: Any, kind: str
) -> None:
    (place,) = names(image(part, staging))
    assert place.split()[0] == kind


def test_a_part_is_another_place_than_the_predictor() -> None:
    assert not KIND.writes(image(), sides()) & KIND.writes(image(None), sides())


def test_a_part_is_compared_and_patched_by_itself() -> None:
    production = features(PRODUCTION, f"{IMAGE}@{DIGEST_A}", kind="Transformer")
    staging = features(STAGING, f"{IMAGE}@{DIGEST_B}", (DIGEST_B,), kind="Transformer")
    predictor = features(PRODUCTION, f"{IMAGE}@{DIGEST_B}", (DIGEST_B,), kind="InferenceService")
    world = World().add(production).add(staging).add(predictor)

    seen = look(world, given=image())
    (step,) = plan(world, image())

    assert isinstance(seen, Seen)
    assert seen.facts["digest"].value == DIGEST_A
    assert isinstance(step, PatchWorkload)
    assert step.fields == (SetImage("app", f"{IMAGE}@{DIGEST_A}"),)
    assert step.describe().startswith("Transformer features: image of app")


def test_a_part_that_is_not_declared_is_proven_not_to_be_there() -> None:
    world = World().add(features(PRODUCTION, kind="InferenceService"))

    seen = look(world, given=image())

    assert isinstance(seen, Absent)
    assert seen.what.startswith("Transformer ")


def test_each_kind_that_names_workloads_means_the_part() -> None:
    named = SERVICE | {"part": "Transformer", "variable": "V"}
    entries: dict[str, Any] = {
        "modelAlias": {"model": "m", "alias": "a", "loadedBy": [named]},
        "setting": {"variable": named},
        "modelFiles": {"loadedBy": [named]},
    }
    for kind, production in entries.items():
        spec: dict[str, Any] = {kind: {"production": production}}
        if kind == "modelFiles":
            spec[kind]["staging"] = {"store": "models"}
        written = CATALOGUE[kind].writes(entry_of(**spec), sides())
        assert {each.kind for each in written if isinstance(each, WorkloadField)} == {"Transformer"}
