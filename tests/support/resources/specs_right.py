"""Objects of ours that the API server must take, each with what is special about it."""

from typing import Any

from support.acceptances.specs import RIGHT as ACCEPT
from support.controllers.specs import RIGHT_PARTS, variable
from support.objectstore.specs import RIGHT as STORES
from support.parity.specs import RIGHT as PARITY
from support.resources.resources import (
    Object,
    environment,
    hold,
    mirror,
    model_alias,
    pipeline_image,
    setting,
)
from support.serving.specs import RIGHT as SERVING
from support.settings.specs import RIGHT as PLACES


def refreshing(**refresh: Any) -> Object:
    return mirror(refresh={"schedule": "0 6 * * 1-5"} | refresh)


def mlflow(url: str, **more: Any) -> Object:
    return environment(mlflow={"url": url} | more)


LONGEST = {
    name: [f"{number:0{length - 1}}*" for number in range(256)]
    for name, length in {
        "configMaps": 253,
        "variables": 253,
        "annotations": 317,
        "models": 256,
        "tags": 250,
        "parameters": 250,
    }.items()
} | {"arguments": [f"--{number:0125}*" for number in range(256)]}

VALID = {
    **PARITY,
    **ACCEPT,
    **SERVING,
    "the smallest mirror": mirror(),
    "all three kinds": mirror(track=[model_alias(), pipeline_image(), setting()]),
    "modelFiles of an InferenceService": mirror(
        track=[
            {
                "name": "files",
                "modelFiles": {
                    "production": {"loadedBy": [{"kind": "InferenceService", "name": "s"}]}
                },
            }
        ]
    ),
    **RIGHT_PARTS,
    "64 components": mirror(track=[setting(f"c{i}") for i in range(64)]),
    "durations in all units": mirror(checkInterval="5s", staleAfter="1h1.5m500ms"),
    "a cron that is wrong (told by a condition)": refreshing(schedule="0 6 * * 1-5 *"),
    "a zone that is wrong (told by a condition)": refreshing(timeZone="Europe/Bern-lin"),
    "every field of refresh": refreshing(
        timeZone="Europe/Berlin",
        suspend=True,
        startingDeadline="2h",
        settle="0s",
        timeout="3h",
        rolloutTimeout="5m",
    ),
    "a variable with Report": mirror(
        track=[{"name": "v", "mode": "Report", "setting": {"production": {"variable": variable()}}}]
    ),
    "an annotation of a CronJob": mirror(
        track=[
            {
                "name": "a",
                "setting": {
                    "production": {
                        "annotation": {"kind": "CronJob", "name": "n", "key": "example.com/rev"}
                    }
                },
            }
        ]
    ),
    "a masked form, a loader and a warning": mirror(
        track=[
            setting(
                staging={"value": "masked/{value}/eu"},
                load={"cronJob": "load", "container": "load", "variable": "SNAPSHOT"},
                warnOlderThan="48h",
            )
        ]
    ),
    "a production reference with its namespace": mirror(
        track=[model_alias(loaded_by=variable(namespace="other"))]
    ),
    "restart alone": mirror(
        track=[model_alias(loaded_by={"kind": "StatefulSet", "name": "batch", "restart": True})]
    ),
    "restart false with a variable": mirror(
        track=[model_alias(loaded_by=variable(restart=False, value="URI"))]
    ),
    "another repository in staging": mirror(
        track=[pipeline_image(staging={"repository": "registry.staging.example:5000/a/features"})]
    ),
    "a production environment": environment(),
    "a staging environment with its own fields": environment(
        "staging", "Staging", sharesRegistryWith="production", maxConcurrentRefreshes=1
    ),
    "an MLflow with credentials": mlflow(
        "https://mlflow.example:8443/base", credentialsSecretRef={"name": "mlflow"}, caBundle="PEM"
    ),
    **STORES,
    **PLACES,
    "production in another cluster": environment(
        cluster={"kubeconfigSecretRef": {"name": "production-cluster", "key": "kubeconfig"}}
    ),
    "an MLflow behind a proxy": mlflow(
        "https://mlflow.example", proxyUrl="http://proxy.example:3128"
    ),
    "readable values": environment(
        readable={
            "configMaps": ["training-data"],
            "variables": ["EMBEDDING_URL"],
            "annotations": ["example.com/rev"],
            "models": ["fraud-*"],
            "tags": ["data snapshot/date"],
            "parameters": ["*"],
            "arguments": ["--tokenizer-revision", "-c", "--compilation-config.*", "--max_*"],
        },
        comparable={"arguments": ["--*"], "variables": ["DB_*"], "models": ["*"]},
    ),
    "offers that are as long as they may be": environment(readable=LONGEST, comparable=LONGEST),
    "content with one field": environment(content={"maxBytes": "1.5Ti"}),
    "a hold of everything": hold(),
    "a hold of one component": hold(mirrors=["fraud"], components=["fraud-model"]),
}
