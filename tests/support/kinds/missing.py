"""Each sort of thing that can be missing, hidden or not comparable: an entry of ``track`` for it,
and what is told of it.
"""

from typing import Any

from support.kubernetes.workloads import DIGEST

Object = dict[str, Any]

PINNED = f"registry.example/features@{DIGEST.format(1)}"
DEPLOYMENT = {"kind": "Deployment", "name": "whole", "container": "app"}
LARGE = "x" * 5000
NOTHING, UNKNOWN, DRIFTED, SYNC = "NothingToMirror", "Unknown", "Drifted", "InSync"


def image(name: str, container: str = "app", kind: str = "Deployment", **more: Any) -> Object:
    place = {"kind": kind, "name": name, "container": container, **more}
    return {"pipelineImage": {"production": place}}


def key(name: str, key: str = "snapshot", **more: Any) -> Object:
    return {"setting": {"production": {"configMap": {"name": name, "key": key}} | more}}


def variable(name: str, container: str = "app") -> Object:
    place = DEPLOYMENT | {"container": container, "variable": name}
    return {"setting": {"production": {"variable": place}}}


def annotation(name: str) -> Object:
    place = {"kind": "Deployment", "name": "whole", "key": name}
    return {"setting": {"production": {"annotation": place}}}


def alias(model: str, alias: str = "champion", **more: Any) -> Object:
    return {"modelAlias": {"production": {"model": f"{model}-{{locked}}", "alias": alias} | more}}


def loaded_by(variable: str) -> Object:
    return alias("both", loadedBy=[DEPLOYMENT | {"variable": variable}])


Told = tuple[Object, str, str | None, str]
"""An entry of track, and its verdict, reason and message. {p}, {s}, {locked} are namespaces; the
last one is also a part of the names of registered models.
"""

WORKLOADS: dict[str, Told] = {
    "all-is-well": (image("whole"), SYNC, "Declared", "declared, not proven to run"),
    "no-deployment": (
        *(image("nowhere"), UNKNOWN, NOTHING),
        "production does not have Deployment {p}/nowhere",
    ),
    "no-deployment-here": (
        *(image("production-only"), DRIFTED, None),
        "staging does not have Deployment {s}/production-only",
    ),
    "no-deployment-there": (
        *(image("staging-only"), UNKNOWN, NOTHING),
        "production does not have Deployment {p}/staging-only",
    ),
    "no-stateful-set": (
        *(image("nowhere", kind="StatefulSet"), UNKNOWN, NOTHING),
        "production does not have StatefulSet {p}/nowhere",
    ),
    "no-cron-job": (
        *(image("nowhere", kind="CronJob"), UNKNOWN, NOTHING),
        "production does not have CronJob {p}/nowhere",
    ),
    "no-container": (
        *(image("whole", "sidecar"), UNKNOWN, NOTHING),
        "production does not have container sidecar of Deployment {p}/whole",
    ),
    "no-container-here": (
        *(image("changed", "app"), DRIFTED, None),
        "staging does not have container app of Deployment {s}/changed",
    ),
    "nothing-runs": (
        *(image("unpinned"), UNKNOWN, "NothingRuns"),
        "its template does not pin container app by digest",
    ),
    "not-ready": (
        *(image("waiting"), UNKNOWN, "NothingRuns"),
        "no pod of Deployment {p}/waiting is ready (0 of 1): nothing proves what runs",
    ),
    "may-not-be-read": (
        *(image("whole", namespace="{locked}"), UNKNOWN, "Forbidden"),
        "our account is not permitted to",
    ),
}
VALUES: dict[str, Told] = {
    "no-config-map": (
        *(key("nowhere"), UNKNOWN, NOTHING),
        "production does not have ConfigMap {p}/nowhere",
    ),
    "no-config-map-here": (
        *(key("production-only"), DRIFTED, None),
        "staging does not have ConfigMap {s}/production-only",
    ),
    "no-key": (
        *(key("training-data", "nokey"), UNKNOWN, NOTHING),
        "production does not have key nokey of ConfigMap {p}/training-data",
    ),
    "no-key-here": (
        *(key("training-data", "production-only"), DRIFTED, None),
        "staging does not have key production-only of ConfigMap {s}/training-data",
    ),
    "not-listed-as-readable": (
        *(key("hidden"), DRIFTED, None),
        "value: production's and staging's values differ, and are not shown",
    ),
    "no-user": (
        key("training-data", usedBy=[{"kind": "Deployment", "name": "nowhere"}]),
        *(UNKNOWN, NOTHING, "production does not have Deployment {p}/nowhere"),
    ),
    "no-variable": (
        *(variable("NOWHERE"), UNKNOWN, NOTHING),
        "production does not have variable NOWHERE of container app of Deployment {p}/whole",
    ),
    "no-variables-container": (
        *(variable("NOWHERE", "sidecar"), UNKNOWN, NOTHING),
        "production does not have container sidecar of Deployment {p}/whole",
    ),
    "from-a-secret": (
        *(variable("PASSWORD"), UNKNOWN, "FromSecret"),
        "variable PASSWORD of container app of Deployment {p}/whole comes from a Secret, and "
        "Secrets are never read; remove it from track",
    ),
    "from-elsewhere": (
        *(variable("POD_NAME"), UNKNOWN, "NotComparable"),
        "comes from the pod itself (fieldRef)",
    ),
    "no-annotation": (
        *(annotation("example.com/nowhere"), UNKNOWN, NOTHING),
        "production does not have annotation example.com/nowhere of Deployment {p}/whole",
    ),
}
MODELS: dict[str, Told] = {
    "no-model": (
        *(alias("nowhere"), UNKNOWN, NOTHING),
        'production does not have alias "champion" of registered model "nowhere-{locked}"',
    ),
    "no-alias": (
        *(alias("both", "nobody"), UNKNOWN, NOTHING),
        'production does not have alias "nobody" of registered model "both-{locked}"',
    ),
    "no-model-here": (
        *(alias("production-only"), DRIFTED, None),
        'staging does not have alias "champion" of registered model "production-only-{locked}"',
    ),
    "no-alias-here": (
        *(alias("both", "production-only"), DRIFTED, None),
        'staging does not have alias "production-only" of registered model "both-{locked}"',
    ),
    "too-large": (
        *(alias("large"), UNKNOWN, "TooLarge"),
        "more than content.maxBytes of the environment; raise it",
    ),
    "no-loader": (
        alias("both", loadedBy=[{"kind": "Deployment", "name": "nowhere", "restart": True}]),
        *(UNKNOWN, NOTHING, "production does not have Deployment {p}/nowhere"),
    ),
    "no-version-in-variable": (
        *(loaded_by("MODEL_NAME"), UNKNOWN, "NotComparable"),
        "variable MODEL_NAME of container app of Deployment {p}/whole names no version; use its "
        "number, or models:/both-{locked}/NUMBER",
    ),
    "unreadable-variable": (
        *(loaded_by("UNREADABLE"), UNKNOWN, "NotReadable"),
        "variable UNREADABLE is not listed in readable.variables of environment",
    ),
}
CASES = {**WORKLOADS, **VALUES, **MODELS}
