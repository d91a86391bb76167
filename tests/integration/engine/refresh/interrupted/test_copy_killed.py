"""The operator as a process, killed (SIGKILL) in the middle of a copy between two buckets of a real
store.
"""

import os
import re
import secrets
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from support.kubernetes.kubelet import Kubelet
from support.objectstore.deployed_ranker import Ranker, stores_of_files
from support.objectstore.worlds import pass_a_second
from support.operators.operator import World

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("object-stores")]

# Several parts of an upload; its copy takes four seconds.
LARGE, RATE = secrets.token_bytes(16 * 1024 * 1024), "4Mi"


@pytest.fixture
def ranker(control_plane: ControlPlane, object_store: ObjectStore) -> Iterator[Ranker]:
    with World(control_plane) as world:
        stores = stores_of_files(world, object_store, maxRate=RATE)
        for role, space in (("production", world.production), ("staging", world.staging)):
            world.environment(role, space, objectStores=[stores[role]])
        yield Ranker(world, object_store, secrets.token_hex(3))


def copied(status: dict[str, Any]) -> bool:
    """Whether the copy is on its way: some of it is sent, and not all."""
    steps = (status.get("refresh") or {}).get("steps") or ()
    found = (re.match(r"(\d+) MB of 17 MB copied", str(each.get("message"))) for each in steps)
    return any(0 < int(each[1]) < 16 for each in found if each)


def test_killed_in_the_middle_of_a_copy_all_is_old_and_the_next_one_finishes_it(
    ranker: Ranker,
) -> None:
    world, kube = ranker.world, ranker.world.kube
    ranker.put(PRODUCTION, LARGE)
    ranker.put(PRODUCTION, b"{}", "config.json")
    ranker.put(STAGING, b"old")
    pass_a_second()
    with Kubelet(kube, ranker.folders):
        with world.operator() as operator:
            operator.until_leading()
            ranker.deploy()
            world.until(lambda status: status.get("sync") == "Drifted", within=90)
            world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "one"}}})
            world.until(copied, within=60)
            os.kill(operator.pid, signal.SIGKILL)
            until(lambda: not operator.running, within=20, what="it still runs")

        was = ranker.folders[world.staging]
        assert ranker.loaded() == was
        half = {key.rpartition("/")[2]: data for key, data in ranker.copies().items()}
        assert half in ({}, {"config.json": b"{}"})
        (lease,) = kube.list("coordination.k8s.io/v1", "Lease", world.namespace)
        api, name = "coordination.k8s.io/v1", lease["metadata"]["name"]
        kube.patch(api, "Lease", name, world.namespace, {"spec": {"holderIdentity": ""}})
        with world.operator():
            status = world.until_sync("InSync", within=120)

    assert status["refreshes"][0]["result"] == "Succeeded"
    whole = {key.rpartition("/")[2]: data for key, data in ranker.copies().items()}
    assert whole == {"config.json": b"{}", "w.bin": LARGE}
    (component,) = status["components"]
    assert component["staging"]["contentHash"] == component["production"]["contentHash"]
    assert component["staging"]["uri"] == ranker.loaded()
    assert ranker.loaded() != was
