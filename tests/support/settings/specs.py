"""Places of settings, as specs name them rightly and wrongly."""

from typing import Any

from support.controllers.specs import WORKLOAD, staging_setting, variable
from support.resources.resources import Object, mirror

ONE_PLACE = "a setting is in exactly one place: configMap, variable, annotation, argument or table"
AT_HOME = "remove namespace from staging"
FORM = "write {value} once, where production's value goes"
FLAG = "write a flag with its dashes and without a value"


def argument(flag: str = "--tokenizer-revision", **more: Any) -> Object:
    return WORKLOAD | {"container": "c", "flag": flag} | more


def tracking(production: Object, **more: Any) -> Object:
    return mirror(track=[{"name": "s", "setting": {"production": production}} | more])


RIGHT: dict[str, Object] = {
    "an argument that is followed": tracking({"argument": argument()}, mode="Refresh"),
    "an argument of one letter, of an InferenceService": tracking(
        {"argument": argument("-c", kind="InferenceService", part="Transformer")}
    ),
    "an argument of staging for a key of production": staging_setting(
        argument=argument("--compilation-config.level")
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
    "an argument without a container": (
        tracking({"argument": WORKLOAD | {"flag": "--a"}}),
        "container",
    ),
}
