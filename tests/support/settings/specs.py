"""Places of settings, as specs name them rightly and wrongly."""

from typing import Any

from support.controllers.specs import WORKLOAD, staging_setting, variable
from support.resources.resources import Object, environment, mirror

ONE_PLACE = (
    "a setting is in exactly one place: configMap, variable, annotation, argument, table or "
    "endpoint"
)
POINTER = "write a JSON pointer (RFC 6901) below the whole answer"
AT: Object = {"endpoint": "models", "pointer": "/data/0/id"}
AT_HOME = "remove namespace from staging"
FORM = "write {value} once, where production's value goes"
FLAG = "write a flag with its dashes and without a value"
ENDPOINT: Object = {
    "name": "models",
    "url": "http://server.ml-prod.svc:8000/v1/models",
    "protocol": "JSON",
    "sideEffectFree": True,
    "pointers": ["/data/0/id"],
}


def argument(flag: str = "--tokenizer-revision", **more: Any) -> Object:
    return WORKLOAD | {"container": "c", "flag": flag} | more


def tracking(production: Object, staging: Object | None = None, **more: Any) -> Object:
    given = {"production": production} | ({"staging": staging} if staging else {})
    return mirror(track=[{"name": "s", "setting": given} | more])


RIGHT: dict[str, Object] = {
    "an argument that is followed": tracking({"argument": argument()}, mode="Refresh"),
    "an argument of one letter, of an InferenceService": tracking(
        {"argument": argument("-c", kind="InferenceService", part="Transformer")}
    ),
    "an argument of staging for a key of production": staging_setting(
        argument=argument("--compilation-config.level")
    ),
}

RIGHT |= {
    "an endpoint of which values are read": environment(endpoints=[ENDPOINT]),
    "what both sides' endpoints answer": tracking({"endpoint": AT}),
    "what production's endpoint answers, in a ConfigMap of staging": tracking(
        {"endpoint": AT | {"pointer": "/a~1b/~0c d/-"}},
        {"configMap": {"name": "a", "key": "b"}, "usedBy": [WORKLOAD]},
        mode="Refresh",
    ),
    "production's table, that an endpoint of staging names": tracking(
        {"table": {"store": "features", "path": "a"}}, {"endpoint": AT, "value": "v{value}"}
    ),
}

WRONG: dict[str, tuple[Object, str]] = {
    "a setting nowhere": (tracking({}), ONE_PLACE),
    "a setting in two places": (
        tracking({"configMap": {"name": "a", "key": "b"}, "variable": variable()}),
        ONE_PLACE,
    ),
    "a variable that is an argument too": (
        tracking({"argument": argument(), "variable": variable()}),
        ONE_PLACE,
    ),
    "staging's setting in two places": (
        staging_setting(configMap={"name": "a", "key": "b"}, argument=argument()),
        ONE_PLACE,
    ),
    "staging's setting in another namespace": (
        staging_setting(configMap={"name": "a", "key": "b", "namespace": "x"}),
        AT_HOME,
    ),
    "staging's argument in another namespace": (
        staging_setting(argument=argument(namespace="x")),
        AT_HOME,
    ),
    "staging's usedBy in another namespace": (
        staging_setting(usedBy=[{"kind": "Deployment", "name": "a", "namespace": "x"}]),
        AT_HOME,
    ),
    "a staging form without {value}": (staging_setting(value="masked/latest"), FORM),
    "a flag without dashes": (tracking({"argument": argument("revision")}), FLAG),
    "a flag with a value": (tracking({"argument": argument("--revision=abc")}), FLAG),
    "a flag that is a pattern": (tracking({"argument": argument("--rev*")}), FLAG),
    "two dashes as a flag": (tracking({"argument": argument("--")}), FLAG),
    "an endpoint and a table": (
        tracking({"endpoint": AT, "table": {"store": "features", "path": "a"}}),
        ONE_PLACE,
    ),
    "what is to be written at an endpoint": (
        tracking({"endpoint": AT}, mode="Refresh"),
        "nothing writes what an endpoint of staging answers",
    ),
    "what is to be written at staging's own endpoint": (
        tracking({"configMap": {"name": "a", "key": "b"}}, {"endpoint": AT}, mode="Refresh"),
        "nothing writes what an endpoint of staging answers",
    ),
    "workloads that read what production's endpoint answers": (
        tracking({"endpoint": AT, "usedBy": [WORKLOAD]}),
        "usedBy of production is not for a table or an endpoint",
    ),
    "workloads that read what staging's endpoint answers": (
        tracking({"endpoint": AT}, {"usedBy": [WORKLOAD]}),
        "remove load and staging.usedBy",
    ),
    "a pointer without a slash": (tracking({"endpoint": AT | {"pointer": "data"}}), POINTER),
    "a pointer of staging without a slash": (
        tracking({"endpoint": AT}, {"endpoint": AT | {"pointer": "data"}}),
        POINTER,
    ),
    "a pointer to the whole answer": (tracking({"endpoint": AT | {"pointer": ""}}), "pointer"),
    "a pointer that escapes nothing": (
        tracking({"endpoint": AT | {"pointer": "/a~2"}}),
        POINTER,
    ),
    "an endpoint without a pointer": (tracking({"endpoint": {"endpoint": "models"}}), "pointer"),
    "a listed pointer that is none": (
        environment(endpoints=[ENDPOINT | {"pointers": ["data.id"]}]),
        POINTER,
    ),
    "an argument without a container": (
        tracking({"argument": WORKLOAD | {"flag": "--a"}}),
        "container",
    ),
}
