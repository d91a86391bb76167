"""How a workload serves, from what runs: each fact, and what is no difference."""

from typing import Any

import pytest

from stagingmirror.component import Side, Sides
from stagingmirror.drift.facts import Absent, Seen, Unseen, Why
from stagingmirror.drift.verdict import InSync
from support.kinds.builders import PRODUCTION, STAGING, World, entry_of, environment
from support.serving.worlds import (
    GPU,
    KIND,
    NAME,
    SIDES,
    changed,
    container,
    differing,
    entry,
    facts,
    findings,
    look,
    server,
    serving,
    verdict,
)


def on_staging(**fields: Any) -> World:
    """Staging's container has other fields than production's, which has the same names."""
    world = serving()
    changed(**fields)(world)
    return world


def test_quantities_are_compared_by_value() -> None:
    other = {"limits": {"nvidia.com/gpu": "1", "memory": "16384Mi"}, "requests": {"cpu": "1000m"}}

    assert differing(on_staging(resources=other)) == {}


def test_what_has_a_limit_and_no_request_requests_its_limit() -> None:
    spelled_out = {**GPU, "requests": {"cpu": "1", "memory": "16Gi", "nvidia.com/gpu": 1}}

    assert differing(on_staging(resources=spelled_out)) == {}


def test_each_resource_that_differs_is_named_with_both_values() -> None:
    less = {**GPU, "limits": {"nvidia.com/gpu": 1, "memory": "8Gi"}}

    assert differing(on_staging(resources=less)) == {
        "server.resources.limits.memory": ("16Gi", "8Gi"),
        "server.resources.requests.memory": ("16Gi", "8Gi"),
    }


def test_what_pods_have_counts_and_not_what_the_template_says() -> None:
    injected = {"containers": [container(resources={"limits": {"memory": "32Gi"}})]}
    world = serving(staging=server(STAGING, pods=(injected,)))

    assert differing(world)["server.resources.limits.memory"] == ("16Gi", "32Gi")


def test_pods_that_differ_among_themselves_are_said_and_shown_with_each_value() -> None:
    small, large = (
        {"containers": [container(resources={"limits": {"memory": size}})]}
        for size in ("4Gi", "8Gi")
    )
    world = serving(staging=server(STAGING, pods=(small, large)))

    assert facts(world, "staging")["server.resources.limits.memory"].value == "4Gi or 8Gi"
    assert "differ in server.resources.limits.memory" in findings(world, "staging")


def test_an_init_container_serves_nothing_unless_it_is_always_restarted() -> None:
    ends, stays = container("prepare"), container("proxy", restartPolicy="Always")
    world = serving(staging=server(STAGING, container(), initContainers=[ends, stays]))

    assert differing(world)["containers"] == ("server", "proxy, server")


def test_containers_that_somebody_put_into_the_pods_are_said_and_not_compared() -> None:
    injected = {"containers": [container(), container("istio-proxy")]}
    world = serving(staging=server(STAGING, container(), pods=(injected,)))

    assert isinstance(verdict(world), InSync)
    assert "(istio-proxy)" in findings(world, "staging")


def test_a_container_that_is_named_is_compared_alone_and_by_productions_name() -> None:
    given = entry({"containers": ["app"]}, containers=["server"])
    small = {"limits": {"memory": "1Gi"}}
    world = serving(staging=server(STAGING, container("app"), container("log", resources=small)))

    assert isinstance(verdict(world, given), InSync)
    assert not [name for name in facts(world, "staging", given) if name.startswith(("app", "log"))]


def test_a_named_container_that_is_not_there_is_absent() -> None:
    given = entry(containers=["nobody"])

    assert isinstance(look(serving(), "staging", given), Absent)


@pytest.mark.parametrize(
    ("probe", "differs"),
    [
        ({"httpGet": {"path": "/live", "port": 8080}}, ("http :8080/health", "http :8080/live")),
        ({"tcpSocket": {"port": 8080}}, ("http :8080/health", "tcp :8080")),
        ({"exec": {"command": ["curl", "-H", "token: planted"]}}, ("http :8080/health", "exec")),
        (
            {"grpc": {"port": 8001, "service": "inference"}},
            ("http :8080/health", "grpc :8001 inference"),
        ),
    ],
)
def test_probes_are_compared_by_what_they_call(
    probe: dict[str, Any], differs: tuple[str, str]
) -> None:
    health = {"httpGet": {"path": "/health?token=planted", "port": 8080}}
    world = serving(
        server(PRODUCTION, container(livenessProbe=health)),
        server(STAGING, container(livenessProbe=probe)),
    )

    assert differing(world) == {"server.livenessProbe": differs}
    assert "planted" not in repr([look(world, role) for role in ("production", "staging")])


