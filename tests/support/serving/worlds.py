"""A model server on both sides of a small world, and what the kind serving says of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.component import Sides
from stagingmirror.components.serving import ServingKind
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Fact, Observation, Observations, Seen
from stagingmirror.drift.verdict import Drifted, Verdict
from stagingmirror.sources.kubernetes.objects.serving.pods import settings_of
from stagingmirror.sources.kubernetes.objects.templates import containers_of
from stagingmirror.sources.kubernetes.subjects import OWN, Pod, Workload
from stagingmirror.sources.kubernetes.subjects.serving import (
    Autoscaler,
    AutoscalerSubject,
    Node,
    Nodes,
    NodesSubject,
)
from support.kinds.builders import (
    NOW,
    PRODUCTION,
    STAGING,
    World,
    entry_of,
    environment,
    sides,
    workload,
)

KIND = ServingKind()
NAME = "fraud-server"
PLAIN = "registry.example/server:1"
GPU: dict[str, Any] = {"limits": {"nvidia.com/gpu": 1, "memory": "16Gi"}, "requests": {"cpu": 1}}
A10 = Node("g5.2xlarge", "amd64", "NVIDIA-A10G", "")
T4 = Node("g4dn.xlarge", "amd64", "Tesla-T4", "")
CPU = Node("m5.large", "amd64", "", "6.1.0")
SIDES = sides(
    *(
        environment(
            role,
            readable={"variables": ["WEB_CONCURRENCY"], "arguments": ["--shown"]},
            comparable={"arguments": ["--compared", "script"]},
        )
        for role in ("Production", "Staging")
    )
)


def entry(staging: Mapping[str, Any] | None = None, **production: Any) -> Any:
    given: dict[str, Any] = {"kind": "Deployment", "name": NAME, **production}
    return entry_of(serving={"production": given, "staging": dict(staging or {})})


def container(name: str = "server", image: str = PLAIN, **fields: Any) -> dict[str, Any]:
    return {"name": name, "image": image, "resources": GPU, **fields}


def server(
    namespace: str,
    *containers: Mapping[str, Any],
    pods: tuple[Mapping[str, Any], ...] | None = None,
    replicas: int = 2,
    kind: WorkloadKind = "Deployment",
    name: str = NAME,
    **spec: Any,
) -> Workload:
    """``pods``: their specs, where they are not the template's."""
    template = {"containers": list(containers) or [container()], **spec}
    made = workload(
        name,
        namespace,
        kind,
        containers=containers_of(template),
        pods=tuple(_pod(each) for each in (pods if pods is not None else (template, template))),
    )
    return replace(made, settings=settings_of(template), replicas=replicas)


def _pod(spec: Mapping[str, Any]) -> Pod:
    return Pod(
        name="pod-0",
        ready=True,
        terminating=False,
        started=NOW - 3600,
        containers=containers_of(spec),
        image_ids={},
        settings=settings_of(spec),
        node="node-0",
    )


def on_nodes(
    world: World, namespace: str, *now: Node, recent: tuple[Node, ...] = (), name: str = NAME
) -> World:
    subject = NodesSubject(OWN, "Deployment", namespace, name)
    return world.put(subject, Nodes(frozenset(now), frozenset({*now, *recent})))


def scaled(world: World, namespace: str, **facts: str) -> World:
    """By an autoscaler with these facts, written with ``_`` for a dot; none: by no autoscaler."""
    subject = AutoscalerSubject(OWN, "Deployment", namespace, NAME)
    given = {f"autoscaling.{each.replace('_', '.')}": text for each, text in facts.items()}
    names = (f"HorizontalPodAutoscaler {NAME}",) if facts else ()
    return world.put(subject, Autoscaler(names, given))


def serving(production: Workload | None = None, staging: Workload | None = None) -> World:
    world = World().add(production or server(PRODUCTION), staging or server(STAGING))
    for namespace in (PRODUCTION, STAGING):
        on_nodes(scaled(world, namespace), namespace, A10)
    return world


def look(
    world: World, role: Any = "production", given: Any = None, around: Sides = SIDES
) -> Observation:
    return KIND.observe(given or entry(), around, role, world, NOW)


def facts(
    world: World, role: Any = "production", given: Any = None, around: Sides = SIDES
) -> dict[str, Fact]:
    seen = look(world, role, given, around)
    assert isinstance(seen, Seen), seen
    return dict(seen.facts)


def findings(
    world: World, role: Any = "production", given: Any = None, around: Sides = SIDES
) -> str:
    seen = look(world, role, given, around)
    assert isinstance(seen, Seen), seen
    return " ".join(seen.findings)


