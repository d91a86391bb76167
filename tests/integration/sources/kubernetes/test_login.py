"""How we say who we are: in a pod, or by a kubeconfig."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.errors import NotAllowed
from stagingmirror.sources.kubernetes.api import login as login_module
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.api.login import in_cluster

pytestmark = pytest.mark.integration


async def test_a_pod_reads_its_token_again_after_the_kubelet_rotated_it(
    control_plane: ControlPlane,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = urlsplit(control_plane.server)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(address.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(address.port))
    (tmp_path / "ca.crt").write_bytes(control_plane.ca_path.read_bytes())
    (tmp_path / "namespace").write_text("system")
    (tmp_path / "token").write_text("expired\n")
    async with KubernetesClient(in_cluster(tmp_path), timeout=5) as client:
        assert client.namespace == "system"
        with pytest.raises(NotAllowed) as caught:
            await client.request("GET", "/api/v1/namespaces")
        assert caught.value.reason == "Unauthorized"

        (tmp_path / "token").write_text(control_plane.admin_token)
        monkeypatch.setattr(login_module, "REREAD", 0.0)
        listed = await client.request("GET", "/api/v1/namespaces")

    assert listed["kind"] == "NamespaceList"


@pytest.mark.parametrize("content", [None, "", "{", "[]", "kind: Config", "contexts: 3"])
async def test_a_kubeconfig_that_cannot_be_used_says_so(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)

    with pytest.raises(NotAllowed) as caught:
        await KubernetesClient.connect(kubeconfig=str(path), timeout=1)

    assert caught.value.reason == "BadKubeconfig"


async def test_a_context_is_taken_by_name_and_gives_its_namespace(
    control_plane: ControlPlane, namespace: str
) -> None:
    account = control_plane.service_account(namespace, "somebody")
    async with await by_context(account, "rig") as client:
        assert client.namespace == namespace
    with pytest.raises(NotAllowed):
        await by_context(account, "missing")


async def by_context(kubeconfig: Path, context: str) -> KubernetesClient:
    return await KubernetesClient.connect(kubeconfig=str(kubeconfig), context=context, timeout=5)
