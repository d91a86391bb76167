"""How staging gets production's image."""

import pytest

from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.drift.facts import Absent, Seen
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.kubernetes.write.field_patch import SetImage
from support.kinds.builders import (
    DIGEST_A,
    DIGEST_B,
    NOW,
    PRODUCTION,
    STAGING,
    World,
    container,
    pod,
    sides,
    workload,
)
from support.kinds.features import IMAGE, KIND, entry, features, look, plan


def test_staging_is_pinned_to_productions_digest_with_its_tag_still_readable() -> None:
    world = World().add(features(PRODUCTION), features(STAGING, reported=(DIGEST_B,)))

    (step,) = plan(world)

    assert isinstance(step, PatchWorkload)
    assert (step.kind, step.namespace, step.name) == ("Deployment", STAGING, "features")
    assert step.fields == (SetImage("app", f"registry.example/features:1.0@{DIGEST_A}"),)


def test_staging_keeps_pulling_from_its_own_repository() -> None:
    world = World().add(features(PRODUCTION), features(STAGING, reported=(DIGEST_B,)))

    (step,) = plan(world, entry(repository="registry.staging.example/features"))

    assert isinstance(step, PatchWorkload)
    (write,) = step.fields
    assert write == SetImage("app", f"registry.staging.example/features:1.0@{DIGEST_A}")


def test_staging_may_call_the_workload_and_the_container_otherwise() -> None:
    given = entry(kind="StatefulSet", name="pipeline", container="main")
    theirs = workload(
        "pipeline",
        STAGING,
        "StatefulSet",
        containers={"main": container()},
        pods=(pod(container(), name="main", digest=DIGEST_B),),
    )

    (step,) = plan(World().add(features(PRODUCTION), theirs), given)

    assert isinstance(step, PatchWorkload)
    assert (step.kind, step.name) == ("StatefulSet", "pipeline")
    assert isinstance(step.fields[0], SetImage)
    assert step.fields[0].container == "main"


def test_a_refresh_does_not_make_a_workload() -> None:
    with pytest.raises(CannotRefresh) as refused:
        plan(World().add(features(PRODUCTION)))

    assert refused.value.reason == "NotThere"


def test_staging_that_was_not_seen_is_left_alone() -> None:
    with pytest.raises(CannotRefresh) as refused:
        plan(World().add(features(PRODUCTION), features(STAGING, rolling_out=True)))

    assert refused.value.reason == "RollingOut"


def test_an_image_that_no_registry_has_cannot_be_followed() -> None:
    local = features(PRODUCTION, pods=(pod(container(IMAGE)),))
    object.__setattr__(local.pods[0], "image_ids", {"app": DIGEST_B})
    world = World().add(local, workload(namespace=STAGING, containers={"app": container()}))

    production = look(world)
    assert isinstance(production, Seen)
    with pytest.raises(CannotRefresh) as refused:
        KIND.plan(entry(), sides(), production, Absent("it", NOW), world)

    assert refused.value.reason == "NotComparable"
