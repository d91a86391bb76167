"""Which image a workload really runs, and how staging gets production's."""

from dataclasses import replace

import pytest

from stagingmirror.drift.facts import Absent, Seen, Unseen
from stagingmirror.drift.verdict import Drifted, InSync
from stagingmirror.sources.kubernetes.subjects import Workload, WorkloadField
from support.kinds.builders import (
    DIGEST_A,
    DIGEST_B,
    DIGEST_C,
    PRODUCTION,
    STAGING,
    World,
    container,
    entry_of,
    environment,
    pod,
    sides,
)
from support.kinds.features import IMAGE, KIND, entry, features, look, plan, verdict


def test_the_digest_is_what_the_node_reports_and_the_repository_only_told() -> None:
    seen = look(World().add(features(PRODUCTION)))

    assert isinstance(seen, Seen)
    assert (seen.facts["digest"].value, seen.facts["digest"].declared) == (DIGEST_A, False)
    assert seen.facts["repository"].value == "registry.example/features"
    assert {name for name, fact in seen.facts.items() if fact.compared} == {"digest"}


def test_an_image_without_a_digest_is_a_finding_since_it_can_change_under_its_name() -> None:
    seen = look(World().add(features(PRODUCTION)))

    assert isinstance(seen, Seen)
    assert "without a digest" in seen.findings[0]


def test_a_pinned_image_is_no_finding() -> None:
    seen = look(World().add(features(PRODUCTION, f"{IMAGE}@{DIGEST_A}")))

    assert isinstance(seen, Seen)
    assert seen.findings == ()


def test_what_runs_counts_even_where_the_template_says_otherwise() -> None:
    template, running = container(f"{IMAGE}@{DIGEST_B}"), container(f"{IMAGE}@{DIGEST_A}")
    odd = features(PRODUCTION, containers={"app": template}, pods=(pod(running),))

    seen = look(World().add(odd))

    assert isinstance(seen, Seen)
    assert seen.facts["digest"].value == DIGEST_A


def test_settled_pods_that_run_different_images_are_no_rollout_and_come_with_the_remedy() -> None:
    seen = look(World().add(features(PRODUCTION, reported=(DIGEST_A, DIGEST_B))))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "PodsDiffer"
    assert "pushed again" in seen.why.message
    assert "Pin it by digest" in seen.why.message
    assert DIGEST_A in seen.why.message
    assert DIGEST_B in seen.why.message


def test_pods_pinned_to_one_digest_run_one_image_whatever_their_nodes_report() -> None:
    pinned = features(PRODUCTION, f"{IMAGE}@{DIGEST_C}", reported=(DIGEST_A, DIGEST_B))

    seen = look(World().add(pinned))

    assert isinstance(seen, Seen)
    assert seen.facts["digest"].value == DIGEST_C


def test_a_rollout_underway_is_no_answer() -> None:
    seen = look(World().add(features(PRODUCTION, rolling_out=True)))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "RollingOut"


def test_no_pod_at_all_and_pinned_counts_as_declared() -> None:
    seen = look(World().add(features(PRODUCTION, f"{IMAGE}@{DIGEST_A}", reported=())))

    assert isinstance(seen, Seen)
    assert seen.facts["digest"].declared


def test_a_workload_that_wants_no_pods_is_said_to_prove_nothing() -> None:
    idle = replace(features(PRODUCTION, f"{IMAGE}@{DIGEST_A}", reported=()), no_pods="replicas: 0")

    seen = look(World().add(idle))

    assert isinstance(seen, Seen)
    assert seen.facts["digest"].declared
    assert any("replicas: 0" in finding for finding in seen.findings)


def test_by_tag_it_is_said_why_there_is_no_pod() -> None:
    idle = replace(features(PRODUCTION, reported=()), no_pods="it keeps no Job; keep one")

    seen = look(World().add(idle))

    assert isinstance(seen, Unseen)
    # A screen has a line for each part: none begins inside a parenthesis.
    assert seen.why.message.split("; ")[1:] == ["it keeps no Job", "keep one."]


