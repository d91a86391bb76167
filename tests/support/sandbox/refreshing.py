"""Refreshes of the operator as a process: both sides differ, somebody asks, it ends."""

from typing import Any

from support.kubernetes.workloads import DIGEST, config_map, deployment
from support.operators.operator import OperatorProcess, World

Object = dict[str, Any]

REFRESH = {"schedule": "0 6 1 1 *", "settle": "0s", "timeout": "2m", "rolloutTimeout": "1m"}
OLD, NEW = (f"registry.example/features@{DIGEST.format(n)}" for n in (1, 2))
DATA = "training-data"


def differ(world: World) -> None:
    """Production and staging, with another image and another value on each side."""
    for space, image in ((world.production, NEW), (world.staging, OLD)):
        value = {"snapshot": f"{space}/2026-11-20"}
        bodies = (config_map(DATA, space, value), deployment("features", space, image))
        world.kube.apply(*bodies, manager="owner")


def ask(world: World, token: str) -> None:
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": token}}})


def ended(world: World, token: str = "now") -> Object:
    """The entry of the refresh that was asked for with this token."""

    def entry(status: Object) -> Object:
        found = (e for e in status.get("refreshes") or () if e.get("token") == token)
        return next(found, {})

    return entry(world.until(entry, within=60, what=f"the refresh {token} has not ended"))


def setting_of(world: World) -> Object:
    data: Object = world.kube.get("v1", "ConfigMap", DATA, world.staging)["data"]
    return data


def said(world: World, operator: OperatorProcess) -> str:
    events = world.kube.list("events.k8s.io/v1", "Event", world.staging)
    records = world.kube.list("v1", "ConfigMap", world.namespace)
    return f"{world.status()} {events} {records} {operator.log}"
