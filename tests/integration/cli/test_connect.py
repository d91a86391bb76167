"""``connect`` against a real API server, which is both clusters here: what it writes is an account
that may read what it should, and nothing more.
"""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.cli.app import app
from stagingmirror.sources.kubernetes.api.kubeconfig import parse_kubeconfig
from support.kubernetes.rights import RBAC
from support.kubernetes.workloads import config_map
from support.operators.rigs import make_namespace

pytestmark = pytest.mark.integration


@pytest.fixture
def spaces(kube: Kube) -> Iterator[tuple[str, str]]:
    """Production's namespace, and the operator's."""
    names = make_namespace(kube, "prod"), make_namespace(kube, "operator")
    yield names
    for name in names:
        kube.delete("v1", "Namespace", name)


def connect(control_plane: ControlPlane, spaces: tuple[str, str], *options: str) -> Result:
    production, operator = spaces
    return CliRunner().invoke(
        app,
        [
            *("connect", "production", "--kubeconfig", str(control_plane.kubeconfig)),
            *("--context", "rig", "-n", production, "--account", production),
            *("--operator-namespace", operator, *options),
        ],
    )


def test_a_dry_run_writes_nothing_and_both_servers_would_accept_it(
    control_plane: ControlPlane, kube: Kube, spaces: tuple[str, str]
) -> None:
    ran = connect(control_plane, spaces, "--dry-run", "server")

    assert ran.exit_code == 0, ran.output
    assert "nothing was written" in ran.output
    assert kube.find("v1", "ServiceAccount", spaces[0], spaces[0]) is None
    assert kube.find("v1", "Secret", "production-cluster", spaces[1]) is None


def test_what_it_writes_can_read_and_nothing_more_and_the_own_cluster_is_found(
    control_plane: ControlPlane, kube: Kube, spaces: tuple[str, str], tmp_path: Path
) -> None:
    production, operator = spaces
    kube.create(config_map("data", production, {"snapshot": "1"}))
    try:
        ran = connect(control_plane, spaces, "--apply")

        assert f"✓ {production}: it can be read" in ran.output, ran.output
        assert f"✓ {production}: it may write nothing" in ran.output
        assert "the cluster that the operator runs in" in ran.output
        assert ran.exit_code == 1
        secret = kube.get("v1", "Secret", "production-cluster", operator)
        assert secret["metadata"]["labels"] == {"stagingmirror.dev/environment": "production"}
        assert control_plane.admin_token not in ran.output
        text = yaml.safe_load(_decoded(secret["data"]["kubeconfig"]))
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump(text))
        reads = control_plane.kubectl("-n", production, "get", "configmaps", kubeconfig=path)
        assert "data" in reads
        asked = ("auth", "can-i", "--list", "-n", production)
        rights = control_plane.kubectl(*asked, kubeconfig=path)
        assert "secrets" not in rights
        assert "patch" not in rights
        assert parse_kubeconfig(yaml.safe_dump(text)).address.server == control_plane.server
    finally:
        for kind in ("RoleBinding", "Role"):
            kube.delete(RBAC, kind, f"{production}:{production}", "kube-system")


@pytest.mark.parametrize("what", ["namespace", "manager"])
def test_what_one_cluster_refuses_is_refused_before_anything_is_written(
    control_plane: ControlPlane, kube: Kube, spaces: tuple[str, str], what: str
) -> None:
    production, operator = spaces
    if what == "manager":
        name = {"name": production, "namespace": production}
        rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
        kube.apply({"apiVersion": RBAC, "kind": "Role", "metadata": name, "rules": rules})
    else:
        operator = "no-such-namespace"

    ran = connect(control_plane, (production, operator), "--apply")

    assert ran.exit_code == 1, ran.output
    says = {"namespace": "no-such-namespace", "manager": f"Role {production}/{production} is there"}
    assert says[what] in ran.output
    assert kube.find("v1", "ServiceAccount", production, production) is None


def test_an_address_that_does_not_answer_from_here_is_told_as_not_proven(
    control_plane: ControlPlane, kube: Kube, spaces: tuple[str, str]
) -> None:
    production, operator = spaces
    try:
        ran = connect(control_plane, spaces, "--apply", "--server", "https://127.0.0.1:9")

        assert ran.exit_code == 1
        assert "what was written is not proven from here" in ran.output
        assert "✓" not in ran.output
        secret = kube.get("v1", "Secret", "production-cluster", operator)
        written = parse_kubeconfig(_decoded(secret["data"]["kubeconfig"]))
        assert written.address.server == "https://127.0.0.1:9"
    finally:
        for kind in ("RoleBinding", "Role"):
            kube.delete(RBAC, kind, f"{production}:{production}", "kube-system")


def test_an_account_that_could_write_is_told(
    control_plane: ControlPlane, kube: Kube, spaces: tuple[str, str]
) -> None:
    production, _ = spaces
    metadata = {"name": "more", "namespace": production}
    kube.apply(
        {
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "edit",
            },
            "subjects": [{"kind": "ServiceAccount", "name": production, "namespace": production}],
        }
    )
    try:
        ran = connect(control_plane, spaces, "--apply")

        assert ran.exit_code == 1
        assert f"✗ {production}: it may write there" in ran.output
    finally:
        for kind in ("RoleBinding", "Role"):
            kube.delete(RBAC, kind, f"{production}:{production}", "kube-system")


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