def verdict(world: World, given: Any = None, around: Sides = SIDES) -> Verdict:
    both = (look(world, role, given, around) for role in ("production", "staging"))
    return judge("component", Observations(*both), now=NOW, stale_after=60)


def differing(world: World, given: Any = None, around: Sides = SIDES) -> dict[str, Any]:
    """What differs, as pairs of values."""
    judged = verdict(world, given, around)
    if not isinstance(judged, Drifted):
        return {}
    return {each.fact: (each.production, each.staging) for each in judged.differences}


def changed(**fields: Any) -> Any:
    """A change of a world: staging's container has other fields."""
    return lambda world: world.add(server(STAGING, container(**fields)))


def _limits(**limits: Any) -> Any:
    return changed(resources={**GPU, "limits": {**GPU["limits"], **limits}})


HEALTH = {"httpGet": {"path": "/health", "port": 8080}}
VLLM = "vllm/vllm-openai:v0.8.5"
FULL = container(
    image=VLLM,
    args=["--max-model-len=4096", "--shown=1", "--compared", "2", "--api-key", "planted"],
    startupProbe=HEALTH,
    readinessProbe=HEALTH,
    livenessProbe=HEALTH,
    lifecycle={"preStop": {"sleep": {"seconds": 5}}},
    env=[{"name": "MODE", "value": "x"}],
    volumeMounts=[
        {"name": "config", "mountPath": "/config"},
        {"name": "login", "mountPath": "/login"},
        {"name": "memory", "mountPath": "/dev/shm"},
    ],
)
VOLUMES = [
    {"name": "config", "configMap": {"name": "server-config"}},
    {"name": "login", "secret": {"secretName": "hub"}},
    {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
]


def full(namespace: str) -> Workload:
    """With everything that a pod can show."""
    return server(
        namespace,
        FULL,
        volumes=VOLUMES,
        runtimeClassName="nvidia",
        priorityClassName="high",
    )


def _scripted(namespace: str, script: str) -> Workload:
    return server(namespace, container(command=["sh", "-c", f"for x in 1; do {script}; done"]))


def _of_kserve(namespace: str, **more: str) -> Workload:
    service = {"autoscaling.maxReplicas": "2", "timeout": "60", "containerConcurrency": "8"}
    service |= {"batcher": "on", "batcher.maxBatchSize": "32", "canaryTrafficPercent": "100"}
    made = server(namespace, kind="InferenceService")
    return replace(made, service=service | more)


EXAMPLES: tuple[tuple[Any, ...], ...] = (
    (
        "serving, everything",
        entry(),
        lambda: on_nodes(
            on_nodes(serving(full(PRODUCTION), full(STAGING)), PRODUCTION, CPU), STAGING, CPU
        ),
        {},
        SIDES,
        {"nothing of it": lambda world: world.add(server(STAGING))},
    ),
    (
        "serving, a script",
        entry(),
        lambda: serving(_scripted(PRODUCTION, "serve"), _scripted(STAGING, "serve")),
        {},
        SIDES,
        {"another script": lambda world: world.add(_scripted(STAGING, "serve --fast"))},
    ),
    (
        "serving, KServe",
        entry(kind="InferenceService"),
        lambda: World().add(_of_kserve(PRODUCTION), _of_kserve(STAGING)),
        {},
        SIDES,
        {
            "half the batch": lambda world: world.add(
                _of_kserve(STAGING, **{"batcher.maxBatchSize": "16"})
            )
        },
    ),
    (
        "serving",
        entry(),
        serving,
        {},
        SIDES,
        {
            "replicas": lambda world: world.add(server(STAGING, replicas=1)),
            "half the memory": _limits(memory="8Gi"),
            "no accelerator": changed(resources={"limits": {"memory": "16Gi"}}),
            "a probe": changed(livenessProbe={"httpGet": {"path": "/health", "port": 8080}}),
            "a variable": changed(env=[{"name": "EXTRA", "value": "x"}]),
            "another accelerator": lambda world: on_nodes(world, STAGING, T4),
            "an autoscaler": lambda world: scaled(world, STAGING, minReplicas="1"),
            "another container": lambda world: world.add(
                server(STAGING, container(), container("proxy"))
            ),
            "a shorter grace": lambda world: world.add(
                server(STAGING, terminationGracePeriodSeconds=5)
            ),
        },
    ),
    (
        "serving, named containers",
        entry({"containers": ["app"]}, containers=["server"]),
        lambda: serving(staging=server(STAGING, container("app"), container("proxy"))),
        {},
        SIDES,
        {"no such container": lambda world: world.add(server(STAGING))},
    ),
)