@pytest.mark.parametrize(
    "nothing",
    [
        features(PRODUCTION, reported=()),
        features(PRODUCTION, reported=(None,)),
        features(PRODUCTION, f"{IMAGE}@{DIGEST_A}", pods=(pod(ready=False),)),
    ],
)
def test_nothing_that_runs_is_no_answer(nothing: Workload) -> None:
    seen = look(World().add(nothing))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NothingRuns"


@pytest.mark.parametrize(
    ("there", "what"),
    [
        ([], "Deployment ml-prod/features"),
        (
            [features(PRODUCTION, containers={})],
            "container app of Deployment ml-prod/features",
        ),
    ],
)
def test_what_is_missing_is_named(there: list[Workload], what: str) -> None:
    seen = look(World().add(*there))

    assert isinstance(seen, Absent)
    assert seen.what == what


@pytest.mark.parametrize(
    ("production", "staging"),
    [
        (features(PRODUCTION), features(STAGING, "mirror.example/features:x")),
        # pinned to what production only reports, and the node names yet another manifest
        (features(PRODUCTION), features(STAGING, f"{IMAGE}@{DIGEST_A}", reported=(DIGEST_B,))),
        # production is pinned, staging only reports the same
        (
            features(PRODUCTION, f"{IMAGE}@{DIGEST_A}", reported=(DIGEST_B,)),
            features(STAGING, reported=(DIGEST_B,)),
        ),
        (
            features(PRODUCTION, f"{IMAGE}@{DIGEST_C}", reported=(DIGEST_A,)),
            features(STAGING, f"{IMAGE}@{DIGEST_C}", reported=(DIGEST_B,)),
        ),
    ],
)
def test_one_digest_in_common_is_one_image(production: Workload, staging: Workload) -> None:
    world = World().add(production, staging)

    assert verdict(world) == InSync(1)
    assert plan(world) == ()


def test_the_same_tag_with_other_bytes_is_drift() -> None:
    world = World().add(features(PRODUCTION), features(STAGING, reported=(DIGEST_B,)))

    judged = verdict(world)

    assert isinstance(judged, Drifted)
    (difference,) = judged.differences
    assert (difference.fact, difference.production, difference.staging) == (
        "digest",
        DIGEST_A,
        DIGEST_B,
    )


def test_an_image_that_was_never_pulled_is_not_compared_with_a_registrys_digest() -> None:
    local = features(STAGING, pods=(pod(container(IMAGE)),))
    object.__setattr__(local.pods[0], "image_ids", {"app": DIGEST_B})

    seen = look(World().add(features(PRODUCTION), local), "staging")

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotComparable"


def test_one_workload_cannot_be_both_sides() -> None:
    shared = sides(staging=environment("Staging", namespaces=[STAGING, PRODUCTION]))
    both = type(shared)(
        shared.production,
        type(shared.staging)("staging", "staging", shared.staging.spec, PRODUCTION),
        shared.mirror,
    )

    why = KIND.problems(entry(), both, World())

    assert why is not None
    assert why.reason == "SameThing"


def test_a_namespace_that_the_environment_does_not_list_is_refused() -> None:
    given = entry_of(
        pipelineImage={
            "production": {
                "kind": "Deployment",
                "name": "features",
                "container": "app",
                "namespace": "kube-system",
            }
        }
    )

    why = KIND.problems(given, sides(), World())

    assert why is not None
    assert why.reason == "NamespaceNotListed"
    assert "kube-system" in why.message


def test_it_writes_the_image_of_stagings_container_only() -> None:
    (write,) = KIND.writes(entry(), sides())

    assert write == WorkloadField("Deployment", STAGING, "features", "image of app")
    assert KIND.production_places(entry(), sides()) == frozenset()
