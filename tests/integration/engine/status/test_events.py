"""Events as a real API server takes them, and as people find them."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.status.events import EventRecorder
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from support.operators.runtimes import a_runtime
from support.operators.waiting import holds
from support.resources.definitions import install
from support.resources.resources import mirror

pytestmark = pytest.mark.integration


@pytest.fixture
async def recorder(control_plane: ControlPlane) -> AsyncIterator[EventRecorder]:
    connecting = KubernetesClient.connect(kubeconfig=str(control_plane.kubeconfig), timeout=5)
    async with await connecting as client:
        one = EventRecorder(client, runtime=a_runtime(time.time), identity="stagingmirror-0")
        task = asyncio.create_task(one.run())
        yield one
        task.cancel()


async def test_an_event_is_found_at_its_mirror_with_everything_that_describe_shows(
    recorder: EventRecorder, kube: Kube, namespace: str
) -> None:
    install(kube)
    uid = kube.create(mirror(namespace=namespace))["metadata"]["uid"]

    recorder.emit(
        MirrorKey(namespace, "fraud"), uid, "Warning", "DriftDetected", "fraud-model: version →12"
    )

    def events() -> list[dict[str, object]]:
        listed = kube.list("v1", "Event", namespace)
        return [each for each in listed if each["involvedObject"]["uid"] == uid]

    await holds(lambda: bool(events()))
    (event,) = events()
    assert (event["type"], event["reason"]) == ("Warning", "DriftDetected")
    assert event["message"] == "fraud-model: version →12"
    assert event["reportingComponent"] == "stagingmirror"


async def test_a_namespace_that_is_gone_takes_no_event_and_breaks_nothing(
    recorder: EventRecorder, kube: Kube, namespace: str
) -> None:
    recorder.emit(MirrorKey("no-such-namespace", "fraud"), "uid-1", "Normal", "InSync", "in sync")
    recorder.emit(MirrorKey(namespace, "other"), "uid-2", "Normal", "InSync", "in sync")

    def told() -> bool:
        return any(
            each["involvedObject"]["name"] == "other"
            for each in kube.list("v1", "Event", namespace)
        )

    await holds(told)
