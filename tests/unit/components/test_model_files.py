"""A model in an object store: what pods load of it, and what nobody can tell."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.api.spec.environment import ContentReading
from stagingmirror.component import Sides
from stagingmirror.drift.facts import Absent, Seen, Unseen, Why
from stagingmirror.drift.verdict import Drifted, InSync, Unknown
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.kubernetes.subjects import Variable
from stagingmirror.sources.kubernetes.write.field_patch import SetVariable
from stagingmirror.sources.objectstore.subjects import FolderSubject, StoredFolder
from support.kinds.builders import NOW, PRODUCTION, STAGING, World, content, environment, sides
from support.objectstore.ranker import (
    BATCH,
    ELEVEN,
    KIND,
    LOADED_BY,
    OURS,
    SIDES,
    TWELVE,
    entry,
    keep,
    look,
    ranker,
    rankers,
    store,
    uri,
    verdict,
)


def seen(world: World, role: str = "production", given: object = None) -> Seen:
    found = look(world, role, given)
    assert isinstance(found, Seen), found
    return found


def why(world: World, role: str = "production", given: object = None) -> Why:
    found = look(world, role, given)
    assert isinstance(found, Unseen), found
    return found.why


def test_equal_bytes_in_two_stores_are_in_sync_whatever_the_folders_are_called() -> None:
    assert isinstance(verdict(rankers()), InSync)


def test_other_bytes_are_drift_and_the_file_is_named() -> None:
    judged = verdict(rankers(ELEVEN))

    assert isinstance(judged, Drifted)
    facts = {each.fact for each in judged.differences}
    assert "contentHash" in facts
    assert "uri" not in facts


def test_what_is_shown_of_a_side() -> None:
    shown = {name: fact.value for name, fact in seen(rankers()).facts.items()}

    assert shown["uri"] == uri("production", "12")
    assert (shown["files"], shown["size"]) == ("2", "8 bytes")


def test_files_written_after_the_pod_was_started_prove_nothing_and_are_a_finding() -> None:
    world = rankers(written=NOW - 50)

    staging = seen(world, "staging")

    assert staging.facts["contentHash"].declared
    assert any("restart it" in each for each in staging.findings)


@pytest.mark.parametrize("side", ["production", "staging"])
@pytest.mark.parametrize(
    ("written", "reason"), [(-50, "NotYetRunning"), (-95, "ClockSkew"), (-125, "ClockSkew")]
)
def test_equal_bytes_that_a_pod_may_not_hold_are_not_in_sync(
    side: str, written: int, reason: str
) -> None:
    """Pods were started 100 s ago."""
    number = {"production": "12", "staging": "3"}[side]
    world = keep(rankers(), side, number, TWELVE, written=NOW + written)

    judged = verdict(world)

    assert isinstance(judged, Unknown)
    assert (judged.side, judged.why.reason) == (side, reason)
    assert "restart it" in judged.why.message


def test_other_bytes_are_drift_though_a_pod_may_not_hold_them() -> None:
    assert isinstance(verdict(rankers(ELEVEN, written=NOW - 50)), Drifted)


def test_files_written_long_before_the_pod_was_started_are_what_it_loaded() -> None:
    staging = seen(rankers(written=NOW - 500), "staging")

    assert not staging.facts["contentHash"].declared
    assert staging.findings == ()


def test_bytes_that_were_seen_to_change_after_the_start_are_a_finding_too() -> None:
    world = rankers()
    subject = FolderSubject("staging", uri("staging", "3"))
    folder = world.others[subject]
    changed = replace(folder.content, changed=NOW - 20)
    world.put(subject, StoredFolder(folder.uri, changed, folder.written))

    assert seen(world, "staging").facts["contentHash"].declared


def test_another_workload_of_staging_that_loads_another_folder_is_drift() -> None:
    world = rankers().add(
        ranker(PRODUCTION, uri("production", "12"), name="batch"),
        ranker(STAGING, uri("staging", "2"), name="batch"),
    )

    judged = verdict(world, entry(BATCH))

    assert isinstance(judged, Drifted)
    assert [each.fact for each in judged.differences] == ["loadedBy.Deployment/batch"]


def test_workloads_of_production_that_load_two_folders_cannot_be_followed() -> None:
    world = rankers().add(ranker(PRODUCTION, uri("production", "11"), name="batch"))

    assert why(world, given=entry(BATCH)).reason == "VersionsDiffer"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("hf://org/model", "ArtifactsNotReadable"),
        ("hf://models/ranker/12", "ArtifactsNotReadable"),
        ("/mnt/models", "ArtifactsNotReadable"),
        ("s3://production/models/ranker/../secret", "ArtifactsNotReadable"),
        ("s3://production/models/other/hush", "NotOffered"),
        ("s3://production/hush", "NotOffered"),
        ("s3://hush/models/ranker/12", "NotOffered"),
        ("s3://production/models", "NotOffered"),
        ("postgres://hush@db", "ArtifactsNotReadable"),
        (Variable(None, "secretKeyRef"), "NotComparable"),
    ],
)
def test_what_is_not_offered_is_not_read_and_not_shown(value: str | Variable, reason: str) -> None:
    found = why(rankers().add(ranker(PRODUCTION, value)))

    assert found.reason == reason
    assert "hush" not in found.message


def test_a_folder_whose_name_is_made_from_a_variable_that_is_not_offered_is_not_shown() -> None:
    value = Variable(uri("production", "12"), made_from=frozenset({"DB_PASSWORD"}))
    bare = environment(objectStores=[store("production")], comparable={})
    around = sides(bare, SIDES.staging.spec)

    found = look(rankers().add(ranker(PRODUCTION, value)), around=around)

    assert isinstance(found, Unseen)
    assert found.why.reason in ("NotOffered", "NotReadable")


def test_a_folder_without_files_is_absent() -> None:
    world = rankers()
    del world.others[FolderSubject("staging", uri("staging", "3"))]

    found = look(world, "staging")

    assert isinstance(found, Absent)
    assert uri("staging", "3") in found.what


def test_bytes_that_are_not_read_yet_are_no_hash() -> None:
    world = rankers()
    where = uri("production", "12")
    reading = Unseen(Why("ReadingBytes", "the model's bytes are being read: 30 %"), NOW)
    world.put(FolderSubject("production", where), StoredFolder(where, reading))

    assert why(world).reason == "ReadingBytes"


def plan(world: World, given: Any = None, around: Sides = SIDES) -> tuple[Any, ...]:
    staging = look(world, "staging", given, around)
    return KIND.plan(given or entry(), around, seen(world, given=given), staging, world)


def test_a_refresh_copies_into_a_folder_named_by_the_hash_and_sets_the_variable() -> None:
    copy, patch = plan(rankers(ELEVEN))

    digest = seen(rankers()).facts["contentHash"].value.removeprefix("sha256:")
    assert copy.from_uri == uri("production", "12")
    assert copy.to_uri == f"s3://staging/models/ml-staging/mirror/component/{digest[:12]}"
    assert copy.tree_hash == seen(rankers()).facts["contentHash"].value
    assert patch.fields == (SetVariable("server", "MODEL_URI", copy.to_uri),)
    assert (patch.namespace, patch.name) == (STAGING, "ranker")


def test_a_workload_that_loads_another_folder_follows_the_first_without_a_copy() -> None:
    world = rankers().add(
        ranker(PRODUCTION, uri("production", "12"), name="batch"),
        ranker(STAGING, uri("staging", "2"), name="batch"),
    )

    (patch,) = plan(world, entry(BATCH))

    assert patch.name == "batch"
    assert patch.fields == (SetVariable("server", "MODEL_URI", uri("staging", "3")),)


def test_without_a_store_it_is_only_reported_and_says_why() -> None:
    given = entry(store=None)
    refusal = KIND.refusal(given, SIDES)

    with pytest.raises(CannotRefresh) as raised:
        plan(rankers(ELEVEN), given)
    assert refusal is not None
    assert raised.value.reason == refusal.reason == "NoStore"
    assert KIND.writes(given, SIDES) == frozenset()
    assert given.mode == "Report"
    assert entry().mode == "Refresh"


@pytest.mark.parametrize(
    "stores",
    [
        [store("staging", "ranker/*")],
        [store("staging", "ranker/*", OURS) | {"name": "other"}],
        [
            store("staging", "ranker/*", OURS),
            {"name": "longer", "url": "s3://staging/models/ml-staging"},
        ],
    ],
)
def test_a_store_that_does_not_offer_the_copies_folder_is_not_written(stores: list[Any]) -> None:
    around = sides(SIDES.production.spec, environment("Staging", objectStores=stores))
    refusal = KIND.refusal(entry(), around)

    assert refusal is not None
    assert "ml-staging/mirror/component/*" in refusal.message
    with pytest.raises(CannotRefresh):
        plan(rankers(ELEVEN), around=around)


def test_what_is_copied_must_fit_into_what_staging_reads() -> None:
    small = SIDES.staging.spec.model_copy(update={"content": ContentReading(max_bytes="1")})

    with pytest.raises(CannotRefresh) as raised:
        plan(rankers(ELEVEN), around=sides(SIDES.production.spec, small))

    assert raised.value.reason == "TooLarge"


def test_names_of_staging_are_its_own() -> None:
    own = {**LOADED_BY, "name": "ranker-staging"}
    world = rankers().add(ranker(STAGING, uri("staging", "4"), name="ranker-staging"))
    keep(world, "staging", "4", TWELVE)

    assert seen(world, "staging", entry(loadedBy=[own])).facts["uri"].value == uri("staging", "4")


@pytest.mark.parametrize(("days", "said"), [(0.9, False), (3.5, True)])
def test_bytes_that_were_read_days_ago_are_said_to_be_so_and_no_difference(
    days: float, said: bool
) -> None:
    world = rankers()
    for side, number in (("production", "12"), ("staging", "3")):
        where = uri(side, number)
        read = replace(content(TWELVE), read=NOW - days * 86_400, root=where)
        world.put(FolderSubject(side, where), StoredFolder(where, read, NOW - 9000))

    found = look(world)

    assert isinstance(found, Seen)
    assert any("3 d ago" in each for each in found.findings) == said
    assert isinstance(verdict(world), InSync)
