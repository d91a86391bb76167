"""The bare watch + PUT, the least that any operator must do, and what it works on: a namespace like
staging, and twins of the mirrors in an API group of their own, which the operator leaves alone.
"""

import asyncio
import copy
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.ground import Ground, side_objects
from bench.scene import Object
from bench.wire import at_once
from rig.kube import Refused
from rig.run import until
from stagingmirror.api.crd.generate import crds
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.rights import READ, READING, bind

GROUP = "bare.stagingmirror.dev"
_VERSION = API_VERSION.rpartition("/")[2]
_READY_WITHIN_SECONDS = 60.0


def path_of(ground: Ground) -> str:
    """Of all twins."""
    return f"/apis/{GROUP}/{_VERSION}/namespaces/{ground.bare}/stagingmirrors"


@asynccontextmanager
async def a_bare_watch(ground: Ground, subjects: int) -> AsyncIterator[None]:
    """So many Deployments and ConfigMaps, twins of the mirrors that track them, with the spec and
    status that those have now, and the process that follows them, with the operator's
    ServiceAccount.
    """
    await asyncio.to_thread(_define, ground)
    await at_once(side_objects(ground.api, ground.bare, subjects, subjects))
    tracking = {name for each in range(subjects) for name in ground.scene.of_deployment(each)}
    listed = await ground.api.request("GET", ground.mirrors)
    await at_once(_twin(ground, each) for each in listed["items"] if body_name(each) in tracking)
    process = ground.plane.run_of.start(
        "bare",
        [
            *(sys.executable, "-m", "bench.bare", str(ground.world.kubeconfig)),
            *(ground.bare, path_of(ground)),
        ],
    )
    try:
        await asyncio.to_thread(
            until,
            lambda: "watching" in process.log_tail(),
            within=_READY_WITHIN_SECONDS,
            what="the bare watch is not ready",
            processes=[process],
        )
        yield
    finally:
        process.end(grace=0)


async def _twin(ground: Ground, mirror: Object) -> None:
    body = {
        "apiVersion": f"{GROUP}/{_VERSION}",
        "kind": "StagingMirror",
        "metadata": {"name": mirror["metadata"]["name"]},
        "spec": mirror["spec"],
    }
    made = await ground.api.request("POST", path_of(ground), body)
    made["status"] = mirror["status"]
    await ground.api.request("PUT", f"{path_of(ground)}/{body_name(made)}/status", made)


def body_name(body: Object) -> str:
    return str(body["metadata"]["name"])


def _define(ground: Ground) -> None:
    """The same definition in another group, and rights like those to the mirrors."""
    wanted = next(each for each in crds() if each["spec"]["names"]["plural"] == "stagingmirrors")
    crd = copy.deepcopy(dict(wanted))
    crd["metadata"] = {"name": f"stagingmirrors.{GROUP}"}
    crd["spec"]["group"] = GROUP
    for alias in ("shortNames", "categories"):
        crd["spec"]["names"].pop(alias, None)
    kube = ground.plane.kube
    kube.apply(crd)
    ours: Object = {"apiGroups": [GROUP]}
    bind(
        kube,
        ground.world.namespace,
        ground.bare,
        [
            *({**rule, "verbs": READ} for rule in READING),
            ours | {"resources": ["stagingmirrors"], "verbs": READ},
            ours | {"resources": ["stagingmirrors/status"], "verbs": ["update"]},
        ],
    )

    def answers() -> bool:
        try:
            kube.request("GET", path_of(ground))
        except Refused:
            return False
        return True

    until(answers, within=30, what="the definition of the twins does not answer")
