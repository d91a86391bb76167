"""Two installations in one cluster: one leads, the other says why it does not."""

from collections.abc import Iterator

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube, Refused
from stagingmirror.api.types.base import API_VERSION, INSTALLATION
from support.kubernetes.rights import ACCOUNT, OWN, bind, bind_everywhere, forget
from support.kubernetes.workloads import config_map
from support.operators.operator import DATA, OperatorProcess, World
from support.operators.rigs import make_namespace
from support.resources.definitions import install
from support.resources.resources import resource

pytestmark = pytest.mark.integration


@pytest.fixture
def world(control_plane: ControlPlane) -> Iterator[World]:
    with World(control_plane) as world:
        for space in (world.production, world.staging):
            world.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20"}))
        yield world


@pytest.fixture
def second(world: World) -> Iterator[OperatorProcess]:
    """Another installation, with what each has of its own and of the cluster."""
    kube, plane = world.kube, world.control_plane
    namespace = make_namespace(kube, "second")
    kubeconfig = plane.service_account(namespace, ACCOUNT)
    bind_everywhere(kube, namespace)
    bind(kube, namespace, namespace, OWN)
    with world.operator() as first:
        first.until_leading()
        with OperatorProcess(plane, namespace, kubeconfig) as operator:
            yield operator
    kube.delete("v1", "Namespace", namespace)
    forget(kube, operator=namespace)


def test_the_second_installation_is_not_ready_and_does_nothing_until_the_first_is_uninstalled(
    world: World, second: OperatorProcess
) -> None:
    second.until("without the claim to this cluster nothing is done")

    world.mirror()
    world.until_sync("InSync")
    code, why = second.get("/readyz")
    assert (code, second.get("/livez")[0]) == (503, 200)
    assert f"release {world.namespace} in namespace {world.namespace}" in why
    assert '"leading"' not in second.log

    # What `helm uninstall` takes away; the garbage collector deletes the claim that it owned.
    for kind in ("ClusterRoleBinding", "ClusterRole"):
        world.kube.delete("rbac.authorization.k8s.io/v1", kind, world.namespace)

    second.until_leading(within=120)
    world.mirror("another")
    world.until(lambda status: "sync" in status, "another")


def claim(name: str = INSTALLATION, namespace: str = "ours") -> dict[str, object]:
    return resource("MirrorInstallation", name, {"namespace": namespace, "release": "mirror"})


def test_there_is_one_claim_and_it_cannot_change_hands(kube: Kube) -> None:
    install(kube)
    with pytest.raises(Refused, match="its name is stagingmirror"):
        kube.create(claim("another"))
    made = kube.create(claim())
    try:
        with pytest.raises(Refused, match="only be deleted"):
            kube.apply(claim(namespace="theirs"), manager="somebody")
        assert kube.get(API_VERSION, "MirrorInstallation", INSTALLATION)["spec"] == made["spec"]
    finally:
        kube.delete(API_VERSION, "MirrorInstallation", INSTALLATION)