def test_the_timeout_of_a_probe_has_a_fact_of_its_own_and_a_default() -> None:
    health = {"httpGet": {"path": "/health", "port": 8080}}
    world = serving(
        server(PRODUCTION, container(readinessProbe=health)),
        server(STAGING, container(readinessProbe={**health, "timeoutSeconds": 5})),
    )

    assert differing(world) == {"server.readinessProbe.timeout": ("1s", "5s")}


def test_shared_memory_classes_and_grace_are_compared() -> None:
    volume = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}
    mount = {"name": "shm", "mountPath": "/dev/shm"}
    world = serving(
        server(
            PRODUCTION,
            container(volumeMounts=[mount]),
            volumes=[volume],
            runtimeClassName="nvidia",
            priorityClassName="high",
            terminationGracePeriodSeconds=300,
        )
    )

    assert differing(world) == {
        "shmSize": ("1Gi", None),
        "runtimeClass": ("nvidia", None),
        "priorityClass": ("high", None),
        "terminationGracePeriod": ("300s", "30s"),
    }


def test_mounted_config_maps_and_secrets_are_compared_by_name() -> None:
    volumes = [
        {"name": "config", "configMap": {"name": "server-config"}},
        {"name": "login", "secret": {"secretName": "hub-token"}},
        {"name": "kube-api-access-x7", "projected": {"sources": [{"configMap": {"name": "ca"}}]}},
    ]
    mounts = [
        {"name": "config", "mountPath": "/etc/server"},
        {"name": "login", "mountPath": "/etc/login"},
        {
            "name": "kube-api-access-x7",
            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
        },
    ]
    world = serving(server(PRODUCTION, container(volumeMounts=mounts), volumes=volumes))

    assert differing(world) == {
        "server.configMaps.server-config": ("mounted", None),
        "server.secrets.hub-token": ("mounted", None),
    }


def test_variables_are_compared_by_name_and_no_value_of_them_is_shown() -> None:
    world = serving(
        server(PRODUCTION, container(env=[{"name": n, "value": f"planted-{n}"} for n in "AB"])),
        server(STAGING, container(env=[{"name": n, "value": f"other-{n}"} for n in "BC"])),
    )

    assert differing(world) == {
        "server.variables.A": ("set", None),
        "server.variables.C": (None, "set"),
    }
    assert "planted" not in repr(look(world))


@pytest.mark.parametrize("space", [PRODUCTION, STAGING])
def test_a_name_that_env_from_may_bring_is_no_difference(space: str) -> None:
    source = [{"configMapRef": {"name": "variables"}}]
    world = serving(server(PRODUCTION, container(env=[{"name": "A", "value": "1"}])))
    one = {PRODUCTION: [{"name": "A", "value": "1"}], STAGING: []}[space]
    world.add(server(space, container(env=one, envFrom=source)))

    role = "production" if space == PRODUCTION else "staging"
    assert "server.variables.A" not in differing(world)
    assert "server.configMaps.variables" in differing(world)
    assert "may come from envFrom" in findings(world, role)


class TestPods:
    def test_a_rollout_is_no_answer(self) -> None:
        world = serving()
        world.change(("Deployment", STAGING, NAME), unsettled=Why("RollingOut", "it rolls out."))

        seen = look(world, "staging")

        assert isinstance(seen, Unseen)
        assert seen.why.reason == "RollingOut"

    def test_without_pods_the_template_counts_and_is_declared(self) -> None:
        world = serving(*(server(space, pods=(), replicas=0) for space in (PRODUCTION, STAGING)))

        judged = verdict(world)

        assert isinstance(judged, InSync)
        seen = look(world)
        assert isinstance(seen, Seen)
        assert seen.facts["server.resources.limits.memory"].declared


def test_nothing_is_ever_written() -> None:
    given = entry()
    world = serving()
    seen = look(world)
    assert isinstance(seen, Seen)

    assert KIND.plan(given, SIDES, seen, look(world, "staging"), world) == ()
    assert KIND.writes(given, SIDES) == frozenset()
    assert KIND.production_places(given, SIDES) == frozenset()
    assert KIND.refusal(given, SIDES) is not None


def test_more_facts_than_are_listed_are_one_and_a_difference_among_them_is_not_lost() -> None:
    many = [{"name": f"V{number:05}", "value": "1"} for number in range(3000)]
    world = serving(
        server(PRODUCTION, container(env=many)), server(STAGING, container(env=many[:-1]))
    )

    assert set(differing(world)) == {"(others)"}
    assert len(facts(world)) < 1100


@pytest.mark.parametrize(("place", "reason"), [(PRODUCTION, "SameThing"), (STAGING, None)])
def test_one_workload_cannot_be_both_sides(place: str, reason: str | None) -> None:
    given = entry_of(serving={"production": {"kind": "Deployment", "name": NAME}})
    spec = environment("Staging", namespaces=[PRODUCTION, STAGING])
    around = Sides(SIDES.production, Side("staging", "staging", spec, place), "mirror")

    why = KIND.problems(given, around, World())

    assert (why and why.reason) == reason
