"""The API server ends and starts again while a refresh waits, on its way and on its way back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from support.kubernetes.kubelet import Kubelet, status_of
from support.kubernetes.workloads import cron_job
from support.operators.operator import OperatorProcess, World
from support.sandbox.image_refreshes import image_of, until_all_drifted
from support.sandbox.refreshing import DATA, NEW, OLD, REFRESH, Object, ask, differ, setting_of

pytestmark = pytest.mark.integration

TRACK: list[Object] = [
    {
        "name": "image",
        "pipelineImage": {
            "production": {"kind": "Deployment", "name": "features", "container": "app"}
        },
    },
    {
        "name": "data",
        "setting": {
            "production": {"configMap": {"name": DATA, "key": "snapshot"}},
            "load": {"cronJob": "load", "container": "load", "variable": "SNAPSHOT"},
        },
    },
]


@dataclass
class Waiting:
    """A refresh whose steps are all taken, and a node that has gone to sleep: no pod starts."""

    world: World
    operator: OperatorProcess

    def until(self, condition: Callable[[Object], object], what: str) -> Object:
        """Where the Lease was lost meanwhile, the process has ended, and a kubelet starts the next
        one.
        """

        def holds() -> bool:
            if not self.operator.running:
                assert "the Lease is lost" in self.operator.log
                self.operator = self.world.operator()
            return bool(condition(self.world.status()))

        try:
            until(holds, within=90, what=what)
        except Exception as error:
            error.add_note(f"{self.world.status()} {self.operator.log[-6000:]}")
            raise
        return self.world.status()

    def node(self) -> Kubelet:
        return Kubelet(self.world.kube, (self.world.production, self.world.staging))

    def image(self) -> str:
        body = self.world.kube.get("apps/v1", "Deployment", "features", self.world.staging)
        return image_of(body)

    def revision(self) -> str:
        body = self.world.kube.get("apps/v1", "Deployment", "features", self.world.staging)
        return str(body["metadata"]["annotations"]["deployment.kubernetes.io/revision"])

    def has_loaded(self) -> bool:
        """Let the loader that runs end well, and nothing else."""
        for pod in self.world.kube.list("v1", "Pod", self.world.staging):
            metadata = pod["metadata"]
            if any(each["kind"] == "Job" for each in metadata.get("ownerReferences", ())):
                end = {"status": status_of(pod)}
                place = ("v1", "Pod", metadata["name"], self.world.staging)
                self.world.kube.patch(*place, end, subresource="status")
                return True
        return False

    def jobs(self) -> int:
        return len(self.world.kube.list("batch/v1", "Job", self.world.staging))


@contextmanager
def a_waiting_refresh(control_plane: ControlPlane, rollout_timeout: str) -> Iterator[Waiting]:
    with World(control_plane) as world:
        differ(world)
        world.kube.apply(cron_job("load", world.staging, "loader:1"), manager="owner")
        waiting = Waiting(world, world.operator())
        try:
            with waiting.node():
                refresh = REFRESH | {"rolloutTimeout": rollout_timeout}
                world.mirror(track=TRACK, refresh=refresh)
                until_all_drifted(world)
            ask(world, "now")
            waiting.until(lambda _: waiting.has_loaded(), "the loader was not started")
            waiting.until(lambda _: waiting.image() == NEW, "the image was not written")
            yield waiting
        finally:
            waiting.operator.stop()


def test_what_is_being_verified_arrives_after_a_restart_of_the_api_server(
    control_plane: ControlPlane,
) -> None:
    with a_waiting_refresh(control_plane, "1m") as waiting:
        status = waiting.until(lambda s: phase(s) == "Verify", "it is not being verified")
        control_plane.restart_api_server()

        assert status["sync"] != "InSync"
        with waiting.node():
            ended = waiting.until(lambda s: s.get("refreshes"), "it has not ended")["refreshes"]

        assert [each["result"] for each in ended] == ["Succeeded"], ended
        assert (waiting.image(), waiting.revision(), waiting.jobs()) == (NEW, "2", 1)
        waiting.until(lambda s: s.get("sync") == "InSync", "it is not in sync")


def test_what_is_being_put_back_is_back_after_a_restart_of_the_api_server(
    control_plane: ControlPlane,
) -> None:
    with a_waiting_refresh(control_plane, "3s") as waiting:
        waiting.until(lambda s: "RollingBack" in states(s), "nothing is being rolled back")
        waiting.until(lambda _: waiting.jobs() == 2, "the loader does not run again")
        control_plane.restart_api_server()

        with waiting.node():
            ended = waiting.until(lambda s: s.get("refreshes"), "it has not ended")["refreshes"]

        assert [each["result"] for each in ended] == ["RolledBack"], ended
        assert ended[0]["reason"] == "RolloutTimeout"
        former = {"snapshot": f"{waiting.world.staging}/2026-11-20"}
        assert (waiting.image(), setting_of(waiting.world)) == (OLD, former)
        assert (waiting.revision(), waiting.jobs()) == ("3", 2)


def phase(status: Object) -> str | None:
    return (status.get("refresh") or {}).get("phase")


def states(status: Object) -> list[str]:
    return [step["state"] for step in (status.get("refresh") or {}).get("steps") or ()]
