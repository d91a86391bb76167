"""A pipeline's image on both sides of a small world, and what its kind says of it."""

from collections.abc import Sequence
from typing import Any

from stagingmirror.components.pipeline_image import PipelineImageKind
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Observation, Observations, Seen
from stagingmirror.drift.steps import Step
from stagingmirror.drift.verdict import Verdict
from stagingmirror.sources.kubernetes.subjects import Pod, Workload
from support.kinds.builders import DIGEST_A, NOW, World, container, entry_of, pod, sides, workload

KIND = PipelineImageKind()
IMAGE = "registry.example/features:1.0"


def entry(**staging: Any) -> Any:
    production = {"kind": "Deployment", "name": "features", "container": "app"}
    return entry_of(pipelineImage={"production": production, "staging": staging})


def features(
    namespace: str,
    image: str = IMAGE,
    reported: Sequence[str | None] = (DIGEST_A,),
    **fields: Any,
) -> Workload:
    """A Deployment with one ready pod per reported digest."""
    template = container(image)
    pods: tuple[Pod, ...] = tuple(pod(template, digest=digest) for digest in reported)
    return workload(
        namespace=namespace, **{"containers": {"app": template}, "pods": pods, **fields}
    )


def look(world: World, role: Any = "production", given: Any = None) -> Observation:
    return KIND.observe(given or entry(), sides(), role, world, NOW)


def verdict(world: World) -> Verdict:
    observations = Observations(look(world), look(world, "staging"))
    return judge("component", observations, now=NOW, stale_after=60)


def plan(world: World, given: Any = None) -> tuple[Step, ...]:
    production = look(world, given=given)
    assert isinstance(production, Seen)
    return KIND.plan(given or entry(), sides(), production, look(world, "staging", given), world)
