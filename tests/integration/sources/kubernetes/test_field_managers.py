"""Giving a field back to its owner while others write the same object, on the real API server."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.errors import NotAnswered
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.write.writer import JSON, MERGE, Writer

pytestmark = pytest.mark.integration

PATH = "/api/v1/namespaces/{}/configmaps/owned"


class Meddling:
    """The real client; right before our JSON patches somebody else writes the object."""

    def __init__(self, client: KubernetesClient, kube: Kube, namespace: str, *, times: int) -> None:
        self._client, self._kube, self._namespace = client, kube, namespace
        self._left = times

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = JSON,
    ) -> dict[str, Any]:
        if isinstance(body, list) and self._left:
            self._left -= 1
            data = {"data": {"theirs": str(self._left)}}
            self._kube.patch("v1", "ConfigMap", "owned", self._namespace, data)
        return await self._client.request(
            method, path, query=query, body=body, content_type=content_type
        )

    def pages(self, path: str, **more: Any) -> AsyncIterator[dict[str, Any]]:
        return self._client.pages(path, **more)


def managers(kube: Kube, namespace: str) -> list[str]:
    metadata = kube.get("v1", "ConfigMap", "owned", namespace)["metadata"]
    return [entry["manager"] for entry in metadata.get("managedFields", ())]


async def give_back(control_plane: ControlPlane, namespace: str, *, meddled: int) -> None:
    kube = control_plane.kube
    metadata = {"name": "owned", "namespace": namespace}
    theirs = {"theirs": "first"}
    kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": theirs})
    client = await KubernetesClient.connect(kubeconfig=str(control_plane.kubeconfig), timeout=5)
    async with client:
        writer = Writer(
            Meddling(client, kube, namespace, times=meddled),
            productions=frozenset,
            unproven=frozenset,
            is_elsewhere=lambda *_: None,
            leading=lambda: True,
        )
        path = PATH.format(namespace)
        await writer.patch(namespace, path, {"data": {"ours": "1"}}, MERGE)
        assert "stagingmirror" in managers(kube, namespace)

        await writer.give_back(namespace, path, None)


async def test_a_change_in_between_does_not_stop_it(
    control_plane: ControlPlane, namespace: str
) -> None:
    await give_back(control_plane, namespace, meddled=2)

    assert "stagingmirror" not in managers(control_plane.kube, namespace)


async def test_an_object_that_never_rests_is_asked_again_later(
    control_plane: ControlPlane, namespace: str
) -> None:
    with pytest.raises(NotAnswered, match="changes faster"):
        await give_back(control_plane, namespace, meddled=50)
