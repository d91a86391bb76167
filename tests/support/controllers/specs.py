"""Parts of InferenceServices, as specs name them rightly and wrongly."""

from typing import Any

from support.resources.resources import Object, mirror, model_alias, pipeline_image, setting

PART = "part is for an InferenceService; remove it, or set kind: InferenceService"
WORKLOAD: Object = {"kind": "Deployment", "name": "s"}
TRANSFORMER: Object = {"kind": "InferenceService", "name": "s", "part": "Transformer"}


def variable(**more: Any) -> Object:
    return WORKLOAD | {"container": "c", "variable": "V"} | more


def staging_setting(**staging: Any) -> Object:
    return mirror(track=[setting(staging=staging)])


RIGHT_PARTS: dict[str, Object] = {
    "a transformer in production, a Deployment in staging, and the other way round": mirror(
        track=[
            pipeline_image(
                "a",
                production=TRANSFORMER | {"container": "c"},
                staging={"kind": "Deployment", "name": "t"},
            ),
            pipeline_image("b", staging=TRANSFORMER),
        ]
    ),
    "parts of InferenceServices, wherever pods count": mirror(
        track=[
            model_alias(loaded_by=variable(**TRANSFORMER)),
            setting(
                production={
                    "variable": variable(**TRANSFORMER),
                    "usedBy": [{"kind": "InferenceService", "name": "s", "part": "Explainer"}],
                }
            ),
        ]
    ),
}

WRONG_PARTS: dict[str, tuple[Object, str]] = {
    "an unknown part": (
        mirror(track=[model_alias(loaded_by=variable(**TRANSFORMER | {"part": "Router"}))]),
        "part",
    ),
    "a part of something that has none": (
        mirror(track=[model_alias(loaded_by=variable(part="Transformer"))]),
        PART,
    ),
    "a part of a user that has none": (
        staging_setting(usedBy=[WORKLOAD | {"part": "Transformer"}]),
        PART,
    ),
    "a part of production's image that has none": (
        mirror(
            track=[pipeline_image(production=WORKLOAD | {"container": "c", "part": "Transformer"})]
        ),
        PART,
    ),
    "a part of staging's image that has none": (
        mirror(track=[pipeline_image(staging={"part": "Transformer"})]),
        f"staging.{PART.partition(';')[0]}",
    ),
    "a part of an image that is something else in staging": (
        mirror(
            track=[
                pipeline_image(
                    production=TRANSFORMER | {"container": "c"},
                    staging={"kind": "Deployment", "part": "Transformer"},
                )
            ]
        ),
        f"staging.{PART.partition(';')[0]}",
    ),
    "an annotation of a part": (
        staging_setting(annotation=TRANSFORMER | {"key": "a/b"}),
        "an annotation is one of the whole InferenceService; remove part",
    ),
    "model files of a part without a variable": (
        mirror(
            track=[
                {"name": "f", "modelFiles": {"production": {"loadedBy": [TRANSFORMER]}}},
            ]
        ),
        "the predictor of an InferenceService may be given without both",
    ),
}
