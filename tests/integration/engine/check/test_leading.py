"""Several operators, operators that die, an API server that goes away: what a status then says."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.api.types.times import posix
from support.kubernetes.rights import READ, READING, bind
from support.kubernetes.workloads import config_map
from support.operators.operator import DATA, OperatorProcess, World, snapshot

pytestmark = pytest.mark.integration


@pytest.fixture
def world(control_plane: ControlPlane) -> Iterator[World]:
    with World(control_plane) as world:
        for space in (world.production, world.staging):
            world.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20"}))
        yield world


def version(world: World) -> str:
    return str(world.read()["metadata"]["resourceVersion"])


def in_sync(world: World, operator: OperatorProcess) -> None:
    operator.until_leading()
    world.mirror(checkInterval="50s", staleAfter="150s")
    world.until_sync("InSync")
    world.until_settled()


def test_settled_at_stands_still_and_valid_until_passes_when_the_operator_is_killed(
    world: World,
) -> None:
    with world.operator() as operator:
        operator.until_leading()
        world.mirror(checkInterval="5s", staleAfter="6s")
        status = world.until_sync("InSync")
        world.until_settled()
        operator.kill()

    snapshot(world, "2026-11-22")
    last = world.settled_at()
    time.sleep(2)
    status = world.status()

    assert status["sync"] == "InSync"  # nobody is there to know better, and that shows:
    assert world.settled_at() == last <= time.time() - 2
    assert posix(status["validUntil"]) <= time.time() + 6 + 5


def test_a_restart_writes_nothing_where_nothing_has_changed(world: World) -> None:
    with world.operator() as operator:
        in_sync(world, operator)
        written = version(world)

    with world.operator() as operator:
        operator.until_leading()
        world.until_settled()
        time.sleep(1)

        assert version(world) == written
        assert "InSync" not in [line.get("event") for line in operator.lines()]


def test_in_sync_since_survives_a_quick_restart_and_not_a_long_absence(world: World) -> None:
    with world.operator() as operator:
        operator.until_leading()
        world.mirror(checkInterval="5s", staleAfter="20s")
        since = world.until_sync("InSync")["inSyncSince"]
        world.until_settled()
    time.sleep(1)
    with world.operator() as operator:
        operator.until_leading()
        world.until_settled()
        assert world.status()["inSyncSince"] == since
        operator.kill()
    time.sleep(22)

    with world.operator() as operator:
        operator.until_leading()
        world.until_settled()
        assert world.status()["inSyncSince"] > since


def test_a_standby_writes_nothing_and_takes_over_when_the_leader_is_killed(world: World) -> None:
    with world.operator() as first:
        in_sync(world, first)
        with world.operator() as second:
            second.until('"started"')
            time.sleep(2)
            assert '"leading"' not in second.log
            snapshot(world, "2026-11-22")
            world.until_sync("Drifted", within=20)

            first.kill()
            snapshot(world, "2026-11-20")

            world.until_sync("InSync", within=30)


def test_a_leader_that_ends_in_order_is_followed_at_once(world: World) -> None:
    with world.operator() as first:
        in_sync(world, first)
        with world.operator() as second:
            second.until('"started"')
            time.sleep(2)
            first.stop()

            second.until_leading(within=7)  # the Lease alone would end after eight seconds


def test_a_leader_that_was_paused_past_its_lease_changes_nothing_and_ends(world: World) -> None:
    with world.operator() as old, world.operator() as new:
        old_leads = _until_one_leads(old, new)
        leader, other = (old, new) if old_leads else (new, old)
        world.mirror()
        world.until_sync("InSync")
        leader.pause()
        other.until_leading(within=40)
        world.until_settled()
        snapshot(world, "2026-11-22")
        world.until_sync("Drifted")
        written = version(world)

        leader.resume()

        deadline = time.monotonic() + 30
        while leader.running and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not leader.running
        assert "the Lease is lost" in leader.log
        assert version(world) == written


def _until_one_leads(one: OperatorProcess, other: OperatorProcess) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for each in (one, other):
            if '"leading"' in each.log:
                return each is one
        time.sleep(0.1)
    raise AssertionError("nobody leads")


def test_looks_that_cannot_be_renewed_become_unknown_without_any_event(world: World) -> None:
    with world.operator() as operator:
        operator.until_leading()
        world.mirror(checkInterval="5s", staleAfter="8s")
        world.until_sync("InSync")

        bind(world.kube, world.namespace, world.production, [])
        status = world.until_sync("Unknown", within=60)
        assert status["components"][0]["reason"] in ("Forbidden", "StaleObservation")

        rules = [{**rule, "verbs": READ} for rule in READING]
        bind(world.kube, world.namespace, world.production, rules)
        world.until_sync("InSync", within=30)


def test_after_a_restart_of_the_api_server_verdicts_are_right_again(
    world: World, control_plane: ControlPlane
) -> None:
    """Where it takes longer than the Lease may wait, the process ends, and a kubelet starts the
    next one.
    """
    with ExitStack() as operators:
        operator = operators.enter_context(world.operator())
        in_sync(world, operator)
        control_plane.restart_api_server()

        snapshot(world, "2026-11-22")

        deadline = time.monotonic() + 60
        while world.status()["sync"] != "Drifted" and time.monotonic() < deadline:
            if not operator.running:
                assert "the Lease is lost" in operator.log
                operator = operators.enter_context(world.operator())
            time.sleep(0.1)
        assert world.status()["sync"] == "Drifted"


def test_a_mirror_that_was_deleted_while_no_operator_ran_leaves_nothing(world: World) -> None:
    with world.operator() as operator:
        in_sync(world, operator)
    world.kube.delete(API_VERSION, "StagingMirror", "fraud", world.staging)

    with world.operator() as operator:
        operator.until_leading()
        world.until_settled()
        assert f'namespace="{world.staging}"' not in operator.get("/metrics")[1]


def test_the_operator_waits_for_rights_and_definitions_and_says_so(world: World) -> None:
    kube, name = world.kube, world.namespace
    binding = kube.get("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", name)
    kube.delete("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", name)
    with world.operator() as operator:
        operator.until("without the claim to this cluster nothing is done")
        assert operator.get("/livez")[0] == 200
        assert operator.get("/readyz")[0] != 200
        kept: dict[str, Any] = {key: binding[key] for key in ("apiVersion", "kind", "roleRef")}
        kube.create({**kept, "metadata": {"name": name}, "subjects": binding["subjects"]})

        operator.until_leading()
        world.mirror()
        world.until_sync("InSync")
        assert operator.get("/readyz")[0] == 200
