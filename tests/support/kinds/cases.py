"""Builders of a Case for decisions that are pure."""

from collections.abc import Mapping
from typing import Any

from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.component import Side, Sides
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Fact, Hold, Observation, Observations, Seen
from stagingmirror.drift.plan import Proposal
from stagingmirror.drift.steps import Left, Plan
from stagingmirror.drift.verdict import Verdict
from stagingmirror.engine.context import Context, Judged
from stagingmirror.engine.resources.mirror import Mirror, MirrorKey
from stagingmirror.sources.kubernetes.write.field_patch import SetImage
from support.kinds.builders import NOW, environment
from support.resources import resources

STEP = PatchWorkload(
    "patch-1",
    ("features",),
    "Deployment",
    "ml-staging",
    "features",
    (SetImage("app", "registry.example/features@sha256:2"),),
)


def a_mirror(
    annotations: Mapping[str, str] | None = None, status: Mapping[str, Any] | None = None
) -> Mirror:
    return Mirror(
        key=MirrorKey("ml-staging", "fraud"),
        uid="uid-1",
        generation=1,
        created="2026-11-01T00:00:00Z",
        annotations=annotations or {},
        status=MirrorStatus.read(status or {}),
        body={},
    )


def context(
    *,
    refresh: Mapping[str, Any] | None = None,
    production: Observation | None = None,
    staging: Observation | None = None,
    holds: tuple[Hold, ...] = (),
    steps: tuple[ExecutableStep, ...] = (STEP,),
    left: tuple[Left, ...] = (),
    status: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
    now: float = NOW,
    writes: bool = True,
    verdict: Verdict | None = None,
    mode: str | None = None,
) -> Context:
    """One component ``features`` whose production was seen ten seconds ago. ``writes=False``: no
    ``spec.refresh``. Without a verdict it is what both sides show; without an own plan it has
    ``steps`` where it is Drifted.
    """
    whole = {"schedule": "0 6 * * *", **(refresh or {})}
    features = resources.pipeline_image("features") | ({"mode": mode} if mode else {})
    body = resources.mirror(track=[features])
    if writes:
        body["spec"]["refresh"] = whole
    spec = StagingMirrorSpec.model_validate(body["spec"])
    facts = {"digest": Fact("sha256:2")}
    observations = Observations(
        production or Seen(facts, now - 10), staging or Seen({"digest": Fact("sha256:1")}, now - 10)
    )
    judged = verdict or judge("features", observations, now=now, stale_after=120.0)
    return Context(
        mirror=a_mirror(annotations, status),
        spec=spec,
        sides=Sides(
            Side("production", "production", environment(), "ml-prod"),
            Side("staging", "staging", environment("Staging"), "ml-staging"),
            mirror="mirror",
        ),
        components=(Judged(spec.track[0], observations, judged),),
        holds=holds,
        proposals=(Proposal("features", spec.track[0].effective_mode, judged, steps),),
        plan=Plan(steps, left),
        parts={},
        now=now,
    )
