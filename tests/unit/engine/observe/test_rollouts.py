"""What a deploy is told by: the workloads of a component's own side, and when they are through."""

from dataclasses import replace

import pytest

from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.components.pipeline_image import PipelineImageKind
from stagingmirror.drift.deploys import DeployKey, Running, SideName
from stagingmirror.engine.observe.rollouts import rollouts
from stagingmirror.sources.kubernetes.subjects import OWN, Workload, WorkloadSubject
from support.index.products import KIND as INDEX
from support.index.products import SIDES as INDEX_SIDES
from support.index.products import entry as index_entry
from support.index.products import index, indexes, mark, serve
from support.kinds.builders import (
    DIGEST_A,
    NOW,
    PRODUCTION,
    STAGING,
    World,
    container,
    entry_of,
    pod,
    sides,
    workload,
)
from support.kinds.recording import recording

ENTRY = entry_of(
    "features",
    pipelineImage={
        "production": {"kind": "Deployment", "name": "features", "container": "app"},
        "staging": {"name": "features-staging"},
    },
)
ENVIRONMENTS: dict[SideName, str] = {"production": "production", "staging": "staging"}
STAGED = DeployKey("features", "staging")
PRODUCED = DeployKey("features", "production")


def features(namespace: str, name: str = "features", revision: str = "1") -> Workload:
    app = container(f"registry.example/app@{DIGEST_A}")
    running = workload(name, namespace, containers={"app": app}, pods=(pod(app, digest=DIGEST_A),))
    return replace(running, revision=revision)


def observed(*workloads: Workload) -> dict[DeployKey, Running]:
    """Both sides of the component looked at as the check does it."""
    world = World().add(*workloads)
    looking = recording(world)
    for key in (PRODUCED, STAGED):
        PipelineImageKind().observe(ENTRY, sides(), key.side, looking.part(key), NOW)
    return {each.key: each for each in rollouts(looking.parts, ENVIRONMENTS)}


def test_what_staging_s_facts_are_told_by_is_no_workload_of_staging() -> None:
    found = observed(features(PRODUCTION), features(STAGING, "features-staging"))

    assert list(found[PRODUCED].revisions) == ["Deployment features"]
    assert list(found[STAGED].revisions) == ["Deployment features-staging"]


def test_a_rollout_in_production_is_none_in_staging() -> None:
    staging = features(STAGING, "features-staging")
    before = observed(features(PRODUCTION, revision="1"), staging)
    after = observed(features(PRODUCTION, revision="2"), staging)

    assert before[PRODUCED].revisions != after[PRODUCED].revisions
    assert before[STAGED] == after[STAGED]


@pytest.mark.parametrize(
    ("kind", "ready", "over"),
    [("Deployment", True, True), ("Deployment", False, False), ("CronJob", False, True)],
)
def test_a_rollout_is_over_when_its_pods_are_ready_or_have_run_to_their_end(
    kind: WorkloadKind, ready: bool, over: bool
) -> None:
    one = workload("features", PRODUCTION, kind, pods=(pod(ready=ready),))
    world = World().add(replace(one, revision="1"))
    looking = recording(world)
    looking.part(PRODUCED).get(WorkloadSubject(OWN, kind, PRODUCTION, "features"))

    (found,) = rollouts(looking.parts, ENVIRONMENTS)
    assert found.over is over


def test_a_template_that_finds_its_former_pods_is_dated_by_its_rollout_and_not_by_theirs() -> None:
    """As after ``kubectl rollout undo`` of a rollout that had not replaced them."""
    undone = replace(features(PRODUCTION, revision="3"), rolled=NOW - 5)

    found = observed(undone)

    assert undone.pods[0].started == NOW - 3600
    assert found[PRODUCED].at == NOW - 5


def test_a_workload_whose_revision_is_not_known_is_not_told_of() -> None:
    assert observed(features(PRODUCTION, revision="")) == {}


def test_an_alias_that_leads_to_another_index_is_a_deploy_of_its_side() -> None:
    world = serve(indexes(), "staging", index("products-6", mark=mark(at=NOW - 1000)))
    looking = recording(world)
    for key in (PRODUCED, STAGED):
        INDEX.observe(index_entry(), INDEX_SIDES, key.side, looking.part(key), NOW)

    found = {each.key: each for each in rollouts(looking.parts, ENVIRONMENTS)}

    assert found[PRODUCED].revisions == {"alias products": "products-7"}
    staged = Running(STAGED, {"alias products": "products-6"}, NOW - 1000, True, seen=NOW - 5)
    assert found[STAGED] == staged
