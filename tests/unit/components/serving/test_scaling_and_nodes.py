"""How many replicas there are, what scales them, and the nodes that they are on."""

from typing import TypeVar

import pytest

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.verdict import InSync, Unknown
from stagingmirror.sources.kubernetes.subjects import OWN
from stagingmirror.sources.kubernetes.subjects.serving import AutoscalerSubject, NodesSubject
from stagingmirror.view import Observed, Subject
from support.kinds.builders import PRODUCTION, STAGING, World
from support.serving.worlds import (
    A10,
    CPU,
    NAME,
    T4,
    differing,
    facts,
    findings,
    on_nodes,
    scaled,
    server,
    serving,
    verdict,
)

T = TypeVar("T")


class Forbidding(World):
    """Nodes may not be read."""

    why = Why("Forbidden", "Our account may not list nodes.")

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        found = super().get(subject)
        return self.forbidden(found) if isinstance(subject, NodesSubject) else found

    def forbidden(self, _: Observed[T] | Unseen) -> Observed[T] | Unseen:
        return Unseen(self.why, self.began)


class ForbiddingNow(Forbidding):
    """They were read ten minutes ago, and may not be read any more."""

    def forbidden(self, last: Observed[T] | Unseen) -> Observed[T] | Unseen:
        assert isinstance(last, Observed)
        return Observed(last.value, self.began - 600, self.why)


class TestReplicas:
    def test_are_compared_where_nothing_scales_either_side(self) -> None:
        assert differing(serving(staging=server(STAGING, replicas=1))) == {"replicas": ("2", "1")}

    @pytest.mark.parametrize("space", [PRODUCTION, STAGING])
    def test_are_only_shown_where_an_autoscaler_is(self, space: str) -> None:
        world = scaled(serving(staging=server(STAGING, replicas=1)), space, minReplicas="1")

        assert set(differing(world)) == {"autoscaling.minReplicas"}
        assert facts(world)["replicas"].value == "2"

    def test_nothing_is_claimed_where_the_autoscaler_is_not_seen(self) -> None:
        world = serving()
        world.silent.add(str(AutoscalerSubject(OWN, "Deployment", STAGING, NAME)))

        assert isinstance(verdict(world), Unknown)


class TestNodes:
    def test_a_node_that_production_was_on_in_the_last_day_is_no_difference(self) -> None:
        world = on_nodes(on_nodes(serving(), PRODUCTION, A10, recent=(T4,)), STAGING, T4)

        assert isinstance(verdict(world), InSync)

    def test_one_that_production_was_not_on_is_named(self) -> None:
        world = on_nodes(serving(), STAGING, A10, CPU)

        assert differing(world) == {
            "node.instanceType": ("g5.2xlarge", "g5.2xlarge, m5.large"),
            "node.accelerator": ("NVIDIA-A10G", "NVIDIA-A10G, none"),
        }

    def test_kernels_are_shown_and_not_compared(self) -> None:
        world = on_nodes(on_nodes(serving(), PRODUCTION, CPU), STAGING, CPU)

        kernel = facts(world)["node.kernel"]
        assert (kernel.value, kernel.compared) == ("6.1.0", False)

    @pytest.mark.parametrize("space", [PRODUCTION, STAGING])
    def test_where_they_are_not_seen_that_is_said_and_nothing_of_them_counts(
        self, space: str
    ) -> None:
        world = on_nodes(serving(), STAGING, CPU)
        world.others.pop(NodesSubject(OWN, "Deployment", space, NAME))  # a node that just goes

        assert isinstance(verdict(world), InSync)
        role = "production" if space == PRODUCTION else "staging"
        assert "node.accelerator are not compared, since nodes are not seen" in findings(
            world, role
        )

    @pytest.mark.parametrize("world", [Forbidding(), ForbiddingNow()])
    def test_whoever_may_not_read_them_learns_what_allows_it(self, world: World) -> None:
        for each in serving().workloads.values():
            world.add(each)
        for space, node in ((PRODUCTION, A10), (STAGING, CPU)):
            on_nodes(scaled(world, space), space, node)

        assert isinstance(verdict(world), InSync)
        assert "our account may not read them (nodes.read of the chart allows it)" in findings(
            world
        )

    def test_nothing_is_claimed_where_they_do_not_answer(self) -> None:
        world = serving()
        world.silent.add(str(NodesSubject(OWN, "Deployment", STAGING, NAME)))

        assert isinstance(verdict(world), Unknown)

    def test_a_side_without_pods_is_on_no_node_and_not_compared(self) -> None:
        assert isinstance(verdict(on_nodes(serving(), STAGING)), InSync)
