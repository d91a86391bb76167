"""Entries of kind serving, and what may be named of command lines, rightly and wrongly."""

from typing import Any

from support.controllers.specs import PART
from support.resources.resources import Object, environment, mirror

WORKLOAD: Object = {"kind": "Deployment", "name": "fraud-server"}
REPORT = "serving is only compared, and nothing of it is ever written"
PAIRED = "staging.containers needs one name for each of production.containers"
FLAG = "write a flag with its dashes and without a value"


def serving(staging: Object | None = None, mode: str | None = None, **production: Any) -> Object:
    entry: Object = {"production": WORKLOAD | production}
    if staging is not None:
        entry["staging"] = staging
    return mirror(track=[{"name": "serving", "serving": entry} | ({"mode": mode} if mode else {})])


RIGHT: dict[str, Object] = {
    "a server": serving(),
    "a server in words": serving(mode="Report"),
    "a server of other names": serving(
        {"kind": "StatefulSet", "name": "server", "containers": ["app", "proxy"]},
        namespace="ml-prod",
        containers=["server", "sidecar"],
    ),
    "a transformer that serves": serving(
        {"kind": "Deployment", "name": "t"}, kind="InferenceService", part="Transformer"
    ),
    "no containers on either side": serving({"containers": []}),
    "arguments that may be shown or compared": environment(
        readable={"arguments": ["--my-flag", "--x-*", "-v"]},
        comparable={"arguments": ["*", "script"]},
    ),
}

WRONG: dict[str, tuple[Object, str]] = {
    "a server that a refresh should write": (serving(mode="Refresh"), REPORT),
    "a CronJob that serves": (serving(kind="CronJob"), "kind"),
    "a part of a server that has none": (serving(part="Transformer"), PART),
    "a part of staging's server that has none": (
        serving({"part": "Transformer"}),
        "staging.part is for an InferenceService",
    ),
    "staging's containers without production's": (serving({"containers": ["app"]}), PAIRED),
    "fewer containers of staging": (
        serving({"containers": ["app"]}, containers=["server", "proxy"]),
        PAIRED,
    ),
    "a container in capitals": (serving(containers=["Server"]), "use lower-case letters"),
    "an argument with its value": (
        environment(readable={"arguments": ["--my-flag=1"]}),
        FLAG,
    ),
    "an argument without dashes": (environment(comparable={"arguments": ["my-flag"]}), FLAG),
}
