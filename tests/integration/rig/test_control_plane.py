"""The rig itself: what it promises to every other test."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rig import sweep
from rig.control_plane import ControlPlane
from rig.kube import Kube, Refused
from rig.run import Run, sweep_abandoned, until
from support.operators.drivers import started_by_another_process
from support.operators.rigs import make_namespace

pytestmark = pytest.mark.integration

_DRIVER = """
import sys, time
from rig.control_plane import ControlPlane
with ControlPlane("orphan") as plane:
    print(plane.run_of.folder, flush=True)
    time.sleep(600)
"""


def test_a_stopped_control_plane_leaves_nothing() -> None:
    with ControlPlane() as plane:
        folder = plane.run_of.folder
        until(lambda: len(sweep.processes(folder)) >= 3, within=10, what="they do not run")
        address = urlsplit(plane.server)

    assert not folder.exists()
    assert not sweep.processes(folder)
    with socket.socket() as probe:
        assert probe.connect_ex((address.hostname or "", address.port or 0)) != 0


def test_a_killed_driver_leaves_nothing() -> None:
    driver, folder = started_by_another_process(_DRIVER)
    assert sweep.processes(folder)

    driver.kill()
    driver.wait(timeout=10)

    until(lambda: not folder.exists(), within=30, what="the guard did not sweep")
    assert not sweep.processes(folder)


def test_a_run_whose_driver_and_guard_were_killed_is_swept_by_the_next() -> None:
    abandoned = Run("abandoned")
    sleeper = abandoned.start("sleeper", ["sleep", "600"])
    guard = int((abandoned.folder / "guard").read_text())
    os.kill(guard, signal.SIGKILL)
    until(lambda: not sweep.runs_as(guard, str(abandoned.folder)), within=40, what="guard lives")

    with Run("next") as following:
        assert following.folder.exists()

    assert not abandoned.folder.exists()
    sleeper.reap()
    abandoned.stop()


def test_a_run_is_swept_when_nobody_holds_its_lock_whatever_its_guard_looks_like(
    tmp_path: Path,
) -> None:
    """A guard that has just been started shows no command for a moment, and once lost its run."""
    run = tmp_path / "run"
    run.mkdir()
    with (run / "guard").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sweep_abandoned(tmp_path)
        assert run.exists()

    sweep_abandoned(tmp_path)

    assert not run.exists()


def test_a_run_that_is_being_made_is_left_alone(tmp_path: Path) -> None:
    unfinished = tmp_path / ".run"
    unfinished.mkdir()

    sweep_abandoned(tmp_path)

    assert unfinished.exists()


def test_only_processes_of_the_run_are_ended() -> None:
    bystander = subprocess.Popen(["sleep", "600"])
    with Run("precise") as run:
        run.start("sleeper", ["sleep", "600"])
        with Run("other") as other:
            kept = other.start("sleeper", ["sleep", "600"])
            run.stop()
            assert kept.running
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait(timeout=10)


@pytest.mark.parametrize("moment", ["at once", "while it starts"])
def test_ctrl_c_while_a_rig_is_started_leaves_nothing(tmp_path: Path, moment: str) -> None:
    runs = tmp_path / "stagingmirror" / "rig" / "runs"
    driver = subprocess.Popen(
        [sys.executable, "-m", "rig", "up", "--name", "broken-off", "--level", "control-plane"],
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # as a terminal does: Ctrl-C is for the whole group
    )
    assert driver.stderr is not None
    with driver.stderr as said:
        assert "starting broken-off" in said.readline()
        if moment == "while it starts":
            until(lambda: _started(runs), within=60, what="no etcd was started")
        begun = list(runs.iterdir())
        os.killpg(driver.pid, signal.SIGINT)
        assert driver.wait(timeout=60) == 130

    until(lambda: list(runs.iterdir()) == [], within=60, what="the run was not swept")
    assert list((runs.parent / "kept").iterdir()) == []
    assert not any(sweep.processes(run) for run in begun)


def _started(runs: Path) -> bool:
    return any(sweep.processes(run) for run in runs.iterdir())


def test_two_control_planes_run_side_by_side(control_plane: ControlPlane, kube: Kube) -> None:
    name = make_namespace(kube, "here")
    with ControlPlane("second") as second:
        assert second.server != control_plane.server
        assert second.kube.find("v1", "Namespace", name) is None
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            Kube(second.server, control_plane.ca_path, second.admin_token).request("GET", "/readyz")
    kube.delete("v1", "Namespace", name)


def test_a_restarted_api_server_has_its_data_and_address(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    before = kube.get("v1", "Namespace", namespace)["metadata"]["uid"]

    control_plane.restart_api_server()

    assert kube.get("v1", "Namespace", namespace)["metadata"]["uid"] == before


def test_a_paused_api_server_takes_connections_and_answers_nothing(
    control_plane: ControlPlane, kube: Kube
) -> None:
    control_plane.pause_api_server()
    try:
        with pytest.raises(TimeoutError):
            kube.request("GET", "/readyz", timeout=0.5)
    finally:
        control_plane.resume_api_server()

    assert kube.request("GET", "/readyz") == "ok"


def test_a_service_account_may_only_do_what_rbac_gives_it(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    account = control_plane.as_service_account(namespace, "reader")
    with pytest.raises(Refused, match="forbidden"):
        account.list("v1", "ConfigMap", namespace)

    kube.apply(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "reader", "namespace": namespace},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "view",
            },
            "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": namespace}],
        }
    )

    def permitted() -> bool:
        try:
            return bool(account.list("v1", "ConfigMap", namespace))
        except Refused:
            return False

    until(permitted, within=40, what="the binding has no effect")
    listed = control_plane.kubectl(
        "get",
        "configmaps",
        "-o",
        "name",
        kubeconfig=control_plane.service_account(namespace, "reader"),
    )
    assert "configmap/kube-root-ca.crt" in listed


def test_kubectl_says_what_is_wrong(control_plane: ControlPlane) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        control_plane.kubectl("get", "nonsense")

    assert "the server doesn't have a resource type" in refused.value.stderr
