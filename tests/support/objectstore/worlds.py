"""What the operator as a process is let into object stores with, and is asked for there."""

import base64
import time
from typing import Any

from rig.stores.account import Account
from stagingmirror.api.types.base import API_VERSION
from support.operators.operator import World

SECRET = "s3-production"


def cleared(world: World) -> None:
    """Without a mirror."""
    for body in world.kube.list(API_VERSION, "StagingMirror", world.staging):
        world.kube.delete(API_VERSION, "StagingMirror", body["metadata"]["name"], world.staging)


def give(world: World, account: Account, role: str = "production", name: str = SECRET) -> None:
    """What an environment is let in with."""
    data = {
        key: base64.b64encode(text.encode()).decode() for key, text in account.variables.items()
    }
    labels = {"stagingmirror.dev/environment": world.environments[role]}
    world.kube.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": world.namespace, "labels": labels},
            "data": data,
        },
        manager="test",
    )


def refreshed(world: World, token: str) -> dict[str, Any]:
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": token}}})
    return world.until(lambda status: status.get("handledRefreshAt") == token, within=90)


def pass_a_second() -> None:
    """Starts of pods are known in whole seconds: one in that of a write proves nothing."""
    time.sleep(1.1)
